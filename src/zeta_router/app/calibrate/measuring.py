"""Sending prompts to an engine until its speed is known, or the time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from statistics import mean

from zeta_router.app.calibrate.plan import (
    MOST_AT_ONCE,
    SHORTEST_PROMPT,
    Sizes,
    first_sight,
    levels,
    sizes_for,
)
from zeta_router.app.calibrate.prompts import prompt
from zeta_router.app.calibrate.stream import AskError
from zeta_router.learn.latency.calibration import Calibration, fit
from zeta_router.learn.latency.calibration_windows import Heard, slots_seen

Ask = Callable[[str, int], Awaitable[Heard]]
"""Asks for an answer to a text, of at most so many tokens; raises `AskError`."""

Tell = Callable[[str], None]

STABLE_RATIO = 0.05
"""Two fits in a row no further apart than this end the measuring."""

LATEST_RATIO = 1.4
LATEST_S = 88.0
"""Whatever still runs is cut off at this multiple of the budget, and at this time anyhow."""

_FIRST_PASS_SHARE = 0.35
_FIRST_PASS_LATEST_SHARE = 0.75
_STABLE_LATEST_SHARE = 0.85
_HELD_OUT_SHARE = 0.9
_LONGER_PROMPT = 0.7


@dataclass(slots=True)
class Measured:
    """What came out.

    Attributes:
        runs: What the fit rests on; each a list of workers' answers.
        held_out: Runs that it does not rest on.
        slots: As told, as seen, or the highest level that was tried.
        slots_from: ``told``, ``seen`` or ``tried``.
        stable: Whether the last two fits agreed.
        failed: Requests that got no usable answer, with the reason of the latest.
    """

    runs: list[list[list[Heard]]] = field(default_factory=list)
    held_out: list[list[list[Heard]]] = field(default_factory=list)
    calibration: Calibration | None = None
    slots: int = 1
    slots_from: str = "tried"
    stable: bool = False
    failed: int = 0
    problem: str = ""
    took_s: float = 0.0

    @property
    def answers(self) -> int:
        """Answers that were heard, held-out ones included."""
        return sum(len(lane) for run in (*self.runs, *self.held_out) for lane in run)


class Measuring:
    """One calibration.

    Args:
        ask: Asks the engine; the first request is a warm-up and is not counted.
        clock: Seconds, monotonic; the one that `ask` dates its answers by.
        budget_s: Time to take; requests under way may take longer (`LATEST_RATIO`, `LATEST_S`).
        slots: As the user or the engine says; None finds out.
        context_tokens: Longest prompt plus answer; None when unknown.
        tell: Told what goes on, a line at a time.
    """

    def __init__(
        self,
        ask: Ask,
        clock: Callable[[], float],
        *,
        budget_s: float,
        slots: int | None = None,
        context_tokens: int | None = None,
        tell: Tell = lambda line: None,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._budget_s = budget_s
        self._slots = slots
        self._context_tokens = context_tokens
        self._tell = tell
        self._serial = count()
        self._started_at_s = clock()
        self._slowest_s = 0.0
        self._answer_s = 0.0
        self.result = Measured(slots=slots or 1, slots_from="told" if slots else "tried")

    async def run(self) -> Measured:
        """Measure.

        Raises:
            AskError: The engine does not answer as it should, from the first request on.
        """
        result = self.result
        self._started_at_s = self._clock()
        try:
            async with asyncio.timeout(min(LATEST_S, LATEST_RATIO * self._budget_s)):
                sizes = await self._sizes()
                await self._first_pass(sizes)
                await self._until_stable(sizes)
                await self._hold_out(sizes)
        except TimeoutError:
            self._tell("time is over: what was under way is cut off and not counted")
        result.took_s = self._spent_s
        return result

    @property
    def _spent_s(self) -> float:
        return self._clock() - self._started_at_s

    def _time_for_a_run(self, share: float) -> bool:
        return self._spent_s + self._slowest_s < share * self._budget_s

    async def _sizes(self) -> Sizes:
        """Sizes of prompts and answers, after a warm-up and two single requests."""
        self._tell("first request (an engine may load its model at it)")
        before_s = self._clock()
        await self._ask(prompt(next(self._serial), 32), 4)
        self._started_at_s = self._clock()  # loading is not measuring
        if self._started_at_s - before_s > self._budget_s / 4:
            self._tell(f"it took {self._started_at_s - before_s:.1f} s")
        short = await self._ask(prompt(next(self._serial), 32), 8)
        per_token_s = short.ttft_s / short.prompt_tokens
        room = (self._context_tokens or 4096) // 2
        longer = min(room, 1000, max(72, round(_LONGER_PROMPT / per_token_s)))
        long = await self._ask(prompt(next(self._serial), longer), 8)
        per_token_s, step_s = first_sight(short, long)
        at_levels = len(levels(self._slots or 4))
        level_s = _FIRST_PASS_SHARE * self._budget_s / at_levels
        return sizes_for(per_token_s, step_s, level_s, self._context_tokens)

    async def _first_pass(self, sizes: Sizes) -> None:
        """Every level once; where nobody told the slots, up to where they are seen."""
        result = self.result
        for level in levels(self._slots):
            enough = len(result.runs) > 1  # both ends are needed, even where they take long
            if enough and not self._time_for_a_run(_FIRST_PASS_LATEST_SHARE):
                self._tell(f"no time left for {level} at once")
                break
            prompts = sizes.at(level)
            if self._slots is None and level > 1:  # with long ones, prefill would pass for waiting
                prompts = (SHORTEST_PROMPT,) * 2 * level
            run = await self._play(level, prompts, sizes.output_tokens)
            self._take(run, level)
            if self._slots is None:
                result.slots = level
                seen = slots_seen([heard for lane in run for heard in lane])
                if seen is not None:
                    result.slots, result.slots_from = seen, "seen"
                    break

    async def _until_stable(self, sizes: Sizes) -> None:
        """More of the same, at changing levels, until the fit does not move any more."""
        known = levels(min(MOST_AT_ONCE, self.result.slots))
        turn = count(len(known) - 1)
        while not self.result.stable and self._time_for_a_run(_STABLE_LATEST_SHARE):
            level = known[next(turn) % len(known)]
            self._take(await self._play(level, sizes.at(level), sizes.output_tokens), level)

    async def _hold_out(self, sizes: Sizes) -> None:
        """Runs to judge the fit by: other lengths, most at once and one at a time."""
        prompts = [max(24, tokens * 3 // 4) for tokens in sizes.prompts]
        for level in (min(MOST_AT_ONCE, self.result.slots), 1):
            if self._spent_s > _HELD_OUT_SHARE * self._budget_s and self.result.held_out:
                return
            mine = prompts * -(-level // len(prompts)) if level > 1 else prompts[:2]
            run = await self._play(level, mine, sizes.output_tokens)
            self.result.held_out.append(run)
            self._tell(f"{level} at once, held out: {_lengths(run)}")

    def _take(self, run: list[list[Heard]], level: int) -> None:
        """Add a run to those that the fit rests on, and fit anew."""
        result = self.result
        result.runs.append(run)
        self._slowest_s = max(self._slowest_s, _span_s(run))
        before = result.calibration
        flat = [[heard for lane in run for heard in lane] for run in result.runs]
        result.calibration = after = fit(flat)
        line = f"{level} at once: {_lengths(run)}"
        if after is not None:
            line += (
                f"; {1 / max(after.prefill_s_per_token, 1e-6):,.0f} prompt tokens/s, "
                f"step {after.tpot_s(1):.4f} s alone, {after.tpot_s(level):.4f} s with {level}"
            )
        if before is not None and after is not None:
            drift = after.drift_ratio(before, result.slots)
            result.stable = drift <= STABLE_RATIO
            line += f", moved by {drift:.0%}"
        self._tell(line)

    async def _play(
        self, level: int, prompts: Sequence[int], output_tokens: int
    ) -> list[list[Heard]]:
        """So many workers, each sending its next prompt when the one before is answered.

        Where the slots are known they begin one after the other, spread over one answer: who
        shares an iteration with whom is then not a matter of microseconds.
        """
        todo = iter([prompt(next(self._serial), tokens) for tokens in prompts])
        workers = min(level, len(prompts))
        gap_s = self._answer_s / workers if self._slots is not None else 0.0
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._work(todo, output_tokens, after_s=gap_s * worker))
                for worker in range(workers)
            ]
        lanes = [lane for task in tasks if (lane := task.result())]
        if not lanes:
            raise AskError(f"no answer to any of {len(prompts)} requests: {self.result.problem}")
        self._answer_s = mean(h.last_at_s - h.sent_at_s for lane in lanes for h in lane)
        return lanes

    async def _work(
        self, todo: Iterable[str], output_tokens: int, *, after_s: float
    ) -> list[Heard]:
        lane = []
        if after_s > 0.0:
            await asyncio.sleep(after_s)
        for text in todo:
            try:
                lane.append(await self._ask(text, output_tokens))
            except AskError as error:
                self.result.failed += 1
                self.result.problem = str(error)
        return lane


def _span_s(run: Sequence[Sequence[Heard]]) -> float:
    heard = [answer for lane in run for answer in lane]
    return max(h.last_at_s for h in heard) - min(h.sent_at_s for h in heard)


def _lengths(run: Sequence[Sequence[Heard]]) -> str:
    prompts = [heard.prompt_tokens for lane in run for heard in lane]
    return f"{len(prompts)} answers, prompts {min(prompts)}–{max(prompts)}"
