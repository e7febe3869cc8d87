"""The simulator's engine in real time: virtual time is made to follow a clock.

Between events nothing runs: one timer stands for the engine's next event, however many requests
are inside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum

from zeta_router.sim.engine.job import Job
from zeta_router.sim.engine.model import Engine
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.kernel import Kernel


class Stage(Enum):
    """How far a request is."""

    WAITING = "waiting"
    STREAMING = "streaming"
    DONE = "done"


class Ticket(Job):
    """A request in the engine that an asyncio task can wait for."""

    __slots__ = ("first_token", "stage", "whole_answer")

    def __init__(
        self,
        job_id: str,
        prompt_tokens: int,
        output_tokens: int,
        prefix_hashes: tuple[int, ...] = (),
    ) -> None:
        super().__init__(job_id, prompt_tokens, output_tokens, prefix_hashes)
        self.stage = Stage.WAITING
        self.first_token = asyncio.Event()
        self.whole_answer = asyncio.Event()


class RealTimeEngine:
    """An engine whose times are those of the running event loop.

    Args:
        spec: Its speeds.
        clock: Seconds, monotonic; the event loop's own by default.
    """

    def __init__(self, spec: EngineSpec, clock: Callable[[], float] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = clock or self._loop.time
        self._origin_s = self._clock()
        self._kernel = Kernel()
        self._timer: asyncio.TimerHandle | None = None
        self.engine = Engine(self._kernel, spec, _Bell())

    @property
    def now_s(self) -> float:
        """Time since the engine was made."""
        return self._clock() - self._origin_s

    def submit(self, ticket: Ticket) -> bool:
        """Take a request; False when it can never fit into the KV cache."""
        self._catch_up()
        accepted = self.engine.submit(ticket)
        self._set_timer()
        return accepted

    def cancel(self, ticket: Ticket) -> None:
        """The client left."""
        self._catch_up()
        self.engine.cancel(ticket)
        self._set_timer()

    def produced_tokens(self, ticket: Ticket) -> int:
        """Tokens of the answer that are out by now; all of them when it is done."""
        if ticket.stage is Stage.DONE:
            return ticket.output_tokens
        if ticket.stage is Stage.WAITING:
            return 0
        return self.engine.produced_tokens(ticket, self.now_s)

    def close(self) -> None:
        """Stop."""
        if self._timer is not None:
            self._timer.cancel()

    def _catch_up(self) -> None:
        self._kernel.run(until_s=self.now_s)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_s = self._kernel.next_at_s
        if due_s is not None:
            self._timer = self._loop.call_later(max(0.0, due_s - self.now_s), self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._catch_up()
        self._set_timer()


class _Bell:
    """Wakes whoever waits for a ticket."""

    def first_token(self, job: Job) -> None:
        if isinstance(job, Ticket):
            job.stage = Stage.STREAMING
            job.first_token.set()

    def finished(self, job: Job) -> None:
        if isinstance(job, Ticket):
            job.stage = Stage.DONE
            job.whole_answer.set()

    def failed(self, job: Job) -> None:
        self.finished(job)
