"""An hour of each endpoint's past, sampled whether somebody looks or not: for timelines."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from zeta_router.core.snapshot import Snapshot
from zeta_router.router.endpoint.vitals import Vitals

EVERY_S = 10.0
SAMPLES = 360
"""An hour."""

COLUMNS = (
    "at_s",
    "in_flight",
    "price",
    "cpu_ratio",
    "rss_bytes",
    "fall",
    "canaries_failing",
    "slowdown",
    "liveness",
    "latency",
    "quality",
    "memory",
)
"""Of one sample, in this order; the last four are conditions by name."""


class History:
    """Samples of every endpoint, oldest first; an endpoint that is gone is forgotten."""

    def __init__(self) -> None:
        self._samples: dict[str, deque[list[Any]]] = {}

    def sample(self, snapshot: Snapshot, vitals: Mapping[str, Vitals]) -> None:
        """Take down the moment."""
        kept: dict[str, deque[list[Any]]] = {}
        for view in snapshot.views:
            vital = vitals.get(view.endpoint.id)
            if vital is None:
                continue
            cpu, rss = view.sample.cpu_ratio, view.sample.rss_bytes
            row = [
                round(snapshot.now_s, 1),
                view.in_flight,
                round(view.price, 5),
                cpu.value if cpu is not None else None,
                rss.value if rss is not None else None,
                vital.fall,
                vital.canaries_failing,
                round(vital.slowdown, 3),
                *(finding.condition.value for finding in vital.findings),
            ]
            samples = self._samples.get(view.endpoint.id)
            kept[view.endpoint.id] = deque(maxlen=SAMPLES) if samples is None else samples
            kept[view.endpoint.id].append(row)
        self._samples = kept

    def report(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "every_s": EVERY_S,
            "columns": list(COLUMNS),
            "endpoints": {id_: list(samples) for id_, samples in self._samples.items()},
        }
