"""`zeta init`: what it finds, what it writes, and what it leaves alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.told_gateway import ToldGateway, told_gateway
from zeta_router.app.cli.candidates import MORE_PORTS, candidates
from zeta_router.app.cli.init import _write
from zeta_router.core.errors import ConfigError
from zeta_router.monitor.discover import DEFAULT_CANDIDATES

ZETA = [sys.executable, "-m", "zeta_router"]


def zeta(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ZETA, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def vllm() -> Iterator[ToldGateway]:
    """A vLLM that lists a coder."""
    with told_gateway() as told:
        row = {"id": "qwen2.5-coder-7b", "owned_by": "vllm", "max_model_len": 4096}
        told.pages = {"/v1/models": {"data": [row]}, "/version": {"version": "0.9.9"}}
        yield told


@pytest.fixture
def engine(vllm: ToldGateway) -> str:
    """Its address."""
    return vllm.url


def test_it_writes_what_the_engine_says_and_check_takes_it(engine: str, tmp_path: Path) -> None:
    done = zeta(tmp_path, "init", "--url", engine)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "zeta.yaml").read_text(encoding="utf-8")
    assert "# Found: vllm 0.9.9, does not tell its slots" in text
    assert "context_tokens: 4096" in text
    assert f"url: {engine}" in text
    assert text.count("#") > 40  # every setting is explained
    assert [path.name for path in tmp_path.iterdir()] == ["zeta.yaml"]
    assert zeta(tmp_path, "check").returncode == 0
    again = zeta(tmp_path, "init", "--url", engine)
    assert again.returncode == 1
    assert "--force" in again.stderr
    assert zeta(tmp_path, "init", "--url", engine, "--force").returncode == 0


def test_print_and_json_are_data_only(engine: str, tmp_path: Path) -> None:
    printed = zeta(tmp_path, "init", "--url", engine, "--print")
    assert "qwen2.5-coder-7b" in printed.stdout
    assert not (tmp_path / "zeta.yaml").exists()
    told = json.loads(zeta(tmp_path, "init", "--url", engine, "--json").stdout)
    (one,) = [each for each in told["endpoints"] if each["url"] == engine]
    assert (one["engine"], one["context_tokens"]) == ("vllm", 4096)
    assert told["text"] == (tmp_path / "zeta.yaml").read_text(encoding="utf-8")


def test_an_address_where_nobody_is(tmp_path: Path) -> None:
    done = zeta(tmp_path, "init", "--url", "127.0.0.1:9")
    assert done.returncode == 2
    assert "no engine answers on http://127.0.0.1:9" in done.stderr
    assert not (tmp_path / "zeta.yaml").exists()


def test_an_engine_that_wants_a_key(
    vllm: ToldGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vllm.key = "s3cret"
    asked = ("init", "--url", vllm.url)
    bare = zeta(tmp_path, *asked)
    assert bare.returncode == 2
    assert f"{vllm.url} was reached, but it wants a key (HTTP 401)" in bare.stderr
    assert "--key-env NAME" in bare.stderr
    unset = zeta(tmp_path, *asked, "--key-env", "ENGINE_KEY")
    assert (unset.returncode, "'ENGINE_KEY'" in unset.stderr) == (2, True)
    monkeypatch.setenv("ENGINE_KEY", "another")
    wrong = zeta(tmp_path, *asked, "--key-env", "ENGINE_KEY")
    assert "does not take the key (HTTP 401)" in wrong.stderr
    monkeypatch.setenv("ENGINE_KEY", "s3cret")
    done = zeta(tmp_path, *asked, "--key-env", "ENGINE_KEY")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "zeta.yaml").read_text(encoding="utf-8")
    assert "\n    api_key: ${ENGINE_KEY}\n" in text
    assert "s3cret" not in text + done.stdout + done.stderr
    assert zeta(tmp_path, "check").returncode == 0


def test_a_key_is_shown_to_named_addresses_only(tmp_path: Path) -> None:
    done = zeta(tmp_path, "init", "--key-env", "PATH")
    assert done.returncode == 2
    assert "--key-env goes with --url" in done.stderr


def test_somebody_else_at_the_address(vllm: ToldGateway, tmp_path: Path) -> None:
    vllm.pages.clear()
    other = zeta(tmp_path, "init", "--url", vllm.url)
    assert other.returncode == 2
    assert "answers, but no engine with a model was recognised (HTTP 404)" in other.stderr
    with told_gateway() as gateway:
        ours = zeta(tmp_path, "init", "--url", gateway.url)
    assert ours.returncode == 2
    assert "is a gateway of this kind" in ours.stderr


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "zeta.yaml"
    file.write_text("precious", encoding="utf-8")
    with pytest.raises(ConfigError, match="exists"):
        _write(file, "new", replace=False)
    assert file.read_text(encoding="utf-8") == "precious"
    _write(file, "new", replace=True)
    assert file.read_text(encoding="utf-8") == "new"
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(ConfigError, match="cannot be written"):
        _write(tmp_path / "none" / "zeta.yaml", "new", replace=False)


@pytest.mark.parametrize(
    ("name", "value", "url"),
    [
        ("OLLAMA_HOST", "0.0.0.0:11500", "http://127.0.0.1:11500"),
        ("OLLAMA_HOST", "127.0.0.1", "http://127.0.0.1:11434"),
        ("OPENAI_BASE_URL", "http://localhost:9999/v1", "http://localhost:9999"),
        ("OPENAI_BASE_URL", "http://[::1]:9999/v1", "http://[::1]:9999"),
    ],
)
def test_what_the_environment_says(name: str, value: str, url: str) -> None:
    assert url in candidates({name: value})


@pytest.mark.parametrize("value", ["https://api.example.com/v1", "http://10.1.2.3:80", "http://["])
def test_other_machines_are_not_asked(value: str) -> None:
    assert set(candidates({"OPENAI_BASE_URL": value})) == set(candidates({}))
    usual = {*DEFAULT_CANDIDATES, *(f"http://127.0.0.1:{port}" for port in MORE_PORTS)}
    assert usual <= set(candidates({}))
