"""Learning from some of many: beyond so many a second, another answer teaches next to nothing.

A fit to the latest answers is as sharp with fifty a second as with a thousand, and the thousand
would take more of a processor than the decisions. Which ones are left out depends on nothing but
time, so what is learned from stays a fair sample.
"""

from __future__ import annotations

PER_S = 50.0
"""Answers per second and endpoint that are all learned from."""

BURST = 50.0


class Thinning:
    """A bucket of lessons that fills with time. Times must not decrease by much."""

    __slots__ = ("_at_s", "_left")

    def __init__(self) -> None:
        self._left = BURST
        self._at_s = 0.0

    def take(self, now_s: float) -> bool:
        """Whether to learn from what has come at `now_s`."""
        left = self._left
        if now_s > self._at_s:
            left = min(BURST, left + PER_S * (now_s - self._at_s))
            self._at_s = now_s
        if left < 1.0:
            self._left = left
            return False
        self._left = left - 1.0
        return True
