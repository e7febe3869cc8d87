"""Streams that stop in the middle: the engine holds the connection and sends nothing more.

Before the first token the router notices and asks somebody else. After it nobody else can go on, so
what is left is to say so, instead of letting the client wait as long as the engine likes.

A stream has hundreds of chunks, so a timer is not set for each: one timer per stream looks, when it
fires, whether the engine has been waited for all the while. A client that reads slowly does not
make its engine a silent one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from zeta_router.core.decision import Decision
from zeta_router.gateway.upstream import Answer, TooSlowError

STALL_S = 60.0
"""Longest silence within a stream where nothing else is configured."""

GAPS = 20.0
"""Usual gaps between two tokens that a silence must exceed, however short `limits.stall_s` is."""


def longest_gap_s(decision: Decision, stall_s: float) -> float:
    """Longest silence within a stream, given what the decision expected of its endpoint."""
    for candidate in decision.candidates:
        if candidate.view.endpoint.id == decision.endpoint_id:
            return max(stall_s, GAPS * candidate.tpot_s)
    return stall_s


class Patience:
    """Waits for an engine, each time no longer than `gap_s`; a context manager.

    Leaving it turns a wait that was too long into `TooSlowError`.

    Attributes:
        since_s: Since when the engine has been waited for, on the loop's clock; None while nobody
            waits for it. Whoever waits writes it.
    """

    def __init__(self, gap_s: float) -> None:
        self._gap_s = gap_s
        self._loop = asyncio.get_running_loop()
        self.since_s: float | None = None
        self._timeout = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Patience:
        await self._timeout.__aenter__()
        self._timer = self._loop.call_later(self._gap_s, self._look)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            raise TooSlowError(f"it has sent nothing for {self._gap_s:.0f} s") from error

    async def pour(self, answer: Answer, take: Callable[[bytes], bool]) -> bool:
        """See `Answer.pour`; `take` moves `since_s`."""
        self.since_s = self._loop.time()
        try:
            return await answer.pour(take)
        finally:
            self.since_s = None

    def _look(self) -> None:
        """Give up where the engine has been waited for too long; else look again when it may be."""
        now_s, since_s = self._loop.time(), self.since_s
        due_s = self._gap_s + (now_s if since_s is None else since_s)
        if due_s <= now_s:
            self._timer = None
            self._timeout.reschedule(now_s)
        else:
            self._timer = self._loop.call_at(due_s, self._look)
