"""Polling every endpoint, no more often than is good for it.

An engine answers polls with the threads that it would rather use for requests: scraping `/metrics`
every 50 ms has made engines unresponsive, and a busy llama.cpp answers only between two decode
steps. So a poll that takes more than a quarter of its interval doubles the interval, an unreached
engine doubles it too, and a quick answer halves it again. In between the router reckons with its
own dispatches; a poll only corrects it.

Whether an engine lives must be known sooner. After a poll that reached nobody, and once per
`INTERVAL_S` while polls are rare because they are slow, the router is told that nothing has been
heard, and looks for itself, which is cheap.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from zeta_router.core.fleet import Endpoint
from zeta_router.core.signal import EngineSample
from zeta_router.monitor.contact import Contact, Contacts
from zeta_router.monitor.resources.in_time import InTime
from zeta_router.monitor.resources.usage import with_resources
from zeta_router.monitor.resources.watch import ResourceWatch
from zeta_router.router.events import Event, Sampled, Unanswered

INTERVAL_S = 1.0
MAX_INTERVAL_S = 30.0
MAX_SHARE = 0.25
"""Largest share of its interval that a poll may take before it is made rarer."""

UNANSWERED_S = 0.3
"""After how long without an answer the router is told, so that it can look for itself."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Pace:
    """When an endpoint is polled next. Without jitter: endpoints keep their phase."""

    due_at_s: float
    interval_s: float = INTERVAL_S
    reached: bool = False

    def restart(self, now_s: float) -> None:
        """Due at once and at the full rate again: there is reason to think that it is back."""
        self.due_at_s = now_s
        self.interval_s = INTERVAL_S

    def after(self, started_at_s: float, now_s: float, reached: bool) -> None:
        """Set the next time, given how the poll that was due went."""
        self.reached = reached
        if not reached or now_s - started_at_s > MAX_SHARE * self.interval_s:
            self.interval_s = min(self.interval_s * 2, MAX_INTERVAL_S)
        else:
            self.interval_s = max(self.interval_s / 2, INTERVAL_S)
        self.due_at_s += self.interval_s
        if self.due_at_s <= now_s:
            missed = (now_s - self.due_at_s) // self.interval_s + 1
            self.due_at_s += missed * self.interval_s


class Poller:
    """Polls the endpoints it is told to watch and submits what they say.

    Args:
        contacts: Shared with the prober.
        submit: Takes each `Sampled` event; called on the event loop, must not block.
        clock: The driver's clock, in seconds.
        sleep: Waits for that many seconds.
        resources: Measures the endpoints' machines; None leaves CPU and memory to the engines.
    """

    def __init__(
        self,
        contacts: Contacts,
        submit: Callable[[Event], None],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        resources: ResourceWatch | None = None,
    ) -> None:
        self._contacts = contacts
        self._submit = submit
        self._clock = clock
        self._sleep = sleep
        self._resources = resources
        self._targets: dict[str, tuple[Endpoint, int]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    def watch(self, targets: Iterable[tuple[Endpoint, int]]) -> None:
        """Watch exactly these endpoints, each with the generation its samples are to carry.

        May be called at any time. An endpoint that is watched already, unchanged, keeps its pace.
        """
        wanted = {endpoint.id: (endpoint, generation) for endpoint, generation in targets}
        for endpoint_id, target in self._targets.items():
            if wanted.get(endpoint_id) != target:
                self._stop(endpoint_id)
        self._targets = wanted
        self._contacts.keep(set(wanted))
        self._start_missing()

    async def run(self) -> None:
        """Poll until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                self._start_missing()
                await asyncio.get_running_loop().create_future()
        finally:
            self._group = None
            self._tasks.clear()

    def _start_missing(self) -> None:
        if self._group is None:
            return
        now_s = self._clock()
        for place, (endpoint_id, target) in enumerate(self._targets.items()):
            if endpoint_id in self._tasks:
                continue
            stagger_s = INTERVAL_S * place / len(self._targets)
            pace = Pace(now_s + stagger_s)
            self._tasks[endpoint_id] = self._group.create_task(self._poll_on(*target, pace))

    def _stop(self, endpoint_id: str) -> None:
        task = self._tasks.pop(endpoint_id, None)
        if task is not None:
            task.cancel()

    async def _poll_on(self, endpoint: Endpoint, generation: int, pace: Pace) -> None:
        machine = InTime(self._resources, endpoint) if self._resources is not None else None
        try:
            await self._poll_with(machine, endpoint, generation, pace)
        finally:
            if machine is not None:
                machine.stop()

    async def _poll_with(
        self, machine: InTime | None, endpoint: Endpoint, generation: int, pace: Pace
    ) -> None:
        contact = self._contacts.of(endpoint)
        while True:
            while (wait_s := pace.due_at_s - self._clock()) > 0 and not contact.came_back:
                await self._sleep(min(wait_s, INTERVAL_S))
                contact = self._contacts.of(endpoint)
                if pace.reached and wait_s > INTERVAL_S:
                    self._submit(Unanswered(self._clock(), endpoint.id, generation))
            if contact.came_back:
                pace.restart(self._clock())
            started_at_s = self._clock()
            sample = await self._answered(contact, endpoint, generation)
            pace.after(started_at_s, self._clock(), reached=sample is not None)
            if sample is None:
                self._submit(Unanswered(self._clock(), endpoint.id, generation))
                continue
            if machine is not None:
                sample = with_resources(sample, await machine.read())
            self._submit(Sampled(self._clock(), endpoint.id, generation, sample))

    async def _answered(
        self, contact: Contact, endpoint: Endpoint, generation: int
    ) -> EngineSample | None:
        """What a poll says; the router is told when that takes suspiciously long."""
        asking = asyncio.ensure_future(self._sample(contact, endpoint.id))
        try:
            done, _ = await asyncio.wait({asking}, timeout=UNANSWERED_S)
            if not done:
                self._submit(Unanswered(self._clock(), endpoint.id, generation))
            return await asking
        finally:
            asking.cancel()

    async def _sample(self, contact: Contact, endpoint_id: str) -> EngineSample | None:
        try:
            return await contact.sample()
        except Exception:
            # Adapters are tested not to raise; if one does, one endpoint loses its signals and
            # the rest of the fleet keeps them.
            _log.exception("polling %s failed", endpoint_id)
            return None
