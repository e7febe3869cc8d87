"""How many queries may be tried again, so that failures do not multiply the load that caused them.

Every retry is work that an engine does twice. Where a tenth of the answers fail, trying them again
costs a tenth more; where most fail, it doubles the load at the worst moment. So retries are a share
of what came in of late, and a few per second besides, without which a quiet fleet could not retry
at all.

What costs nothing is decided by the caller (`router.router`): a refused connection carried nothing,
and what is moved off an endpoint that is taken out is bounded by its slots.

Source: Finagle's RetryBudget (20 % and 10 a second there; an LLM's retries cost seconds).
"""

from __future__ import annotations

from collections import deque

SHARE = 0.1
"""Retries per query that came in."""

LEAST_PER_S = 1.0
"""Retries per second that are always allowed."""

WINDOW_S = 10.0
"""How far back both are counted."""

_STEP_S = 1.0
"""Counts are kept by the second: the window's edge moves in steps of that size."""


class RetryBudget:
    """Counts queries and retries of the last `WINDOW_S`. Times must not decrease."""

    __slots__ = ("_counts", "_queries", "_retries")

    def __init__(self) -> None:
        self._counts: deque[list[float]] = deque()
        self._queries = 0.0
        self._retries = 0.0

    def arrived(self, now_s: float) -> None:
        """A query came in."""
        self._now(now_s)[1] += 1.0
        self._queries += 1.0

    def left(self, now_s: float) -> float:
        """Retries that are allowed at this moment, >= 0."""
        self._forget(now_s)
        return max(0.0, SHARE * self._queries + LEAST_PER_S * WINDOW_S - self._retries)

    def spend(self, now_s: float) -> bool:
        """Take one retry; False, and nothing is taken, where less than one is left."""
        if self.left(now_s) < 1.0:
            return False
        self._now(now_s)[2] += 1.0
        self._retries += 1.0
        return True

    def _now(self, now_s: float) -> list[float]:
        """The counts of this second: its beginning, queries, retries."""
        self._forget(now_s)
        if not self._counts or now_s - self._counts[-1][0] >= _STEP_S:
            self._counts.append([now_s, 0.0, 0.0])
        return self._counts[-1]

    def _forget(self, now_s: float) -> None:
        counts = self._counts
        while counts and now_s - counts[0][0] >= WINDOW_S:
            _, queries, retries = counts.popleft()
            self._queries -= queries
            self._retries -= retries
