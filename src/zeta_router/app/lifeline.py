"""Tie an engine's life to its supervisor's, so that nothing outlives the gateway.

Two independent ropes, because each has a gap. The kernel kills the child when the parent's thread
dies (PR_SET_PDEATHSIG), even while native code holds the interpreter; but that is Linux only. The
pipe on stdin reads end-of-file as soon as every copy of its other end is closed, whatever the
parent died of; but its reader needs the interpreter lock to act.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading

SUPERVISOR_PID = "ZETA_SUPERVISOR_PID"
"""Environment variable in which a supervisor gives its process id to its children."""

_PR_SET_PDEATHSIG = 1
_STDIN = 0
_READ_BYTES = 64


def tie_to_supervisor() -> bool:
    """Exit this process as soon as its supervisor is gone; False when nobody supervises it.

    Call it first thing in the child, before anything slow is imported. Started by hand (without
    `SUPERVISOR_PID`) a program stays untied and runs until it is stopped.
    """
    supervisor_pid = os.environ.get(SUPERVISOR_PID)
    if supervisor_pid is None:
        return False
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(supervisor_pid):  # it died before the kernel was asked
        os._exit(0)
    threading.Thread(target=_exit_at_end_of_file, name="lifeline", daemon=True).start()
    return True


def _exit_at_end_of_file() -> None:
    while os.read(_STDIN, _READ_BYTES):
        pass
    os._exit(0)
