"""`make observe` says what is missing before it starts anything."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def run(folder: Path, *arguments: str, prometheus: bool = True) -> subprocess.CompletedProcess[str]:
    """The program with a `prometheus` that ends at once, or none."""
    if prometheus:
        fake = folder / "prometheus"
        fake.write_text("#!/bin/sh\necho no good >&2\nexit 3\n", encoding="utf-8")
        fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    return subprocess.run(
        [sys.executable, str(ROOT / "observe" / "run.py"), *arguments],
        env={"PATH": f"{folder}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_prometheus_it_says_where_to_get_it(tmp_path: Path) -> None:
    done = run(tmp_path, prometheus=False)
    assert done.returncode == 2
    assert "prometheus is not installed" in done.stderr
    assert "apt-get install prometheus" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_address_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run(tmp_path, "--prometheus", address)
        assert done.returncode == 2
        assert f"{address} is taken" in done.stderr
        assert "make observe PROMETHEUS=" in done.stderr
        done = run(tmp_path, "--listen", address)
        assert f"{address} is taken" in done.stderr
        assert "make observe LISTEN=" in done.stderr


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "--prometheus", "9090x")
    assert (done.returncode, done.stdout) == (2, "")
    assert "127.0.0.1:9090" in done.stderr


def test_a_prometheus_that_ends_is_quoted(tmp_path: Path) -> None:
    done = run(tmp_path, "--gateway", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "prometheus ended by itself, with status 3\nno good" in done.stderr


def test_make_hands_on_what_it_is_told() -> None:
    told = subprocess.run(
        ["make", "-n", "observe", "LOAD=2", "PROMETHEUS=127.0.0.1:1", "GATEWAY=http://h"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    command = " ".join(told.replace("\\\n", " ").split())
    wanted = "observe/run.py --load 2 --prometheus 127.0.0.1:1 --gateway http://h"
    assert wanted in command
