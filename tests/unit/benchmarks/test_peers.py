"""What the gateway is measured beside is pinned, found where it is, or left out aloud."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "benchmarks" / "gateway"
LOCKED = sorted((ROOT / "requirements" / "peers").glob("*.txt"))


def asked(*names: str, kept: Path, path: str = "/nowhere") -> subprocess.CompletedProcess[str]:
    """A run of the installer that finds only the programs on `path`."""
    return subprocess.run(
        [sys.executable, str(FOLDER / "peers.py"), *names],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "BENCH_PEERS": str(kept), "PATH": path},
    )


def test_a_name_that_it_does_not_know_is_answered_with_those_it_does(tmp_path: Path) -> None:
    done = asked("wrk", "envoy", kept=tmp_path)
    assert done.returncode == 1
    assert "no such peer: envoy; known: wrk, nginx, haproxy, litellm, sglang" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_installed_is_left_out_with_the_mend(tmp_path: Path) -> None:
    done = asked("wrk", "portkey", kept=tmp_path)
    assert done.returncode == 1
    assert "wrk ... left out: apt-get: No such file" in done.stdout
    assert "install wrk by hand, so that wrk is on the PATH" in done.stdout
    assert "portkey ... left out: npm: No such file" in done.stdout
    assert "it needs Node.js 18 or newer with npm" in done.stdout
    assert "Traceback" not in done.stderr


def test_what_is_there_is_not_installed_again(tmp_path: Path) -> None:
    wrk = tmp_path / "kept" / "debian" / "usr" / "bin" / "wrk"
    wrk.parent.mkdir(parents=True)
    wrk.write_text("#!/bin/sh\n")
    wrk.chmod(0o755)
    done = asked("wrk", kept=tmp_path / "kept")
    assert (done.returncode, done.stdout) == (0, "wrk ... ready\n")


@pytest.mark.parametrize("locked", LOCKED, ids=lambda path: path.stem)
def test_every_package_has_a_version_and_a_hash(locked: Path) -> None:
    for entry in re.split(r"\n(?! )", locked.read_text().strip()):
        assert re.match(r"[\w.\-\[\]]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_the_lock_of_portkey_has_hashes_and_no_addresses() -> None:
    folder = ROOT / "requirements" / "peers" / "portkey"
    (name, version), *more = json.loads((folder / "package.json").read_text())[
        "dependencies"
    ].items()
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert more == []
    assert packages[f"node_modules/{name}"]["version"] == version
    for where, package in packages.items():
        assert "resolved" not in package, where
        assert not where or package["integrity"].startswith("sha512-"), where


def test_portkey_is_told_of_the_engines_by_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    from commands import header_of  # type: ignore[import-not-found]

    assert header_of("nginx", [1, 2]) == ""
    name, _, value = header_of("portkey", [1, 2]).partition(": ")
    assert name == "x-portkey-config"
    hosts = [target["custom_host"] for target in json.loads(value)["targets"]]
    assert hosts == ["http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"]
