"""`zeta doctor` over real engines: silent where all is well, exact where it is not."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.asking import ask
from support.process import ZETA, Zeta, eventually

pytestmark = pytest.mark.engines

FLEET = """
listen: 127.0.0.1:0
models:
  small-4b: {{tasks: {{simple: 0.6, code: 0.4, reasoning: 0.3}}, context_tokens: {context}}}
  embedder-4b: {{tasks: {{embedding: 1.0}}, embedding_space: e5}}
endpoints:
  - {{id: s, url: "{small}", model: small-4b, engine: {engine}, slots: {slots}}}
  - {{id: e, url: "{embedder}", model: embedder-4b, slots: 2}}
"""

EMULATED = """
listen: 127.0.0.1:0
models:
  v: {{tasks: {{simple: 0.6, code: 0.4, reasoning: 0.3}}}}
endpoints:
  - {{id: v, url: "http://127.0.0.1:{port}", model: v, engine: vllm,
     simulate: {{prefill_tokens_per_s: 9000, step_s: 0.01, step_per_seq_s: 0.001, slots: 8}}}}
"""

BLIND = """
import sys
from pathlib import Path
from zeta_router.app.embedded.llama import LlamaSettings, _parameters
from zeta_router.app.embedded.packages import smollm2_path
from xllamacpp import Server
parameters = _parameters(LlamaSettings("blind", smollm2_path(), int(sys.argv[1]), 2, 512))
parameters.endpoint_metrics = False
server = Server(parameters)
sys.stdin.read()
"""


def findings(folder: Path, yaml: str) -> dict[str, dict[str, Any]]:
    (folder / "zeta.yaml").write_text(yaml, encoding="utf-8")
    done = subprocess.run(
        [*ZETA, "doctor", "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.stdout, done.stderr
    found = {each["code"]: each for each in json.loads(done.stdout)["findings"]}
    warned = any(each["severity"] != "note" for each in found.values())
    assert done.returncode == (1 if warned else 0)
    return found


def test_a_sound_fleet_of_real_engines_is_clean(engines: dict[str, str], tmp_path: Path) -> None:
    text = FLEET.format(
        small=engines["small-4b"],
        embedder=engines["embedder-4b"],
        engine="auto",
        slots="auto",
        context=2048,
    )
    assert findings(tmp_path, text) == {}


def test_every_mistake_about_real_engines_is_found(engines: dict[str, str], tmp_path: Path) -> None:
    text = FLEET.format(
        small=engines["small-4b"],
        embedder=engines["coder-7b"],
        engine="vllm",
        slots=9,
        context=8192,
    )
    found = findings(tmp_path, text)
    assert set(found) == {
        "other_engine",
        "slots_above_engine",
        "context_above_engine",
        "model_not_served",
    }
    assert "engine: llamacpp" in found["other_engine"]["mend"]
    assert "--parallel 9" in found["slots_above_engine"]["mend"]
    assert "context_tokens: 2048" in found["context_above_engine"]["mend"]
    assert "upstream_model: coder-7b" in found["model_not_served"]["mend"]


@contextlib.contextmanager
def blind_llama(port: int) -> Iterator[str]:
    """A real llama.cpp that was started without ``--metrics``."""
    process = subprocess.Popen([sys.executable, "-c", BLIND, str(port)], stdin=subprocess.PIPE)
    url = f"http://127.0.0.1:{port}"
    try:
        assert eventually(lambda: answers(url), 60)
        yield url
    finally:
        process.kill()
        process.communicate(timeout=20)


@contextlib.contextmanager
def emulated(folder: Path, port: int) -> Iterator[str]:
    """`zeta emulate`, which speaks as vLLM does."""
    (folder / "emulated.yaml").write_text(EMULATED.format(port=port), encoding="utf-8")
    process = subprocess.Popen(
        [*ZETA, "emulate", "--fleet", "emulated.yaml", "--endpoint", "v"],
        cwd=folder,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert eventually(lambda: answers(f"http://127.0.0.1:{port}"), 30)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def answers(url: str) -> bool:
    try:
        return ask(f"{url}/health").status == 200
    except OSError:
        return False


def test_a_real_llama_cpp_without_metrics(embedded: Zeta, tmp_path: Path) -> None:
    with blind_llama(free_port()) as url:
        text = FLEET.replace("small-4b", "blind").format(
            small=url, embedder="http://127.0.0.1:9", engine="auto", slots="auto", context=512
        )
        found = findings(tmp_path, text)
    assert set(found) == {"metrics_missing", "unreachable", "no_capable_model"}
    assert "`--metrics`" in found["metrics_missing"]["mend"]
    assert "zeta.yaml:7" in found["metrics_missing"]["where"]


def test_an_emulated_vllm_does_not_tell_its_slots(tmp_path: Path) -> None:
    port = free_port()
    with emulated(tmp_path, port):
        found = findings(tmp_path, EMULATED.format(port=port))
        assert set(found) == {"slots_unknown"}
        assert "--max-num-seqs" in found["slots_unknown"]["mend"]
        sound = EMULATED.format(port=port).replace("simulate", "slots: 8, simulate")
        assert findings(tmp_path, sound) == {}
        wrong = sound.replace("engine: vllm", "engine: llamacpp")
        assert set(findings(tmp_path, wrong)) == {"other_engine"}


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
