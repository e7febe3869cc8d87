"""An allowance that fills with time up to a bound: a token bucket."""

from __future__ import annotations

from math import inf


class Bucket:
    """What may still be taken. A time before the latest one gives nothing.

    Args:
        most: What it holds when full, and at the start.
        per_s: What is added in a second.
        now_s: The time at the start.
    """

    __slots__ = ("_at_s", "left", "most", "per_s")

    def __init__(self, most: float, per_s: float, now_s: float) -> None:
        self.most, self.per_s = most, per_s
        self.left = most
        self._at_s = now_s

    def wait_s(self, amount: float, now_s: float) -> float:
        """Seconds until `amount` is there; 0 when it is."""
        self._fill(now_s)
        short = amount - self.left
        if short <= 0.0:
            return 0.0
        return short / self.per_s if self.per_s > 0.0 else inf

    def take(self, amount: float, now_s: float) -> None:
        """Take, below nothing if need be: what is owed is waited for."""
        self._fill(now_s)
        self.left -= amount

    def spare_one(self, now_s: float) -> bool:
        """Take 1; False, and nothing is taken, where that is not there."""
        self._fill(now_s)
        if self.left < 1.0:
            return False
        self.left -= 1.0
        return True

    def _fill(self, now_s: float) -> None:
        if now_s > self._at_s:
            self.left = min(self.most, self.left + self.per_s * (now_s - self._at_s))
            self._at_s = now_s
