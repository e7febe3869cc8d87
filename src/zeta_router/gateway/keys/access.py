"""What each address asks of who calls it, where there are keys."""

from __future__ import annotations

from enum import Enum

from zeta_router.gateway.relay import PATH_OF_OPERATION

_QUERIES = frozenset({*PATH_OF_OPERATION.values(), "/rerank"})


class Access(Enum):
    """Who may call a route.

    `OPEN` anybody: whether the gateway lives, what it can do, and the dashboard's empty pages.
    `QUERY` a key for queries; it counts against what the key may use. `READ` any key. `WRITE` a key
    for changing the fleet.
    """

    OPEN = "open"
    QUERY = "query"
    READ = "read"
    WRITE = "write"


def access_of(method: str, path: str) -> Access:
    """What a route asks."""
    if path in _QUERIES:
        return Access.QUERY
    if path.startswith("/zeta/") and method == "POST":
        return Access.WRITE
    if path.startswith(("/zeta/", "/v1/")) or path == "/metrics":
        return Access.READ
    return Access.OPEN
