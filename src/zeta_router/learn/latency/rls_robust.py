"""How far a residual may go before it counts as an outlier."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable

WINDOW = 64
CLIP_MADS = 3.0
FLOOR = 0.05
"""Relative residuals within 15 % are never clipped, however quiet the engine was."""


class ResidualScale:
    """Median absolute deviation of the latest residuals, and the clip of Huber at 3 of them.

    One stalled answer must not bend a fit that a thousand good ones made; an engine that is slow
    for good fills the window within 32 observations and is believed.
    """

    __slots__ = ("_latest", "_limit", "_ordered")

    def __init__(self) -> None:
        self._latest: deque[float] = deque()
        self._ordered: list[float] = []
        self._limit = float("inf")

    def clip(self, residual: float) -> float:
        """`residual`, moved to within 3 MADs once 16 were seen."""
        return min(self._limit, max(-self._limit, residual))

    def add(self, residual: float) -> None:
        """Take one residual into the window."""
        size = abs(residual)
        latest, ordered = self._latest, self._ordered
        if len(latest) == WINDOW:
            del ordered[bisect_left(ordered, latest.popleft())]
        latest.append(size)
        insort(ordered, size)
        count = len(ordered)
        if count >= WINDOW // 4:
            half = count // 2
            median = ordered[half] if count % 2 else (ordered[half - 1] + ordered[half]) / 2
            self._limit = CLIP_MADS * max(FLOOR, median)

    def state(self) -> list[float]:
        """The window, as a plain list."""
        return list(self._latest)

    def restore(self, state: Iterable[float]) -> None:
        """Replace the window by an earlier `state()`."""
        self._latest.clear()
        self._ordered.clear()
        self._limit = float("inf")
        for value in list(state)[-WINDOW:]:
            self.add(float(value))
