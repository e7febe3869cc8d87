"""Whether a process loses memory, from its resident size and its load over hours.

Memory rises with load, with warm-up and between collections, so a rising line alone says nothing.
Three things take that out: only the least of each 20-minute block counts (what is left when work
and garbage are gone), what the load explains is taken off it, and the first 90 minutes are left
out. Then a leak is what three tests agree on:

- the rise is no accident of order (Mann-Kendall, z above 2.33);
- its slope is worth the trouble (Theil-Sen, the median of the slopes between all pairs of blocks);
- both halves of the window rise, each by more than half of that slope.

and that three windows in a row, 20 minutes apart, agree on: memory that wanders by itself passes
each test now and then.

Mann-Kendall alone called 30 to 45 % of healthy series a leak; all three together 1 % at 8 hours
and none at 12, and found 40 MB/h in 97 % of runs at 8 hours (ALGORITHMS §8.4).

Source: Machida et al. 2013 on why one test is not enough.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from math import inf, isfinite, sqrt
from statistics import median
from typing import Any, NamedTuple

BLOCK_S = 1200.0
WARM_UP_S = 5400.0
WINDOW = 36
"""Blocks that are kept: twelve hours."""

LEAST = 20
"""Blocks before anything is said: not quite seven hours."""

IN_A_ROW = 3
"""Windows that have to agree."""

SLOPE_BYTES_PER_H = 15e6
Z = 2.33

_APART = 0.1
"""Least share of the load's variance that time must leave unexplained to tell them apart."""

HOUR_S = 3600.0


class Block(NamedTuple):
    """The leanest moment of a block: when, how large, and how loaded it was."""

    at_s: float
    size_bytes: float
    load: float


class Trend(NamedTuple):
    """What the window shows.

    Attributes:
        leaking: Whether all three tests say so of this window.
        slope_bytes_per_h: Theil-Sen slope of the size at equal load; 0 while little is known.
        z: Mann-Kendall's statistic.
    """

    leaking: bool
    slope_bytes_per_h: float
    z: float

    def full_in_s(self, left_bytes: float) -> float:
        """Seconds until `left_bytes` more are taken at this slope; inf when it is not rising."""
        if self.slope_bytes_per_h <= 0.0:
            return inf
        return max(0.0, left_bytes) / self.slope_bytes_per_h * HOUR_S


NO_TREND = Trend(False, 0.0, 0.0)


