"""The fleet as JSON: what `GET /zeta/fleet` shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from zeta_router.core.query import Lane
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.core.snapshot import EndpointView, Health, Snapshot

_SIGNALS = tuple(f.name for f in fields(EngineSample) if f.name not in ("models", "resident"))


def fleet_report(snapshot: Snapshot, queued: Mapping[Lane, int], policy: str) -> dict[str, Any]:
    """Every endpoint with its state and signals, and what waits in the router."""
    return {
        "policy": policy,
        "version": snapshot.version,
        "now_s": snapshot.now_s,
        "queued": {lane.value: depth for lane, depth in queued.items()},
        "endpoints": [endpoint_report(view, snapshot.now_s) for view in snapshot.views],
    }


def endpoint_report(view: EndpointView, now_s: float) -> dict[str, Any]:
    """One endpoint. An absent signal is null with its age and source, never 0."""
    sample = view.sample
    waiting = sample.waiting
    return {
        "id": view.endpoint.id,
        "url": view.endpoint.url,
        "model": view.model.name,
        "engine": view.endpoint.engine,
        "state": "paused" if view.paused and view.health is Health.UP else view.health.value,
        "generation": view.generation,
        "in_flight": view.in_flight,
        "foreign_in_flight": view.foreign_in_flight,
        "queue_depth": waiting.value if waiting is not None else None,
        "slots": view.slots,
        "price": view.price,
        "ttft_ewma_s": view.peak_ewma_s,
        "resident": sample.resident,
        "signals": {name: _signal(getattr(sample, name), now_s) for name in _SIGNALS},
    }


def _signal(signal: Signal | None, now_s: float) -> dict[str, Any]:
    if signal is None:
        return {"value": None, "age_s": None, "source": "not polled"}
    return {
        "value": signal.value,
        "age_s": round(signal.age_s(now_s), 3),
        "source": signal.source,
    }
