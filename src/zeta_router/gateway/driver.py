"""Drives the router with real time: events in, commands out to handlers, timers and probes.

Everything runs on one event loop, so the router sees one event after the other and needs no locks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from zeta_router.core.fleet import Endpoint
from zeta_router.core.outcome import Outcome
from zeta_router.core.query import Operation, Query
from zeta_router.router.commands import (
    Cancel,
    Command,
    Dispatch,
    Emit,
    Hedge,
    Prewarm,
    Record,
    Reject,
    SetTimer,
    StartCanary,
    StartProbe,
)
from zeta_router.router.events import (
    Arrived,
    CanaryAnswered,
    Event,
    Finished,
    FirstToken,
    Probed,
    Progress,
    Timer,
)
from zeta_router.router.router import ZetaDynamicRouter

_LOG = logging.getLogger("zeta_router.gateway")

Canary = Callable[[Endpoint, int, int | None], Awaitable[CanaryAnswered]]
Load = Callable[[Endpoint, Operation], Coroutine[Any, Any, None]]
Probe = Callable[[Endpoint, int, Operation | None], Awaitable[Probed]]


class Ticket:
    """Where a handler waits for what the router decides about its query.

    Attributes:
        command: The decision that nobody has taken yet.
        on_cancel: Called with the number of an attempt that the router gives up; set by whoever
            carries attempts out.
        on_hedge: Called with the command to ask a second endpoint as well; set likewise.
    """

    __slots__ = ("_waiter", "command", "on_cancel", "on_hedge")

    def __init__(self) -> None:
        self.command: Dispatch | Reject | None = None
        self.on_cancel: Callable[[int], None] | None = None
        self.on_hedge: Callable[[Hedge], None] | None = None
        self._waiter: asyncio.Future[None] | None = None

    def give(self, command: Dispatch | Reject) -> None:
        """Hand over a decision."""
        self.command = command
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def next(self) -> Dispatch | Reject:
        """The next decision; at once when it is already there."""
        if self.command is None:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
            self._waiter = None
        command, self.command = self.command, None
        assert command is not None  # noqa: S101 - `give` sets it before it wakes the waiter
        return command


class RouterDriver:
    """The router in real time.

    Args:
        router: The router; nobody else may send it events.
        clock: Seconds on a monotonic clock; every event carries its reading.
        probe: Asks an endpoint of a generation whether it lives; must not raise. Where it does,
            the endpoint counts as dead and is asked again, rather than never.
        canary: Asks an endpoint a golden prompt; must not raise. None asks none.
        prewarm: Has an endpoint load its model; must not raise. None loads nothing ahead.
        on_record: Takes the router's records, for log and metrics; must not block.
    """

    def __init__(
        self,
        router: ZetaDynamicRouter,
        *,
        clock: Callable[[], float],
        probe: Probe,
        on_record: Callable[[Record], None],
        canary: Canary | None = None,
        prewarm: Load | None = None,
    ) -> None:
        self._prewarm = prewarm
        self.router = router
        self._canary = canary
        self.clock = clock
        self._probe = probe
        self._on_record = on_record
        self._tickets: dict[str, Ticket] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._probes: set[asyncio.Task[None]] = set()
        self._actions: dict[type, Callable[[Any], None]] = {
            Emit: self._emit,
            Dispatch: self._give,
            Reject: self._give,
            Hedge: self._hedge,
            Cancel: self._cancel,
            SetTimer: self._set_timer,
            StartProbe: self._start_probe,
            StartCanary: self._start_canary,
            Prewarm: self._start_prewarm,
        }

    @property
    def waiting_handlers(self) -> int:
        """Handlers whose query has not ended: the gateway's own in-flight count."""
        return len(self._tickets)

    def arrive(self, query: Query) -> Ticket:
        """Take in a query; its decisions come through the ticket."""
        ticket = Ticket()
        self._tickets[query.id] = ticket
        try:
            self.submit(Arrived(query.arrived_at_s, query))
        except BaseException:
            self.leave(query.id)
            raise
        return ticket

    def leave(self, query_id: str) -> None:
        """The handler is done with the query, whatever happened."""
        self._tickets.pop(query_id, None)

    def first_token(self, query_id: str, attempt: int) -> None:
        """The first token of an attempt has come."""
        self.submit(FirstToken(self.clock(), query_id, attempt))

    def progress(self, query_id: str, attempt: int, output_tokens: int) -> None:
        """An attempt has produced so many tokens."""
        self.submit(Progress(self.clock(), query_id, attempt, output_tokens))

    def finished(self, query_id: str, attempt: int, outcome: Outcome) -> None:
        """An attempt has ended; attempt 0 when the query was still held."""
        self.submit(Finished(self.clock(), query_id, attempt, outcome))

    def submit(self, event: Event) -> None:
        """Send an event to the router and do what it commands."""
        for command in self.router.handle(event):
            self._execute(command)

    async def close(self) -> None:
        """Stop timers and probes."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for task in list(self._probes):
            task.cancel()
        await asyncio.gather(*self._probes, return_exceptions=True)

    def _execute(self, command: Command) -> None:
        self._actions[type(command)](command)

    def _emit(self, command: Emit) -> None:
        self._on_record(command.record)

    def _give(self, command: Dispatch | Reject) -> None:
        ticket = self._tickets.get(command.query_id)
        if ticket is not None:
            ticket.give(command)

    def _hedge(self, command: Hedge) -> None:
        ticket = self._tickets.get(command.query_id)
        if ticket is not None and ticket.on_hedge is not None:
            ticket.on_hedge(command)

    def _cancel(self, command: Cancel) -> None:
        ticket = self._tickets.get(command.query_id)
        if ticket is not None and ticket.on_cancel is not None:
            ticket.on_cancel(command.attempt)

    def _start_probe(self, command: StartProbe) -> None:
        self._in_background(self._run_probe(command))

    def _start_canary(self, command: StartCanary) -> None:
        if self._canary is not None:
            self._in_background(self._run_canary(self._canary, command))

    def _start_prewarm(self, command: Prewarm) -> None:
        if self._prewarm is not None:
            self._in_background(self._prewarm(command.endpoint, command.by))

    def _in_background(self, asking: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(asking)
        self._probes.add(task)
        task.add_done_callback(self._probes.discard)

    async def _run_canary(self, canary: Canary, command: StartCanary) -> None:
        try:
            answered = await canary(command.endpoint, command.generation, command.number)
        except Exception:
            _LOG.exception("a bug in asking %s a golden prompt", command.endpoint.id)
            return
        self.submit(answered)

    def _set_timer(self, command: SetTimer) -> None:
        old = self._timers.pop(command.key, None)
        if old is not None:
            old.cancel()
        delay_s = max(0.0, command.due_at_s - self.clock())
        loop = asyncio.get_running_loop()
        self._timers[command.key] = loop.call_later(delay_s, self._fire, command.key)

    def _fire(self, key: str) -> None:
        self._timers.pop(key, None)
        self.submit(Timer(self.clock(), key))

    async def _run_probe(self, command: StartProbe) -> None:
        endpoint, generation = command.endpoint, command.generation
        try:
            probed = await self._probe(endpoint, generation, command.by)
        except Exception:
            _LOG.exception("a bug in probing %s; it counts as not alive", endpoint.id)
            deep = command.by is not None
            probed = Probed(self.clock(), endpoint.id, generation, alive=False, deep=deep)
        self.submit(probed)
