"""API keys from `zeta key` to a served query, and no open door by accident."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from support.asking import ask
from support.faulty import faulty
from support.process import ZETA, configured

QUERY = {"model": "m", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}


def made_key(*arguments: str) -> tuple[str, dict[str, object]]:
    """A key and its entry, as `zeta key` prints them."""
    done = subprocess.run(
        [*ZETA, "key", *arguments, "--json"], capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout)
    return said["key"], said["entry"]


def document(url: str, **more: object) -> str:
    tasks = {"simple": 0.7, "code": 0.7, "reasoning": 0.7}
    engine = {"id": "a", "url": url, "model": "m", "upstream_model": "good", "engine": "openai"}
    return json.dumps({"models": {"m": {"tasks": tasks}}, "endpoints": [engine], **more})


def test_a_key_opens_the_door_that_it_was_made_for(tmp_path: Path) -> None:
    alice, for_alice = made_key("alice")
    root, for_root = made_key("root", "--scope", "admin", "--scope", "query")
    with faulty("good") as engines:
        text = document(engines.url("good"), keys=[for_alice, for_root])
        with configured(tmp_path, text) as zeta:
            chat, drain = (
                f"{zeta.url}/v1/chat/completions",
                f"{zeta.url}/zeta/endpoints/a/drain",
            )
            by_alice = {"authorization": f"Bearer {alice}"}
            by_root = {"authorization": f"Bearer {root}"}
            assert ask(chat, QUERY).status == 401
            assert ask(chat, QUERY, headers=by_alice).status == 200
            assert ask(drain, {}, headers=by_alice).status == 403
            assert ask(drain, {}, headers=by_root).status == 200
            assert ask(f"{zeta.url}/metrics").status == 401
            assert ask(f"{zeta.url}/health").status == 200
            zeta.stop()
            kept = (tmp_path / "zeta.db").read_bytes() + "".join(zeta.lines).encode()
            assert b"alice" in kept
            assert alice.encode() not in kept, "the key itself is written nowhere"


def test_an_address_that_others_can_reach_needs_keys(tmp_path: Path) -> None:
    (tmp_path / "zeta.yaml").write_text(document("http://127.0.0.1:9"))
    done = subprocess.run(
        [*ZETA, "serve", "--listen", "0.0.0.0:0"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "there are no keys" in done.stderr
    assert "zeta key NAME" in done.stderr
