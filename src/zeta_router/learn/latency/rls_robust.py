"""How far a residual may go before it counts as an outlier."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from statistics import median

WINDOW = 64
CLIP_MADS = 3.0
FLOOR = 0.05
"""Relative residuals within 15 % are never clipped, however quiet the engine was."""


class ResidualScale:
    """Median absolute deviation of the latest residuals, and the clip of Huber at 3 of them.

    One stalled answer must not bend a fit that a thousand good ones made; an engine that is slow
    for good fills the window within 32 observations and is believed.
    """

    __slots__ = ("_latest", "_limit")

    def __init__(self) -> None:
        self._latest: deque[float] = deque(maxlen=WINDOW)
        self._limit = float("inf")

    def clip(self, residual: float) -> float:
        """`residual`, moved to within 3 MADs once 16 were seen."""
        return min(self._limit, max(-self._limit, residual))

    def add(self, residual: float) -> None:
        """Take one residual into the window."""
        self._latest.append(abs(residual))
        if len(self._latest) >= WINDOW // 4:
            self._limit = CLIP_MADS * max(FLOOR, median(self._latest))

    def state(self) -> list[float]:
        """The window, as a plain list."""
        return list(self._latest)

    def restore(self, state: Iterable[float]) -> None:
        """Replace the window by an earlier `state()`."""
        self._latest.clear()
        self._limit = float("inf")
        for value in state:
            self.add(float(value))
