"""An event loop in virtual time, and the simulator's engine on it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from zeta_router.learn.latency.calibration_windows import Heard
from zeta_router.learn.task.ask import estimate_tokens
from zeta_router.sim.engine.realtime import RealTimeEngine, Stage, Ticket
from zeta_router.sim.engine.spec import EngineSpec

T = TypeVar("T")


class _NeverWaits(selectors.DefaultSelector):  # type: ignore[valid-type,misc]
    """Tells the loop how long it would have waited, and does not wait."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise AssertionError("everybody waits and nothing is due")
        self.loop.now_s += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer. No sockets."""

    def __init__(self) -> None:
        selector = _NeverWaits()
        selector.loop = self
        self.now_s = 0.0
        super().__init__(selector)

    def time(self) -> float:
        return self.now_s


def virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


class Emulated:
    """Asks the simulator's engine; tokens are dated to a quarter of a step.

    Args:
        overhead_s: Added to each request's way, half of it in front.
    """

    def __init__(self, spec: EngineSpec, overhead_s: float = 0.0) -> None:
        self._engine = RealTimeEngine(spec)
        self._half_s = overhead_s / 2
        self._loop = asyncio.get_running_loop()
        self._tick_s = spec.step_time_s(1) / 4
        self.asked: list[str] = []

    async def ask(self, text: str, output_tokens: int) -> Heard:
        """As `Wire.ask`."""
        self.asked.append(text)
        sent_at_s = self._loop.time()
        if self._half_s:
            await asyncio.sleep(self._half_s)
        ticket = Ticket(f"t{len(self.asked)}", estimate_tokens(text), output_tokens)
        self._engine.submit(ticket)
        await ticket.first_token.wait()
        times = [self._loop.time() + self._half_s]
        while ticket.stage is not Stage.DONE:
            await self._until(ticket.whole_answer)
            out = self._engine.produced_tokens(ticket)
            times += [self._loop.time() + self._half_s] * (out - len(times))
        if self._half_s:
            await asyncio.sleep(self._half_s)
        return Heard(sent_at_s, tuple(times), ticket.prompt_tokens)

    async def _until(self, done: asyncio.Event) -> None:
        """A part of a step, or until the answer is complete: its last token is dated exactly."""
        try:
            async with asyncio.timeout(self._tick_s):
                await done.wait()
        except TimeoutError:
            return
