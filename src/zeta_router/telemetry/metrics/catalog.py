"""Every metric there is: its name, what it counts, its labels, and its buckets.

Names follow Prometheus' rules: base units, `_total` for counters, and only labels with a bound set
of values. Nothing that a client writes is a label.
"""

from __future__ import annotations

from zeta_router.telemetry.metrics.series import Counter, Histogram

DURATION_BUCKETS = (
    0.01,
    0.02,
    0.04,
    0.08,
    0.16,
    0.32,
    0.64,
    1.28,
    2.56,
    5.12,
    10.24,
    20.48,
    40.96,
    81.92,
)
"""OpenTelemetry's recommendation for durations of generative calls, in seconds."""

TPOT_BUCKETS = (0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
"""Seconds per token; close together around 50 ms, the usual objective."""

OVERHEAD_BUCKETS = (
    0.00005,
    0.0001,
    0.0002,
    0.0004,
    0.0008,
    0.0016,
    0.0032,
    0.0064,
    0.0128,
    0.0256,
    0.0512,
    0.1024,
    0.2048,
)
"""Seconds of our own work; from 50 µs, because a decision takes about 30."""


class RequestSeries:
    """Everything that is counted as it happens."""

    def __init__(self) -> None:
        self.requests = Counter(
            "zeta_requests",
            "Queries that ended, by how: an outcome (ok, client_gone, upstream_error, ...) or the "
            "reason of a refusal (shed, deadline, ...). Model and endpoint are the ones that "
            "answered, else the last ones tried, none for a query that was never sent anywhere.",
            ("model", "endpoint", "task", "outcome"),
        )
        self.attempts = Counter(
            "zeta_attempts",
            "Attempts that ended, retried ones included, by endpoint and outcome.",
            ("endpoint", "outcome"),
        )
        self.decisions = Counter(
            "zeta_decisions",
            "Decisions, by reason and policy; a query that waits or is retried has several.",
            ("reason", "policy"),
        )
        self.spill = Counter(
            "zeta_spill",
            "Queries sent to another model than the static route of their task names.",
            ("from", "to"),
        )
        self.shed = Counter(
            "zeta_shed",
            "Queries refused for want of capacity, by reason.",
            ("reason",),
        )
        self.slo = Counter(
            "zeta_slo",
            "Queries that ended, by what became of their objectives: met, late (answered, one "
            "missed), unserved (refused or failed). Without the client's own mistakes and cancels. "
            "The objectives are the client's, else those of the task.",
            ("model", "task", "result"),
        )
        self.duration = Histogram(
            "zeta_request_duration_seconds",
            "Arrival to last token, of queries that were answered in full.",
            DURATION_BUCKETS,
            ("model", "task"),
        )
        self.ttft = Histogram(
            "zeta_ttft_seconds",
            "Arrival to first token, waiting in the router included, of queries that were "
            "answered in full.",
            DURATION_BUCKETS,
            ("model", "task"),
        )
        self.tpot = Histogram(
            "zeta_tpot_seconds",
            "Mean time per output token after the first, of queries that were answered in full "
            "with two tokens or more.",
            TPOT_BUCKETS,
            ("model", "task"),
        )
        self.overhead = Histogram(
            "zeta_overhead_seconds",
            "The router's own work on a query: reading, deciding and sending it on.",
            OVERHEAD_BUCKETS,
        )
        self.queue_wait = Histogram(
            "zeta_queue_wait_seconds",
            "Time that queries were held in the router, served or not; 0 for the ones that were "
            "not held.",
            (0.001, *DURATION_BUCKETS),
            ("lane",),
        )

    @property
    def all(self) -> tuple[Counter | Histogram, ...]:
        """Every series, in the order of the reference page."""
        return tuple(vars(self).values())
