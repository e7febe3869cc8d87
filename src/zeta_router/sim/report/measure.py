"""From what became of each query to the figures of a run (DESIGN §4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from zeta_router.sim.drive import Drive
from zeta_router.sim.record import End, Record

Row = dict[str, Any]

WALL_CLOCK_FIELDS = ("decision_us_p50", "decision_us_p99", "wall_s")
"""Fields that differ between two runs of one seed; everything else is the same to the last bit."""


def row_of(drive: Drive, *, policy: str, rate: float, seed: int) -> Row:
    """One row of the results.

    `quality_goodput` is the mean over all arrivals of score times [within the objectives], what was
    shed counting 0; `goodput` the same without the score. Percentiles and `mean_quality` are over
    served queries; None where there are none. `utilisation` is busy seconds per second, from the
    start to the last query's end. `tenants` is empty where there is only one.
    """
    records = drive.records
    count = len(records)
    served = [record for record in records if record.end is End.SERVED]
    tpots = [tpot_s for record in served if (tpot_s := record.tpot_s) is not None]
    end_s = max(record.ended_at_s for record in records)
    ends = Counter(record.end for record in records)
    return {
        "policy": policy,
        "rate": rate,
        "seed": seed,
        "arrivals": count,
        "quality_goodput": sum(record.value for record in records) / count,
        "goodput": sum(record.in_slo for record in records) / count,
        "mean_quality": _mean([record.score for record in served]),
        "ttft_p50_s": _percentile([record.ttft_s for record in served], 50),
        "ttft_p99_s": _percentile([record.ttft_s for record in served], 99),
        "e2e_p50_s": _percentile([record.e2e_s for record in served], 50),
        "e2e_p99_s": _percentile([record.e2e_s for record in served], 99),
        "tpot_p99_s": _percentile(tpots, 99),
        "longest_wait_s": max(record.queue_wait_s for record in records),
        "shed_ratio": ends[End.SHED] / count,
        "failed_ratio": ends[End.FAILED] / count,
        "decision_us_p50": _percentile([1e6 * each_s for each_s in drive.decision_s], 50),
        "decision_us_p99": _percentile([1e6 * each_s for each_s in drive.decision_s], 99),
        "utilisation": {
            key: engine.busy_s / end_s if end_s else 0.0 for key, engine in drive.engines.items()
        },
        "simulated_s": end_s,
        "shed_reasons": _reasons(records),
        "served_by": _served_by(served),
        "tenants": _by_tenant(records),
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _percentile(values: Sequence[float], percent: float) -> float | None:
    return float(np.percentile(values, percent)) if values else None


def _reasons(records: Sequence[Record]) -> dict[str, int]:
    """How many were refused, by reason."""
    counts = Counter(record.reason.value for record in records if record.reason is not None)
    return dict(sorted(counts.items()))


def _served_by(served: Sequence[Record]) -> dict[str, dict[str, int]]:
    """Served queries by topic and endpoint."""
    counts: dict[str, Counter[str]] = {}
    for record in served:
        counts.setdefault(record.played.card.topic, Counter())[record.endpoint_id] += 1
    return {topic: dict(sorted(where.items())) for topic, where in sorted(counts.items())}


def _by_tenant(records: Sequence[Record]) -> dict[str, Row]:
    """What each tenant got, where there are several."""
    mine: dict[str, list[Record]] = {}
    for record in records:
        mine.setdefault(record.played.tenant, []).append(record)
    if len(mine) < 2:
        return {}
    return {tenant: _of_tenant(each) for tenant, each in sorted(mine.items())}


def _of_tenant(records: Sequence[Record]) -> Row:
    count = len(records)
    return {
        "arrivals": count,
        "quality_goodput": sum(record.value for record in records) / count,
        "served_ratio": sum(record.end is End.SERVED for record in records) / count,
        "longest_wait_s": max(record.queue_wait_s for record in records),
    }
