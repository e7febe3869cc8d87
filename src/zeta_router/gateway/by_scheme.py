"""Two clients for engines as one: each endpoint is reached by the one that its URL needs."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any

from zeta_router.core.fleet import Endpoint
from zeta_router.gateway.upstream import Answer, Upstream


class ByScheme:
    """Sends to ``http://`` by one client and to everything else by another one.

    Args:
        plain: For http.
        other: For https.
    """

    def __init__(self, plain: Upstream, other: Upstream) -> None:
        self._plain = plain
        self._other = other

    def send(
        self, endpoint: Endpoint, path: str, headers: Mapping[str, str], body: bytes
    ) -> Coroutine[Any, Any, Answer]:
        """See `Upstream.send`."""
        client = self._plain if endpoint.url[:7].lower() == "http://" else self._other
        return client.send(endpoint, path, headers, body)
