"""Gauges: what is true at the moment of the scrape, read from the router and the log."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from zeta_router import __version__
from zeta_router.core.query import LANES, Lane
from zeta_router.core.signal import Signal
from zeta_router.core.snapshot import EndpointView, Health, Snapshot
from zeta_router.telemetry.metrics.exposition import head, kept_sample, number
from zeta_router.telemetry.records import LogHealth
from zeta_router.telemetry.signals import SIGNALS

Sample = tuple[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A metric whose value is read and not counted here; `counts` when it only ever rises."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    counts: bool = False

    def family(self, samples: Iterable[Sample]) -> Metric:
        """The metric with its values, each under the values of its labels."""
        kind = CounterMetricFamily if self.counts else GaugeMetricFamily
        family = kind(self.name, self.help, labels=self.labels)
        for key, value in samples:
            family.add_metric(key, value)
        return family

    def text(self, samples: Iterable[Sample]) -> str:
        """The same, as Prometheus reads it."""
        name = f"{self.name}_total" if self.counts else self.name
        lines = [head(name, self.help, "counter" if self.counts else "gauge")]
        for key, value in samples:
            lines.append(f"{kept_sample(name, self.labels, key)}{number(value)}\n")
        return "".join(lines)


Reading = tuple[Gauge, list[Sample]]
"""A gauge with what it shows at this moment."""


QUEUE_DEPTH = Gauge("zeta_queue_depth", "Queries held in the router.", ("lane",))
INFO = Gauge(
    "zeta_endpoint_info",
    "1 for each endpoint; tells which model it serves and what engine it is.",
    ("endpoint", "model", "engine"),
)
STATE = Gauge(
    "zeta_endpoint_state",
    "1 for the state that the endpoint is in, 0 for the others.",
    ("endpoint", "state"),
)
IN_FLIGHT = Gauge(
    "zeta_endpoint_inflight", "Our requests that the endpoint is working on.", ("endpoint",)
)
FOREIGN = Gauge(
    "zeta_endpoint_foreign_inflight",
    "Requests of others that a fresh poll shows at the endpoint.",
    ("endpoint",),
)
HELD = Gauge(
    "zeta_endpoint_held",
    "Queries that wait in the router for the endpoint, as of their latest decisions.",
    ("endpoint",),
)
SLOTS = Gauge(
    "zeta_endpoint_slots", "Requests that the endpoint may work on at once.", ("endpoint",)
)
TRUST = Gauge(
    "zeta_endpoint_trust_ratio",
    "What the quality of the endpoint's answers counts for; below 1 while it is in doubt.",
    ("endpoint",),
)
PRICE = Gauge(
    "zeta_endpoint_price",
    "Price of the endpoint's time, in quality per engine-second.",
    ("endpoint",),
)
READINGS = {
    "running": Gauge(
        "zeta_endpoint_running", "Requests that the engine says it is generating.", ("endpoint",)
    ),
    "waiting": Gauge(
        "zeta_endpoint_waiting",
        "Requests that the engine says are queued inside it.",
        ("endpoint",),
    ),
    "kv_used_ratio": Gauge(
        "zeta_endpoint_kv_used_ratio", "Share of the engine's KV cache in use.", ("endpoint",)
    ),
    "cpu_ratio": Gauge(
        "zeta_endpoint_cpu_ratio",
        "CPU use of the engine's process over the cores it may use.",
        ("endpoint",),
    ),
    "rss_bytes": Gauge(
        "zeta_endpoint_memory_bytes", "Resident memory of the engine's process.", ("endpoint",)
    ),
    "memory_left_bytes": Gauge(
        "zeta_endpoint_memory_left_bytes",
        "Memory that the engine's machine, or what confines its process, has left.",
        ("endpoint",),
    ),
}
"""Signals that have a metric of their own; one that is absent has no sample, never a 0."""
SIGNAL_AGE = Gauge(
    "zeta_signal_age_seconds",
    "Time since the signal was read; only for signals that the endpoint gives.",
    ("endpoint", "signal"),
)
SIGNAL_ABSENT = Gauge(
    "zeta_signal_absent",
    "1 for a signal that the endpoint does not give, 0 for one that it gives.",
    ("endpoint", "signal"),
)
LOG_DROPPED = Gauge(
    "zeta_log_rows_dropped",
    "Rows that the decision log gave up because its file could not take them.",
    counts=True,
)
LOG_WRITTEN = Gauge("zeta_log_rows_written", "Rows that the decision log wrote.", counts=True)
LOG_ERRORS = Gauge(
    "zeta_log_errors", "Attempts to write the decision log that failed.", counts=True
)
LOG_PENDING = Gauge("zeta_log_rows_pending", "Rows of the decision log not written yet.")
CONNECTIONS = Gauge("zeta_client_connections", "Connections of clients that are open.")
REFUSED = Gauge(
    "zeta_clients_refused",
    "Connections that were refused or cut before they were a request, or for being slow, by why.",
    ("why",),
    counts=True,
)
BUILD_INFO = Gauge("zeta_build_info", "1; tells which version is running.", ("version", "python"))

GAUGES = (
    QUEUE_DEPTH,
    INFO,
    STATE,
    IN_FLIGHT,
    FOREIGN,
    HELD,
    SLOTS,
    PRICE,
    TRUST,
    *READINGS.values(),
    SIGNAL_AGE,
    SIGNAL_ABSENT,
    LOG_DROPPED,
    LOG_WRITTEN,
    LOG_ERRORS,
    LOG_PENDING,
    CONNECTIONS,
    REFUSED,
    BUILD_INFO,
)
"""All of them, in the order of the reference page."""


def router_gauges(depths: Mapping[Lane, int], snapshot: Snapshot) -> Iterator[Reading]:
    """The router's queue, and the fleet as the router sees it."""
    views = snapshot.views
    yield QUEUE_DEPTH, [((lane.value,), depths.get(lane, 0)) for lane in LANES]
    yield (
        INFO,
        [((view.endpoint.id, view.model.name, view.endpoint.engine), 1) for view in views],
    )
    yield (
        STATE,
        [
            ((view.endpoint.id, health.value), int(view.health is health))
            for view in views
            for health in Health
        ],
    )
    yield IN_FLIGHT, [((view.endpoint.id,), view.in_flight) for view in views]
    yield FOREIGN, [((view.endpoint.id,), view.foreign_in_flight) for view in views]
    yield HELD, [((view.endpoint.id,), view.held) for view in views]
    yield SLOTS, [((view.endpoint.id,), view.slots) for view in views]
    yield PRICE, [((view.endpoint.id,), view.price) for view in views]
    yield TRUST, [((view.endpoint.id,), view.trust) for view in views]
    for signal, gauge in READINGS.items():
        yield gauge, [((id_,), value) for id_, _, value in _given(views, signal)]
    yield from _signals(snapshot)


