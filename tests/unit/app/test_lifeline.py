"""A tied child ends with its supervisor, by either rope alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from zeta_router.app.lifeline import SUPERVISOR_PID, tie_to_supervisor

# The child says that it is tied, then waits for a signal that nobody sends.
TIED = (
    "from zeta_router.app.lifeline import tie_to_supervisor\n"
    "import signal\n"
    "print(tie_to_supervisor(), flush=True)\n"
    "signal.pause()\n"
)
# Starts a tied child that keeps our stdin, so only the kernel can tell it of this parent's death.
PARENT = (
    "import os, signal, subprocess, sys\n"
    f"env = {{**os.environ, '{SUPERVISOR_PID}': str(os.getpid())}}\n"
    "subprocess.Popen([sys.executable, '-c', sys.argv[1]], env=env)\n"
    "signal.pause()\n"
)
WITHIN_S = 20


def test_nobody_supervises_a_program_started_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SUPERVISOR_PID, raising=False)
    assert tie_to_supervisor() is False


def test_end_of_file_on_stdin_ends_the_child() -> None:
    environment = {**os.environ, SUPERVISOR_PID: str(os.getpid())}
    with subprocess.Popen(
        [sys.executable, "-c", TIED],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "True\n"
        assert child.poll() is None
        child.stdin.close()
        assert child.wait(WITHIN_S) == 0


def test_a_child_whose_supervisor_died_before_it_was_tied_ends_at_once() -> None:
    environment = {**os.environ, SUPERVISOR_PID: "1"}
    with subprocess.Popen(
        [sys.executable, "-c", TIED], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.wait(WITHIN_S) == 0
        assert child.stdout is not None
        assert child.stdout.read() == b""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's half is Linux only")
def test_the_kernel_ends_the_child_of_a_killed_parent_though_its_stdin_stays_open() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, TIED], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"True\n"
        parent.send_signal(signal.SIGKILL)
        # The child holds the other end of this pipe: end-of-file says that it is gone too.
        assert parent.stdout.read() == b""
