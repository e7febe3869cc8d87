"""An open loop: requests go out when they are due, whether or not earlier ones were answered.

A closed loop would slow down with the server and so hide its overload. What an open loop has to
confess instead is its own lateness: a sender that cannot keep up sends another load than it says.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from zeta_router.app.bench.prompts import Ask
from zeta_router.app.bench.sending import End, Reply

Send = Callable[[Ask, Reply], Awaitable[None]]


@dataclass(slots=True)
class Run:
    """A run, while it goes on and after it.

    Attributes:
        scheduled: Requests in all.
        replies: What was asked and what came of it, in the order of sending.
        ended: How many ended, by their end.
        seconds: Length of the run; the last request's end.
    """

    scheduled: int
    replies: list[tuple[Ask, Reply]] = field(default_factory=list)
    ended: Counter[End] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def in_flight(self) -> int:
        """Requests that were sent and have not ended."""
        return len(self.replies) - self.ended.total()


async def play(
    times_s: Sequence[float],
    asks: Iterator[Ask],
    send: Send,
    *,
    stop: asyncio.Event,
    run: Run | None = None,
    clock: Callable[[], float] | None = None,
) -> Run:
    """Send a request at each of `times_s`, and wait until all have ended.

    Args:
        times_s: Ascending, from now on.
        asks: One is taken per request.
        send: Sends one and fills in its reply.
        stop: When it is set, nothing more is sent and what is under way is given up.
        run: Filled in while the run goes on, for whoever shows its progress.
        clock: Seconds, monotonic; the event loop's own by default. (uvloop's has whole milliseconds
            and stands still within an iteration.)
    """
    run = run if run is not None else Run(len(times_s))
    clock = clock or asyncio.get_running_loop().time
    started_s = clock()
    tasks: list[asyncio.Task[None]] = []

    async def one(ask: Ask, reply: Reply) -> None:
        try:
            await send(ask, reply)
        finally:
            run.ended[reply.end] += 1

    for at_s in times_s:
        if await _stopped_before(stop, started_s + at_s, clock):
            break
        now_s = clock() - started_s
        reply = Reply(now_s, now_s - at_s)
        ask = next(asks)
        run.replies.append((ask, reply))
        tasks.append(asyncio.create_task(one(ask, reply)))
    await _ended(tasks, stop)
    run.seconds = clock() - started_s
    return run


async def _stopped_before(stop: asyncio.Event, due_s: float, clock: Callable[[], float]) -> bool:
    """Wait until `due_s`; True when `stop` was set before."""
    left_s = due_s - clock()
    if left_s > 0 and not stop.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left_s):
                await stop.wait()
    return stop.is_set()


async def _ended(tasks: list[asyncio.Task[None]], stop: asyncio.Event) -> None:
    """Wait for all requests; cancel those under way when `stop` is set."""
    stopping = asyncio.ensure_future(stop.wait())
    ending = asyncio.ensure_future(asyncio.wait(tasks)) if tasks else stopping
    try:
        if tasks:
            await asyncio.wait({stopping, ending}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        for task in tasks:
            task.cancel()
    for end in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(end, Exception):
            raise end
