"""The connections to one address: those that are busy, and those that wait for a request."""

from __future__ import annotations

from collections.abc import Callable

from zeta_router.gateway.lean.bounds import Bounds
from zeta_router.gateway.lean.connection import Connection
from zeta_router.gateway.lean.target import Target


class Pool:
    """Connections to `target`. The one that was used last is taken first, so others grow old.

    Attributes:
        connecting: Connections on their way.

    Args:
        target: The address.
        bounds: How many may be idle, and for how long.
        on_lost: Called after a connection is closed.
    """

    def __init__(self, target: Target, bounds: Bounds, on_lost: Callable[[], None]) -> None:
        self.target = target
        self.connecting = 0
        self._most_idle = bounds.idle_connections
        self._on_lost = on_lost
        self._idle: dict[Connection, None] = {}
        self._open: set[Connection] = set()

    @property
    def open(self) -> int:
        """Connections that are not closed yet."""
        return len(self._open)

    @property
    def idle(self) -> int:
        """Connections that wait for a request."""
        return len(self._idle)

    def taken(self, now_s: float) -> Connection | None:
        """An idle connection that may take a request; None when there is none."""
        while self._idle:
            connection, _ = self._idle.popitem()
            if connection.usable(now_s):
                return connection
            connection.drop()
        return None

    def look(self, now_s: float) -> None:
        """Close what has been idle or silent for too long."""
        for connection in list(self._open):
            connection.look(now_s)

    def drop(self) -> None:
        """Close everything."""
        for connection in list(self._open):
            connection.abandon()

    def add(self, connection: Connection) -> None:
        """Take over a connection that is open.

        Not before the client has it: a loop that gives up connecting need not say that it is lost.
        """
        if not connection.closed:
            self._open.add(connection)

    def give(self, connection: Connection) -> None:
        """It may take another request."""
        if len(self._idle) < self._most_idle:
            self._idle[connection] = None
        else:
            connection.drop()

    def withdraw(self, connection: Connection) -> None:
        """It may not, even if it waits for one."""
        self._idle.pop(connection, None)

    def lost(self, connection: Connection) -> None:
        """It is closed."""
        self._idle.pop(connection, None)
        self._open.discard(connection)
        self._on_lost()
