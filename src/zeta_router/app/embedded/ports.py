"""Keep a loopback port for an engine, from before it starts until after it has been restarted.

Asking for a free port and closing it again lets anybody take it: another fleet starting at the
same time, or, while a crashed engine is down, an outgoing connection of the gateway itself (the
kernel gives those the same port range). So the port stays bound here, silently: a bound socket that
never listens does not answer, and with SO_REUSEADDR on both sides Linux lets the engine bind and
listen on the same port, while it hands that port to nobody else.
"""

from __future__ import annotations

import socket
import sys

LOOPBACK = "127.0.0.1"


class ReservedPort:
    """A free loopback port that stays ours until `release`."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind((LOOPBACK, 0))
        self.number: int = self._socket.getsockname()[1]
        if sys.platform == "linux":
            # Set after bind: before it, two fleets could be given the same port.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            self._socket.close()

    def release(self) -> None:
        """Give the port back; harmless when called twice."""
        self._socket.close()