class LeakDetector:
    """One process' memory.

    Args:
        slope_bytes_per_h: Least slope that counts; take a smaller one for small devices, never a
            larger one.
        speed: For trials in real time: how many times faster everything happens.

    Attributes:
        trend: What the latest window shows.
    """

    __slots__ = (
        "_blocks",
        "_lean",
        "_opened_at_s",
        "_slope",
        "_started_at_s",
        "_times",
        "speed",
        "trend",
    )

    def __init__(self, slope_bytes_per_h: float = SLOPE_BYTES_PER_H, *, speed: float = 1.0) -> None:
        self._slope = slope_bytes_per_h
        self.speed = speed
        self.trend = NO_TREND
        self.start_over()

    def start_over(self) -> None:
        """The process was started anew."""
        self._started_at_s: float | None = None
        self._opened_at_s = -inf
        self._lean: Block | None = None
        self._blocks: deque[Block] = deque(maxlen=WINDOW)
        self.trend = NO_TREND
        self._times = 0

    def observe(self, at_s: float, size_bytes: float, load: float = 0.0) -> bool:
        """Take in a sample; whether it closed a block, so that `trend` is new.

        Args:
            at_s: Seconds on any clock that does not run backwards.
            size_bytes: Resident size, without pools that are allocated up front.
            load: What the process was doing, in any unit that memory may follow (in-flight, KV
                tokens).
        """
        if not (isfinite(at_s) and isfinite(load) and 0.0 < size_bytes < inf):
            return False
        at_s *= self.speed
        if self._started_at_s is None:
            self._started_at_s = at_s
        if at_s - self._started_at_s < WARM_UP_S:
            return False
        closed = False
        if at_s - self._opened_at_s >= BLOCK_S:
            closed = self._close()
            self._opened_at_s = at_s
        if self._lean is None or size_bytes < self._lean.size_bytes:
            self._lean = Block(at_s, size_bytes, load)
        return closed

    @property
    def leaking(self) -> bool:
        """Whether the last windows agree that it leaks."""
        return self._times >= IN_A_ROW

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What is kept, oldest first; times are multiplied by `speed`."""
        return tuple(self._blocks)

    def state(self) -> dict[str, Any]:
        """Everything it knows, as plain values."""
        return {
            "started_at_s": self._started_at_s,
            "blocks": [list(block) for block in self._blocks],
            "times": self._times,
        }

    def restore(self, state: Mapping[str, Any], shift_s: float = 0.0) -> None:
        """Take over an earlier `state()` of the same process; times are moved by `shift_s`."""
        self.start_over()
        started = state["started_at_s"]
        self._started_at_s = None if started is None else float(started) + shift_s * self.speed
        for at_s, size, load in state["blocks"]:
            self._blocks.append(Block(float(at_s) + shift_s * self.speed, float(size), float(load)))
        self.trend = trend_of(tuple(self._blocks), self._slope)
        self._times = int(state["times"])

    def _close(self) -> bool:
        if self._lean is None:
            return False
        self._blocks.append(self._lean)
        self._lean = None
        self.trend = trend_of(tuple(self._blocks), self._slope)
        self._times = self._times + 1 if self.trend.leaking else 0
        return True


def trend_of(blocks: Sequence[Block], least_slope: float = SLOPE_BYTES_PER_H) -> Trend:
    """The trend of a window of blocks; `least_slope` in bytes per hour."""
    if len(blocks) < LEAST:
        return NO_TREND
    sizes = _at_equal_load(blocks)
    hours = [block.at_s / HOUR_S for block in blocks]
    slope = theil_sen(hours, sizes)
    z = mann_kendall(sizes)
    half = len(sizes) // 2
    halves = (
        theil_sen(hours[:half], sizes[:half]),
        theil_sen(hours[-half:], sizes[-half:]),
    )
    leaking = z > Z and slope > least_slope and min(halves) > 0.5 * slope
    return Trend(leaking, slope, z)


def theil_sen(x: Sequence[float], y: Sequence[float]) -> float:
    """Median of the slopes between all pairs; 0 without a pair."""
    slopes = [
        (y[j] - y[i]) / (x[j] - x[i])
        for i in range(len(x))
        for j in range(i + 1, len(x))
        if x[j] > x[i]
    ]
    return median(slopes) if slopes else 0.0


def mann_kendall(y: Sequence[float]) -> float:
    """How far the order of `y` is from chance, in standard deviations; > 0 where it rises."""
    n = len(y)
    s = sum((y[j] > y[i]) - (y[j] < y[i]) for i in range(n) for j in range(i + 1, n))
    spread = sqrt(n * (n - 1) * (2 * n + 5) / 18.0)
    if s == 0 or spread == 0.0:
        return 0.0
    return (s - 1 if s > 0 else s + 1) / spread


def _at_equal_load(blocks: Sequence[Block]) -> list[float]:
    """Sizes with what the load explains taken off, fitted beside a straight line in time.

    Load and time are fitted together: a load that rises for a part of the day would else take the
    leak with it. Where it rises all the way they cannot be told apart, and the load is blamed.
    """
    n = len(blocks)
    mean_t = sum(block.at_s for block in blocks) / n
    mean_l = sum(block.load for block in blocks) / n
    mean_y = sum(block.size_bytes for block in blocks) / n
    tt = ll = tl = ty = ly = 0.0
    for block in blocks:
        t, load, y = block.at_s - mean_t, block.load - mean_l, block.size_bytes - mean_y
        tt, ll, tl = tt + t * t, ll + load * load, tl + t * load
        ty, ly = ty + t * y, ly + load * y
    if ll == 0.0:
        return [block.size_bytes for block in blocks]
    apart = 1.0 - tl * tl / (tt * ll)
    per_load = (ly - tl * ty / tt) / (ll * apart) if apart > _APART else ly / ll
    per_load = max(0.0, per_load)
    return [block.size_bytes - per_load * (block.load - mean_l) for block in blocks]
