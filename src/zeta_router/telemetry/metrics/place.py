"""The series that queries of one kind count in, looked up once."""

from __future__ import annotations

from zeta_router.telemetry.metrics.catalog import RequestSeries
from zeta_router.telemetry.metrics.series import Buckets, Count

NONE = "none"
"""Label of a query that was never sent anywhere."""


class Place:
    """The series of one model, endpoint and task, looked up once."""

    __slots__ = (
        "_series",
        "duration",
        "ends",
        "labels",
        "late",
        "met",
        "tpot",
        "ttft",
        "unserved",
    )

    def __init__(self, series: RequestSeries, model: str, endpoint_id: str, task: str) -> None:
        self._series = series
        self.labels = (model, endpoint_id, task)
        answers = model != NONE
        self.duration = series.duration.of(model, task) if answers else Buckets(())
        self.ttft = series.ttft.of(model, task) if answers else Buckets(())
        self.tpot = series.tpot.of(model, task) if answers else Buckets(())
        self.met = series.slo.of(model, task, "met")
        self.late = series.slo.of(model, task, "late")
        self.unserved = series.slo.of(model, task, "unserved")
        self.ends: dict[str, Count] = {}

    def end(self, outcome: str) -> Count:
        """The count of queries that ended here with `outcome`."""
        count = self.ends.get(outcome)
        if count is None:
            count = self.ends[outcome] = self._series.requests.of(*self.labels, outcome)
        return count
