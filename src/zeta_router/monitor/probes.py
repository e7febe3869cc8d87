"""Probing on command: the router decides when an endpoint is asked whether it is alive."""

from __future__ import annotations

from collections.abc import Callable

from zeta_router.core.fleet import Endpoint
from zeta_router.core.query import Operation
from zeta_router.monitor.contact import Contacts
from zeta_router.router.events import CanaryAnswered, Probed


class Prober:
    """Answers `StartProbe` commands."""

    def __init__(self, contacts: Contacts, clock: Callable[[], float]) -> None:
        self._contacts = contacts
        self._clock = clock

    async def canary(
        self, endpoint: Endpoint, generation: int, number: int | None
    ) -> CanaryAnswered:
        """What the endpoint makes of a golden prompt, or its log-probabilities; never raises."""
        contact = self._contacts.of(endpoint)
        right: bool | None = None
        logprobs: tuple[dict[str, float], ...] | None = ()
        if number is None:
            logprobs = await contact.logprobs()
        else:
            right = await contact.golden(number)
        at_s = self._clock()
        return CanaryAnswered(at_s, endpoint.id, generation, number, right, logprobs)

    async def prewarm(self, endpoint: Endpoint, by: Operation) -> None:
        """Have the endpoint load its model; never raises."""
        await self._contacts.of(endpoint).load(by)

    async def probe(
        self, endpoint: Endpoint, generation: int, by: Operation | None = None
    ) -> Probed:
        """Whether the endpoint could take a request, within a few seconds; never raises.

        A loading engine is not alive yet, a busy one is. With `by` it has to answer the smallest
        call of that kind with something that is fit for use.
        """
        contact = self._contacts.of(endpoint)
        alive = await (contact.probe() if by is None else contact.answers(by))
        gone = not alive and contact.gone
        return Probed(self._clock(), endpoint.id, generation, alive, by is not None, gone)
