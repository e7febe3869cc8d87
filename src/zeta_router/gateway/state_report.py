"""The router's inside as JSON: what `GET /zeta/state` shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zeta_router.core.query import Lane
from zeta_router.core.snapshot import EndpointView, Snapshot
from zeta_router.gateway.fleet_report import endpoint_report
from zeta_router.learn.forecast.arrivals import Forecast
from zeta_router.router.decision.foresight import Foreseen
from zeta_router.router.endpoint.vitals import Vitals
from zeta_router.router.inside import Held, Inside, Learned

ORDER = (
    "lane first (after half of its patience a query stands one lane up), within a lane the tenant "
    "with the fewest engine-seconds, within a tenant the highest density x ageing; density is what "
    "an answer in time is worth per engine-second, ageing is 1 + waited / 10 s"
)


def state_report(
    inside: Inside,
    queued: Mapping[Lane, int],
    *,
    snapshot: Snapshot | None = None,
    vitals: Mapping[str, Vitals] | None = None,
) -> dict[str, Any]:
    """The waiting line in its order with the reason of each place, tenants, prices, speeds.

    With a `snapshot`, endpoints also have what `/zeta/fleet` shows of them; with `vitals`, what
    their conditions rest on.
    """
    views = {view.endpoint.id: view for view in snapshot.views} if snapshot is not None else {}
    return {
        "now_s": round(inside.now_s, 3),
        "policy": inside.policy,
        "open": inside.open_cases,
        "sessions": inside.sessions,
        "queue": {
            "order": ORDER,
            "depth": {lane.value: depth for lane, depth in queued.items()},
            "next": [_held(held) for held in inside.line],
        },
        "tenants": [
            {"tenant": tenant, "work_s": work_s}
            for tenant, work_s in sorted(inside.tenants_work_s.items(), key=lambda item: item[1])
        ],
        "endpoints": [
            _endpoint(learned, views.get(learned.endpoint_id), vitals or {}, inside.now_s)
            for learned in inside.learned
        ],
        "forecast": _foreseen(inside.foreseen),
    }


def _endpoint(
    learned: Learned, view: EndpointView | None, vitals: Mapping[str, Vitals], now_s: float
) -> dict[str, Any]:
    shown = endpoint_report(view, now_s) if view is not None else {}
    vital = vitals.get(learned.endpoint_id)
    return {**shown, **_learned(learned), **(_vital(vital) if vital is not None else {})}


def _vital(vital: Vitals) -> dict[str, Any]:
    """`fall` warns at 7 and is sure at 12 (`learn.condition.cusum`); null while not judged."""
    return {
        "circuit": vital.circuit.value,
        "slowdown": vital.slowdown,
        "fall": vital.fall,
        "memory_slope_bytes_per_h": vital.memory_slope_bytes_per_h,
        "canaries_failing": vital.canaries_failing,
    }


def _foreseen(foreseen: Foreseen) -> dict[str, Any]:
    """Arrivals by task and horizon, how good the forecast was lately, and what follows from it."""
    tasks: dict[str, dict[str, Any]] = {}
    for horizon_s, forecasts in foreseen.arrivals.items():
        for task, forecast in forecasts.items():
            tasks.setdefault(task, {})[f"{horizon_s:g}s"] = _forecast(forecast)
    return {
        "tasks": tasks,
        "work_s": dict(foreseen.work_s),
        "load_p90": foreseen.load_p90,
        "price_floors": dict(foreseen.floors),
    }


def _forecast(forecast: Forecast) -> dict[str, Any]:
    """`note` says so where the error is too large to go by."""
    note = "" if forecast.forecastable else "not forecastable"
    return {
        "expected": round(forecast.expected, 2),
        "p50": round(forecast.p50, 2),
        "p90": round(forecast.p90, 2),
        "wape": forecast.wape,
        "coverage_p90": forecast.coverage_p90,
        "note": "nothing scored yet" if forecast.wape is None else note,
    }


def _held(held: Held) -> dict[str, Any]:
    standing = held.standing
    return {
        "id": held.query_id,
        "task": held.task,
        "lane": standing.lane.value,
        "tenant": held.tenant,
        "tenant_work_s": standing.tenant_work_s,
        "density": standing.density,
        "ageing": standing.ageing,
        "waited_s": round(held.waited_s, 3),
        "patience_left_s": round(held.patience_left_s, 3),
    }


def _learned(learned: Learned) -> dict[str, Any]:
    ttft_rate, tpot_rate = learned.rates
    return {
        "id": learned.endpoint_id,
        "price": learned.price,
        "observations": learned.observations,
        "tpot_idle_s": learned.tpot_idle_s,
        "tpot_full_s": learned.tpot_full_s,
        "tpot_slope_s": learned.tpot_slope_s,
        "prefill_tokens_per_s": learned.prefill_tokens_per_s,
        "ttft_rate": ttft_rate,
        "tpot_rate": tpot_rate,
        "prefix_trust": learned.prefix_trust,
        "condition": {
            finding.axis.value: {
                "state": finding.condition.value,
                "since_s": round(finding.since_s, 3),
                "value": finding.value,
                "text": finding.text,
            }
            for finding in learned.findings
        },
    }
