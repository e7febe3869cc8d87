"""Traces around relay and upstream client, for gateways that make them.

What is not traced goes through neither of these, so that tracing costs nothing where it is off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from aiohttp import web

from zeta_router.core.fleet import Endpoint
from zeta_router.core.query import Operation
from zeta_router.gateway.upstream import Answer, Upstream


class Spans(Protocol):
    """What is needed of tracing here."""

    def serving(self, headers: Mapping[str, str]) -> None:
        """The running task serves a request with these headers."""

    def sends(self) -> dict[str, str]:
        """Headers for the engine that this task calls."""


class Serves(Protocol):
    """A relay."""

    async def serve(
        self, request: web.Request, operation: Operation, raw: bytes
    ) -> web.StreamResponse:
        """Answer one request."""


class TracedRelay:
    """A relay whose requests' own `traceparent` is honoured."""

    def __init__(self, relay: Serves, spans: Spans) -> None:
        self._relay = relay
        self._spans = spans

    async def serve(
        self, request: web.Request, operation: Operation, raw: bytes
    ) -> web.StreamResponse:
        """See `Relay.serve`."""
        self._spans.serving(request.headers)
        return await self._relay.serve(request, operation, raw)


class TracedUpstream:
    """A client that tells each engine which attempt its work belongs to."""

    def __init__(self, upstream: Upstream, spans: Spans) -> None:
        self._upstream = upstream
        self._spans = spans

    async def send(
        self, endpoint: Endpoint, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """See `Upstream.send`."""
        ours = self._spans.sends()
        if ours:
            kept = {name: value for name, value in headers.items() if name not in _TRACE_HEADERS}
            headers = {**kept, **ours}
        return await self._upstream.send(endpoint, path, headers, body)


_TRACE_HEADERS = frozenset({"traceparent", "tracestate"})
"""Replaced as a pair: a state belongs to the span that its parent names."""
