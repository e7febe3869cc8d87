"""The course of a run over time, in columns, for plots and for judging how it recovers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zeta_router.sim.drive import WATCH_S, Drive
from zeta_router.sim.record import End, Record

PERCENTS = (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.9)
"""Where the distributions of TTFT and TPOT are given."""


class Timeline:
    """Looks at a run every `WATCH_S` seconds; give `watch` to its conditions.

    What engines and prices do is seen at those moments. What becomes of queries is counted by the
    time of their arrival: a bucket's `value` is what those were worth that came in it.
    """

    def __init__(self) -> None:
        self._at_s: list[float] = []
        self._queued: list[int] = []
        self._busy_s: dict[str, float] = {}
        self._seen: dict[str, dict[str, list[float]]] = {}

    def watch(self, drive: Drive) -> None:
        """Note the state of the moment."""
        now_s = drive.kernel.now_s
        self._at_s.append(now_s)
        self._queued.append(sum(drive.router.queue_depths().values()))
        prices = {view.endpoint.id: view.price for view in drive.router.snapshot(now_s).views}
        for key, engine in drive.engines.items():
            seen = self._seen.setdefault(
                key, {"busy_ratio": [], "running": [], "waiting": [], "price": []}
            )
            worked_s = engine.busy_s - self._busy_s.get(key, 0.0)
            self._busy_s[key] = engine.busy_s
            seen["busy_ratio"].append(min(1.0, worked_s / WATCH_S))
            seen["running"].append(engine.running)
            seen["waiting"].append(engine.waiting)
            seen["price"].append(prices.get(key, 0.0))

    def columns(self, records: Sequence[Record]) -> dict[str, Any]:
        """Everything seen, with what became of the queries of each bucket.

        `busy_ratio` at a time is the share of the bucket before it that the engine worked.
        """
        buckets = len(self._at_s)
        counts = {name: [0.0] * buckets for name in ("arrivals", "value", "in_slo", "shed")}
        served = {key: [0] * buckets for key in self._seen}
        tenants: dict[str, dict[str, list[float]]] = {}
        for record in records:
            bucket = min(buckets - 1, int(record.played.at_s // WATCH_S))
            mine = tenants.setdefault(
                record.played.tenant, {name: [0.0] * buckets for name in ("arrivals", "value")}
            )
            mine["arrivals"][bucket] += 1
            mine["value"][bucket] += record.value
            counts["arrivals"][bucket] += 1
            counts["value"][bucket] += record.value
            counts["in_slo"][bucket] += record.in_slo
            counts["shed"][bucket] += record.end is End.SHED
            if record.end is End.SERVED:
                served[record.endpoint_id][bucket] += 1
        return {
            "bucket_s": WATCH_S,
            "at_s": self._at_s,
            **counts,
            "queued": self._queued,
            "tenants": tenants if len(tenants) > 1 else {},
            "endpoints": {key: {**seen, "served": served[key]} for key, seen in self._seen.items()},
        }


def distributions(records: Sequence[Record]) -> dict[str, Any]:
    """TTFT and TPOT of served queries at `PERCENTS`; None where nothing was served."""
    served = [record for record in records if record.end is End.SERVED]
    tpots = [tpot_s for record in served if (tpot_s := record.tpot_s) is not None]
    return {
        "percents": list(PERCENTS),
        "ttft_s": _at_percents([record.ttft_s for record in served]),
        "tpot_s": _at_percents(tpots),
    }


def _at_percents(values: Sequence[float]) -> list[float] | None:
    return [float(v) for v in np.percentile(values, PERCENTS)] if values else None
