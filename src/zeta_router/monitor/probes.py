"""Probing on command: the router decides when an endpoint is asked whether it is alive."""

from __future__ import annotations

from collections.abc import Callable

from zeta_router.core.fleet import Endpoint
from zeta_router.monitor.contact import Contacts
from zeta_router.router.events import Probed


class Prober:
    """Answers `StartProbe` commands."""

    def __init__(self, contacts: Contacts, clock: Callable[[], float]) -> None:
        self._contacts = contacts
        self._clock = clock

    async def probe(self, endpoint: Endpoint, generation: int) -> Probed:
        """Whether the endpoint could take a request, within a few seconds; never raises.

        A loading engine is not alive yet, a busy one is.
        """
        alive = await self._contacts.of(endpoint).probe()
        return Probed(self._clock(), endpoint.id, generation, alive)
