"""The HTTP server: which address does what, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import web

from zeta_router.core.query import Operation
from zeta_router.gateway.admin import Admin, Route
from zeta_router.gateway.browser.same_origin import check_body
from zeta_router.gateway.keys.access import Access, access_of
from zeta_router.gateway.keys.door import Door
from zeta_router.gateway.problems import RequestError, error_response
from zeta_router.gateway.relay import PATH_OF_OPERATION
from zeta_router.gateway.traced import Serves

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOG = logging.getLogger("zeta_router.gateway")


CLIENT_GONE = 499
"""Status of an answer that nobody reads any more; nginx's number for it."""


class More(Protocol):
    """Routes beside those of the relay and of the admin pages."""

    def routes(self) -> list[Route]:
        """Method, path and handler of each."""

    async def close(self, app: web.Application) -> None:
        """End what would go on for ever, before running answers are waited for."""


class Server:
    """The gateway's routes over a relay and the admin pages.

    Args:
        more: The dashboard, where there is one.
        door: Asks for keys; None lets everybody in.

    Attributes:
        body_bytes: Largest request body; may be changed while serving.
    """

    def __init__(
        self,
        relay: Serves,
        admin: Admin,
        *,
        body_bytes: int,
        more: More | None = None,
        door: Door | None = None,
    ) -> None:
        self._door = door
        self._relay = relay
        self._admin = admin
        self._more = more
        self.body_bytes = body_bytes
        self._methods: dict[str, set[str]] = {}

    def application(self) -> web.Application:
        """The aiohttp application; run it with `handler_cancellation=True`."""
        app = web.Application(client_max_size=0)
        more: list[Route] = []
        if self._more is not None:
            more = self._more.routes()
            app.on_shutdown.append(self._more.close)
        for operation, path in PATH_OF_OPERATION.items():
            self._add(app, "POST", path, self._routed(operation))
        self._add(app, "POST", "/rerank", self._routed(Operation.RERANK))
        for method, path, handler in (*self._admin.routes(self.read), *more):
            self._add(app, method, path, handler)
        for path in self._methods:
            app.router.add_route("*", path, self._wrong_method(path))
        app.router.add_route("*", "/{rest:(?s:.*)}", self._unknown)  # line breaks, too
        return app

    async def read(self, request: web.Request) -> bytes:
        """The body of a request, decompressed where it came compressed.

        What counts is its size after that: a megabyte of gzip can hold a gigabyte.

        Raises:
            RequestError: 413 when it is larger than `body_bytes`, 400 when it cannot be decoded,
                403 when a page of another site may have slipped it in.
        """
        check_body(request)
        length = request.content_length
        if length is not None and length > self.body_bytes:
            raise self._too_large()
        parts: list[bytes] = []
        size = 0
        try:
            async for part in request.content.iter_any():
                size += len(part)
                if size > self.body_bytes:
                    raise self._too_large()
                parts.append(part)
        except web.RequestPayloadError as error:
            raise RequestError(400, f"the body cannot be decoded: {error}") from None
        return b"".join(parts)

    def _too_large(self) -> RequestError:
        return RequestError(
            413,
            f"the body is larger than {self.body_bytes} bytes (limits.body_bytes)",
            code="body_too_large",
        )

    def _add(self, app: web.Application, method: str, path: str, handler: Handler) -> None:
        self._methods.setdefault(path, set()).add(method)
        if self._door is not None:
            handler = _behind(self._door, access_of(method, path), handler)
        app.router.add_route(method, path, _guarded(handler))

    def _routed(self, operation: Operation) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            raw = await self.read(request)
            return await self._relay.serve(request, operation, raw)

        return handle

    def _wrong_method(self, path: str) -> Handler:
        methods = ", ".join(sorted(self._methods[path]))

        async def handle(request: web.Request) -> web.StreamResponse:
            return error_response(
                405,
                f"{request.path} takes {methods}, not {request.method}",
                "invalid_request_error",
                "method_not_allowed",
                headers={"allow": methods},
            )

        return handle

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        return error_response(
            404, f"unknown path {request.path}", "invalid_request_error", "unknown_path"
        )


def _behind(door: Door, access: Access, handler: Handler) -> Handler:
    """The handler for those who may call it."""
    if access is Access.OPEN:
        return handler

    async def handle(request: web.Request) -> web.StreamResponse:
        if not door.guarded:
            return await handler(request)
        with door.let_in(request, access):
            return await handler(request)

    return handle


def _guarded(handler: Handler) -> Handler:
    """The handler with every problem as an answer; a bug is logged and answered with 500."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.version[0] != 1:
            why = "only HTTP/1.1 and HTTP/1.0 are spoken here"
            return RequestError(400, why, code="bad_http").response()
        try:
            return await handler(request)
        except RequestError as error:
            return error.response()
        except web.HTTPException:
            raise
        except ConnectionError:
            return web.Response(status=CLIENT_GONE)
        except Exception:
            _LOG.exception("a bug in the gateway; the request was answered with 500")
            if request.writer.output_size > 0:
                raise  # the answer has begun: aiohttp closes the connection, which shows the cut
            return error_response(500, "internal error of the router", "server_error", "bug")

    return handle
