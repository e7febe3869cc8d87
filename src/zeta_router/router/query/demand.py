"""What queries of late would be worth and cost on each endpoint, by kind.

The latest decisions carry every candidate's predictions. Averaged by topic they are the classes of
`control.price_floor`; kept as they are until somebody asks, so that a decision pays for one append.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf

from zeta_router.control.price_floor import ClassDemand
from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.query import Lane, Query

REMEMBERED = 128

_LEAST_WORK_S = 1e-4


class RecentDemand:
    """The first decisions on the latest queries."""

    def __init__(self) -> None:
        self._recent: deque[tuple[Query, Decision]] = deque(maxlen=REMEMBERED)

    def decided(self, query: Query, decision: Decision) -> None:
        """A query was decided on for the first time."""
        if decision.candidates:
            self._recent.append((query, decision))

    def classes(self, endpoint_ids: Sequence[str]) -> tuple[ClassDemand, ...]:
        """Kinds of queries with their mean value and work on each endpoint; rates add up to 1."""
        sums: dict[str, _Sums] = {}
        for query, decision in self._recent:
            topic = decision.task.topics[0].topic
            kind = sums.get(topic)
            if kind is None:
                kind = sums[topic] = _Sums()
            kind.add(query, decision)
        share = 1.0 / max(1, len(self._recent))
        return tuple([kind.mean(endpoint_ids, share) for kind in sums.values()])

    def work_s(self) -> dict[str, float]:
        """Mean engine-seconds of the dispatched ones, by task."""
        works: dict[str, list[float]] = {}
        for _, decision in self._recent:
            work_s = _taken_s(decision)
            if work_s is not None:
                works.setdefault(decision.task.task.value, []).append(work_s)
        return {task: sum(each) / len(each) for task, each in works.items()}

    def urgent_load(self, rate_per_s: float) -> float:
        """Share of the capacity that all lanes but batch take if so many queries come in a second.

        By the work of the latest queries, over the endpoints that could have served any of them.
        """
        endpoints: set[str] = set()
        work_s = 0.0
        for query, decision in self._recent:
            endpoints.update([c.view.endpoint.id for c in decision.candidates])
            if query.lane is not Lane.BATCH:
                taken_s = _taken_s(decision)
                work_s += min(c.work_s for c in decision.candidates) if taken_s is None else taken_s
        if not endpoints:
            return 0.0
        return rate_per_s * work_s / len(self._recent) / len(endpoints)


class _Sums:
    """Sums over the queries of one kind, by endpoint."""

    def __init__(self) -> None:
        self._queries = 0
        self._by_endpoint: dict[str, list[float]] = {}

    def add(self, query: Query, decision: Decision) -> None:
        self._queries += 1
        for candidate in decision.candidates:
            sums = self._by_endpoint.setdefault(candidate.view.endpoint.id, [0.0, 0.0, 0.0])
            sums[0] += 1.0
            sums[1] += candidate.quality * query.weight
            sums[2] += candidate.work_s

    def mean(self, endpoint_ids: Sequence[str], share: float) -> ClassDemand:
        value, work_s = [], []
        for endpoint_id in endpoint_ids:
            count, values, works = self._by_endpoint.get(endpoint_id, (0.0, 0.0, 0.0))
            value.append(values / count if count else 0.0)
            work_s.append(max(_LEAST_WORK_S, works / count) if count else inf)
        return ClassDemand(self._queries * share, tuple(value), tuple(work_s))


def _taken_s(decision: Decision) -> float | None:
    """Engine-seconds where it was dispatched; None where it was not."""
    if decision.verdict is not Verdict.DISPATCH:
        return None
    chosen = decision.endpoint_id
    return next((c.work_s for c in decision.candidates if c.view.endpoint.id == chosen), None)
