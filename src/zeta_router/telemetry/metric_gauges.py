"""Gauges: what is true at the moment of the scrape, read from the router's snapshot."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from zeta_router import __version__
from zeta_router.core.query import LANES, Lane
from zeta_router.core.snapshot import EndpointView, Health, Snapshot
from zeta_router.telemetry.records import LogHealth
from zeta_router.telemetry.signals import SIGNALS

READINGS = {
    "running": ("zeta_endpoint_running", "Requests that the engine says it is generating."),
    "waiting": ("zeta_endpoint_waiting", "Requests that the engine says are queued inside it."),
    "kv_used_ratio": ("zeta_endpoint_kv_used_ratio", "Share of the engine's KV cache in use."),
    "cpu_ratio": ("zeta_endpoint_cpu_ratio", "CPU use of the engine over the cores it may use."),
    "rss_bytes": ("zeta_endpoint_memory_bytes", "Resident memory of the engine's process."),
}
"""Signals that have a metric of their own; one that is absent has no sample, never a 0."""


def queue_gauges(depths: Mapping[Lane, int]) -> Iterator[Metric]:
    """The router's own queue."""
    family = GaugeMetricFamily(
        "zeta_queue_depth", "Queries held in the router, by lane.", labels=("lane",)
    )
    for lane in LANES:
        family.add_metric((lane.value,), depths.get(lane, 0))
    yield family


def endpoint_gauges(snapshot: Snapshot) -> Iterator[Metric]:
    """The fleet as the router sees it."""
    views = snapshot.views
    yield _info(views)
    yield _state(views)
    yield _per_endpoint(
        "zeta_endpoint_inflight",
        "Our requests that the endpoint is working on.",
        {view.endpoint.id: view.in_flight for view in views},
    )
    yield _per_endpoint(
        "zeta_endpoint_foreign_inflight",
        "Requests of others that a fresh poll shows at the endpoint.",
        {view.endpoint.id: view.foreign_in_flight for view in views},
    )
    yield _per_endpoint(
        "zeta_endpoint_slots",
        "Requests that the endpoint may work on at once.",
        {view.endpoint.id: view.slots for view in views},
    )
    yield _per_endpoint(
        "zeta_endpoint_price",
        "Price of the endpoint's time, in quality per engine-second.",
        {view.endpoint.id: view.price for view in views},
    )
    for signal, (name, text) in READINGS.items():
        yield _per_endpoint(name, text, _readings(views, signal))
    yield from _signals(snapshot)


def _per_endpoint(name: str, text: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=("endpoint",))
    for endpoint_id, value in values.items():
        family.add_metric((endpoint_id,), value)
    return family


def _readings(views: tuple[EndpointView, ...], signal: str) -> dict[str, float]:
    found = {}
    for view in views:
        reading = getattr(view.sample, signal)
        if reading is not None and reading.value is not None:
            found[view.endpoint.id] = reading.value
    return found


def _info(views: tuple[EndpointView, ...]) -> Metric:
    family = GaugeMetricFamily(
        "zeta_endpoint_info",
        "1 for each endpoint; tells which model it serves and what engine it is.",
        labels=("endpoint", "model", "engine"),
    )
    for view in views:
        family.add_metric((view.endpoint.id, view.model.name, view.endpoint.engine), 1)
    return family


def _state(views: tuple[EndpointView, ...]) -> Metric:
    family = GaugeMetricFamily(
        "zeta_endpoint_state",
        "1 for the state that the endpoint is in, 0 for the others.",
        labels=("endpoint", "state"),
    )
    for view in views:
        for health in Health:
            family.add_metric((view.endpoint.id, health.value), float(view.health is health))
    return family


def _signals(snapshot: Snapshot) -> Iterator[Metric]:
    """Age of every signal that is there, and which ones are not."""
    age = GaugeMetricFamily(
        "zeta_signal_age_seconds",
        "Time since the signal was read; only for signals that the endpoint gives.",
        labels=("endpoint", "signal"),
    )
    absent = GaugeMetricFamily(
        "zeta_signal_absent",
        "1 for a signal that the endpoint does not give, 0 for one that it gives.",
        labels=("endpoint", "signal"),
    )
    for view in snapshot.views:
        for name in SIGNALS:
            reading = getattr(view.sample, name)
            key = (view.endpoint.id, name)
            missing = reading is None or reading.value is None
            absent.add_metric(key, float(missing))
            if not missing:
                age.add_metric(key, reading.age_s(snapshot.now_s))
    yield age
    yield absent


def log_metrics(health: LogHealth) -> Iterator[Metric]:
    """The decision log's own state."""
    yield CounterMetricFamily(
        "zeta_log_rows_dropped",
        "Rows that the decision log gave up because its file could not take them.",
        health.dropped,
    )
    yield CounterMetricFamily(
        "zeta_log_rows_written", "Rows that the decision log wrote.", health.written
    )
    yield CounterMetricFamily(
        "zeta_log_errors", "Attempts to write the decision log that failed.", health.errors
    )
    yield GaugeMetricFamily(
        "zeta_log_rows_pending", "Rows of the decision log not written yet.", health.pending
    )


def build_info() -> Iterator[Metric]:
    """Which program this is."""
    family = GaugeMetricFamily(
        "zeta_build_info", "1; tells which version is running.", labels=("version", "python")
    )
    family.add_metric((__version__, platform.python_version()), 1)
    yield family
