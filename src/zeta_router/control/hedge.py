"""When to send a query a second time, because its answer is later than nineteen of twenty.

A slow replica holds few queries, and those for long; asking another one once most answers would
have come cuts the tail for a few percent more work. Only embeddings: their copies cost little, and
replicas of one space give the same answer. Late is measured against what was predicted for the
query on that endpoint, so that a long text is not taken for a slow engine.

Source: Dean and Barroso, The Tail at Scale (CACM 2013); Finagle's BackupRequestFilter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush

QUANTILE = 0.95
LEAST_SEEN = 20
"""Answers of a model before anything is called late."""

KEPT = 200
"""Latest answers of a model that tell what is usual."""

REFRESHED_EVERY = 20

LEAST_S = 0.002
"""No answer is late before that: a copy would hardly be faster than the timer."""

BURST = 5.0
"""Copies that may be sent at once after a time without any."""


class HedgeClock:
    """Tells who is late, and whether a copy may be sent.

    Args:
        ratio: Copies per query, 0..1; 0 sends none.
    """

    def __init__(self, ratio: float) -> None:
        self.ratio = ratio
        self._allowed = 1.0
        self._usual: dict[str, _Usual] = {}
        self._due: list[tuple[float, str, int]] = []

    def sent(
        self, query_id: str, attempt: int, model: str, expected_s: float, now_s: float
    ) -> None:
        """A query went out that may be sent again; `expected_s` is how long it should take."""
        self._allowed = min(BURST, self._allowed + self.ratio)
        usual = self._usual.get(model)
        if self.ratio > 0.0 and usual is not None and usual.late is not None:
            late_s = max(LEAST_S, usual.late * expected_s)
            heappush(self._due, (now_s + late_s, query_id, attempt))

    def answered(self, model: str, expected_s: float, taken_s: float) -> None:
        """An answer took so long, or was waited for so long when another one was faster."""
        if expected_s > 0.0:
            self._usual.setdefault(model, _Usual()).add(taken_s / expected_s)

    @property
    def next_s(self) -> float | None:
        """When the next query will be late."""
        return self._due[0][0] if self._due else None

    def late(self, now_s: float) -> Iterator[tuple[str, int]]:
        """Queries that are late, with the number of the attempt, each told once."""
        while self._due and self._due[0][0] <= now_s:
            _, query_id, attempt = heappop(self._due)
            yield query_id, attempt

    def spend(self) -> bool:
        """Take one copy; False, and nothing is taken, where none is left."""
        if self._allowed < 1.0:
            return False
        self._allowed -= 1.0
        return True


class _Usual:
    """How long answers took, in parts of what was expected.

    Attributes:
        late: The quantile; None while too few were seen.
    """

    __slots__ = ("_kept", "_new", "late")

    def __init__(self) -> None:
        self._kept: deque[float] = deque(maxlen=KEPT)
        self._new = 0
        self.late: float | None = None

    def add(self, part: float) -> None:
        self._kept.append(part)
        self._new += 1
        if self._new >= REFRESHED_EVERY and len(self._kept) >= LEAST_SEEN:
            self._new = 0
            ordered = sorted(self._kept)
            self.late = ordered[int(QUANTILE * (len(ordered) - 1))]
