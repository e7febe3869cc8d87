"""All open connections: counted by client, and looked at once a second."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Mapping

from zeta_router.gateway.clients.connection import ClientConnection
from zeta_router.gateway.clients.limits import USUAL_CONNECTIONS, ClientLimits

REASONS = (
    "too_many_connections",
    "slow_head",
    "slow_body",
    "slow_reader",
    "header_too_large",
    "too_many_headers",
    "bad_http",
)
"""Why a client is turned away before it is a request, or cut."""


class Clients:
    """The open connections of a server.

    Args:
        look_s: Seconds between two looks, and so how late a limit may be kept.

    Attributes:
        limits: What each may cost; may be changed while serving.
        turned_away: How many were refused or cut, by why.
    """

    def __init__(self, limits: ClientLimits, look_s: float = 1.0) -> None:
        self.limits = limits
        self.turned_away: Counter[str] = Counter(dict.fromkeys(REASONS, 0))
        self._look_s = look_s
        self._open: dict[ClientConnection, tuple[asyncio.Transport, str]] = {}
        self._count: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._open)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look at the connections from here on."""
        self._timer = loop.call_later(self._look_s, self._look, loop)

    def stop(self) -> None:
        """Look no more, and end what is still open."""
        if self._timer is not None:
            self._timer.cancel()
        for transport, _ in self._open.values():
            transport.abort()

    def enter(self, connection: ClientConnection, transport: asyncio.Transport) -> bool:
        """Count a new connection; False where its client has too many."""
        client = client_of(transport.get_extra_info("peername"))
        count = self._count[client] = self._count.get(client, 0) + 1
        self._open[connection] = transport, client
        most = self.limits.connections_per_client
        if most is None:
            return not client or count <= USUAL_CONNECTIONS
        return count <= most

    def leave(self, connection: ClientConnection) -> None:
        """Forget a connection."""
        _, client = self._open.pop(connection)
        left = self._count[client] - 1
        if left:
            self._count[client] = left
        else:
            del self._count[client]

    def counts(self) -> tuple[int, Mapping[str, int]]:
        """Open connections, and how many were turned away by why."""
        return len(self), self.turned_away

    def refused(self, why: str) -> None:
        """Count a client that was turned away or cut."""
        self.turned_away[why] += 1

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now_s, limits = loop.time(), self.limits
        for connection, (transport, _) in list(self._open.items()):
            connection.look(transport, now_s, limits)
        self._timer = loop.call_later(self._look_s, self._look, loop)


def client_of(peer: object) -> str:
    """Who is behind an address; empty for this machine.

    An IPv6 client has 2^64 addresses, so its network counts as one.
    """
    if not isinstance(peer, tuple):
        return ""  # a socket of this machine's file system
    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    address = ipaddress.ip_address(str(peer[0]).partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            network = ipaddress.IPv6Network((int(address) >> 64 << 64, 64))
            return "" if address.is_loopback else str(network)
        address = address.ipv4_mapped
    return "" if address.is_loopback else str(address)
