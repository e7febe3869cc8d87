"""What looks at the engines: polls, probes, golden prompts, and the machines under them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable

import aiohttp

from zeta_router.app.background import in_background
from zeta_router.app.wiring.dealings import Dealings
from zeta_router.gateway.driver import RouterDriver
from zeta_router.monitor.client import EngineClient
from zeta_router.monitor.contact import Contacts
from zeta_router.monitor.poller import Poller
from zeta_router.monitor.probes import Prober
from zeta_router.monitor.resources import gpu
from zeta_router.monitor.resources.watch import ResourceWatch
from zeta_router.router.commands import Record
from zeta_router.router.router import ZetaDynamicRouter


class Watching:
    """The engines' contacts, shared by what asks them at the router's word and what polls them.

    Args:
        session: The connections that engines are asked over.
        dealings: Says what an engine's key is and where its machine is measured.
        clock: The driver's clock.

    Attributes:
        resources: Measures the engines' machines.
    """

    def __init__(
        self, session: aiohttp.ClientSession, dealings: Dealings, clock: Callable[[], float]
    ) -> None:
        self._client = EngineClient(session, clock)
        self._contacts = Contacts(self._client, dealings.key_of)
        self._clock = clock
        self.resources = ResourceWatch(self._client, dealings.resources_of, nvml=gpu.load())

    @contextlib.asynccontextmanager
    async def driving(
        self, router: ZetaDynamicRouter, on_record: Callable[[Record], None]
    ) -> AsyncIterator[RouterDriver]:
        """The router in real time, with its probes, until the end of the block."""
        prober = Prober(self._contacts, self._clock)
        driver = RouterDriver(
            router,
            clock=self._clock,
            probe=prober.probe,
            canary=prober.canary,
            prewarm=prober.prewarm,
            on_record=on_record,
        )
        try:
            yield driver
        finally:
            await driver.close()

    @contextlib.asynccontextmanager
    async def polling(self, driver: RouterDriver) -> AsyncIterator[Poller]:
        """Poll what the router watches, until the end of the block."""
        poller = Poller(self._contacts, driver.submit, self._clock, resources=self.resources)
        poller.watch(driver.router.watched())
        async with in_background(poller.run()):
            yield poller