def _given(views: Iterable[EndpointView], name: str) -> Iterator[tuple[str, Signal, float]]:
    """Id, reading and value of the endpoints that give the signal."""
    for view in views:
        signal: Signal | None = getattr(view.sample, name)
        if signal is not None and signal.value is not None:
            yield view.endpoint.id, signal, signal.value


def _signals(snapshot: Snapshot) -> Iterator[Reading]:
    """Age of every signal that is there, and which ones are not."""
    ages: list[Sample] = []
    absent: list[Sample] = []
    for name in SIGNALS:
        age_s = {
            endpoint_id: signal.age_s(snapshot.now_s)
            for endpoint_id, signal, _ in _given(snapshot.views, name)
        }
        ages += [((endpoint_id, name), age) for endpoint_id, age in age_s.items()]
        absent += [
            ((view.endpoint.id, name), int(view.endpoint.id not in age_s))
            for view in snapshot.views
        ]
    yield SIGNAL_AGE, ages
    yield SIGNAL_ABSENT, absent


def log_gauges(health: LogHealth) -> Iterator[Reading]:
    """The decision log's own state."""
    yield LOG_DROPPED, [((), health.dropped)]
    yield LOG_WRITTEN, [((), health.written)]
    yield LOG_ERRORS, [((), health.errors)]
    yield LOG_PENDING, [((), health.pending)]


def client_gauges(connections: int, refused: Mapping[str, int]) -> Iterator[Reading]:
    """Who is connected, and who was not let in."""
    yield CONNECTIONS, [((), connections)]
    yield REFUSED, [((why,), count) for why, count in refused.items()]


def build_info() -> Reading:
    """Which program this is."""
    return BUILD_INFO, [((__version__, platform.python_version()), 1)]
