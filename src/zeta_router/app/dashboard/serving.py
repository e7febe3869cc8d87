"""The dashboard beside a running gateway: its routes, and the tasks that feed them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from zeta_router.app.dashboard.experiments import read_experiments
from zeta_router.app.dashboard.files import dashboard_pages
from zeta_router.app.dashboard.frames import Frames
from zeta_router.app.dashboard.history import EVERY_S
from zeta_router.app.dashboard.promotions import promotions_report
from zeta_router.gateway.admin import Route
from zeta_router.gateway.browser.broadcast import Broadcast
from zeta_router.gateway.browser.pages import page_routes


class Dashboard:
    """Pages, the live stream, and what is asked for when a view is opened.

    Args:
        frames: Renders the stream.
        log_path: The decision log, which knows promotions; experiments are kept beside it.

    Attributes:
        state: What `GET /zeta/state` shows.
    """

    def __init__(self, frames: Frames, log_path: Path) -> None:
        self._frames = frames
        self.state = frames.state
        self._log_path = log_path
        self.stream = Broadcast(frames.render)

    def routes(self) -> list[Route]:
        """Method, path and handler of each."""
        return [
            *page_routes(dashboard_pages()),
            ("GET", "/zeta/stream", self.stream.handle),
            ("GET", "/zeta/past", self._answering(self._past)),
            ("GET", "/zeta/learned", self._answering(self._learned)),
            ("GET", "/zeta/promotions", self._answering(self._promotions)),
            ("GET", "/zeta/experiments", self._answering(self._experiments)),
        ]

    async def close(self, app: web.Application) -> None:
        """End the streams of everybody who looks."""
        self.stream.close()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Feed the stream and sample the past until the end of the block."""
        tasks = [asyncio.create_task(self.stream.run()), asyncio.create_task(self._sample())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _sample(self) -> None:
        while True:
            self._frames.sample()
            await asyncio.sleep(EVERY_S)

    def _answering(
        self, make: Callable[[], Awaitable[Any]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            body = msgspec.json.encode(await make())
            headers = {"cache-control": "no-store"}
            return web.Response(body=body, content_type="application/json", headers=headers)

        return handle

    async def _past(self) -> Any:
        return self._frames.past()

    async def _learned(self) -> Any:
        return self._frames.learned()

    async def _promotions(self) -> Any:
        return await asyncio.to_thread(promotions_report, self._log_path)

    async def _experiments(self) -> Any:
        return await asyncio.to_thread(read_experiments, self._log_path)
