"""What is known of an engine's machine when the sample of its poll is due.

A sample counts what is on the engine, which is compared with our own count at the moment at which
it is handed over. An exporter that hangs, on a machine that is off or behind a firewall, must not
hold it back for seconds: the counts would no longer belong together. So a measurement gets a
moment; one that takes longer goes on by itself, and meanwhile the last one stands, with its age.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from zeta_router.core.fleet import Endpoint
from zeta_router.monitor.resources.usage import Resources

MOMENT_S = 0.3

_log = logging.getLogger(__name__)


class Measures(Protocol):
    """Measures an endpoint's machine."""

    async def read(self, endpoint: Endpoint) -> Resources:
        """What is known of it; may take seconds."""


class InTime:
    """One endpoint's measurements, one at a time.

    Args:
        measures: Measures.
        endpoint: Whose machine is measured.
    """

    def __init__(self, measures: Measures, endpoint: Endpoint) -> None:
        self._measures = measures
        self._endpoint = endpoint
        self._known = Resources()
        self._under_way: asyncio.Task[None] | None = None

    async def read(self) -> Resources:
        """The measurement of this moment, else the last one; nothing before the first."""
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._measure())
        await asyncio.wait({self._under_way}, timeout=MOMENT_S)
        return self._known

    def stop(self) -> None:
        """End a measurement that is under way."""
        if self._under_way is not None:
            self._under_way.cancel()

    async def _measure(self) -> None:
        try:
            self._known = await self._measures.read(self._endpoint)
        except Exception:
            # It is tested not to raise; if it does, one endpoint loses what it tells of its machine
            # and the polls go on.
            _log.exception("measuring the machine of %s failed", self._endpoint.id)
            self._known = Resources()
