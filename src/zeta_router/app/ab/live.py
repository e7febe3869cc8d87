"""A test on a live gateway of our own: real time, real requests, one schedule for both policies."""

from __future__ import annotations

import asyncio
import contextlib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from statistics import median

from zeta_router.app.ab.design import Block
from zeta_router.app.ab.verdict import BlockFigures
from zeta_router.app.bench.figures import in_slo
from zeta_router.app.bench.load import Run, Send, play
from zeta_router.app.bench.prompts import Ask
from zeta_router.app.bench.sending import End, Reply
from zeta_router.app.config import LoadedConfig
from zeta_router.app.running import RunningGateway
from zeta_router.core.query import NO_SLO, Slo, Task


class LiveArms:
    """See `session.Arms`. Requests go out all the while; only the policy changes.

    Args:
        gateway: Serves `config`, on this event loop.
        times_s: When requests are sent, ascending, from the first block on.
        asks: One is taken per request.
        send: Sends one.
        slo: The objectives; what is None is taken from the fleet's, by the task of the answer.
        stop: Ends the test when it is set.
    """

    def __init__(
        self,
        gateway: RunningGateway,
        config: LoadedConfig,
        times_s: Sequence[float],
        asks: Iterator[Ask],
        send: Send,
        slo: Slo,
        stop: asyncio.Event,
        clock: Callable[[], float],
    ) -> None:
        self._gateway = gateway
        self._config = config
        self._slo = slo
        self._stop = stop
        self._clock = clock
        self.run = Run(len(times_s))
        self._last_at_s = times_s[-1] if times_s else 0.0
        self._started_s = clock()
        self._load = asyncio.create_task(
            play(times_s, asks, send, stop=stop, run=self.run, clock=clock)
        )

    async def play(self, block: Block) -> bool:
        """See `Arms`. Nothing more is to be played when the last request was sent before."""
        if self._last_at_s < block.start_s:
            return False
        fleet = replace(self._config.fleet, policy=block.policy)
        self._gateway.apply(replace(self._config, fleet=fleet))
        left_s = self._started_s + block.end_s - self._clock()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, left_s)):
                await self._stop.wait()
        if self._load.done() and not self._load.cancelled():
            self._load.result()  # what went wrong in sending is not to be taken for an end
        return not self._stop.is_set()

    def figures(self, block: Block) -> BlockFigures:
        """See `Arms`. What has not ended a block later counts as worth nothing."""
        pairs = self._of(block)
        answered = [reply for _, reply in pairs if reply.end is End.ANSWERED]
        ttfts = [reply.ttft_s for reply in answered if reply.ttft_s is not None]
        worth = [self._worth(ask, reply) for ask, reply in pairs]
        return BlockFigures(
            len(pairs),
            sum(worth) / len(worth) if worth else None,
            median(ttfts) if ttfts else None,
            refused=sum(reply.end is End.REFUSED for _, reply in pairs),
            lost=sum(r.end in (End.LOST, End.ERROR) and r.e2e_s > 0.0 for _, r in pairs),
        )

    async def finish(self) -> None:
        """See `Arms`."""
        if len(self.run.replies) < self.run.scheduled:
            self._stop.set()
        await self._load

    def _of(self, block: Block) -> list[tuple[Ask, Reply]]:
        sent = self.run.replies
        first = bisect_left(sent, block.counts_from_s, key=lambda pair: pair[1].at_s)
        return sent[first : bisect_left(sent, block.end_s, key=lambda pair: pair[1].at_s)]

    def _worth(self, ask: Ask, reply: Reply) -> float:
        """The score of an answer within its objectives, 1 where scores are not known; else 0."""
        if not in_slo(reply, self._objectives(reply)):
            return 0.0
        return ask.scores.get(reply.model, 0.0) if ask.scores else 1.0

    def _objectives(self, reply: Reply) -> Slo:
        known = reply.task in tuple(Task)
        default = self._config.fleet.slo.get(Task(reply.task), NO_SLO) if known else NO_SLO
        return self._slo.or_else(default)
