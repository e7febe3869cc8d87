"""Gauges of what the router has come to believe about models and endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from zeta_router.control.ejection import Circuit
from zeta_router.core.condition import Axis, Condition
from zeta_router.learn.forecast.arrivals import Forecast
from zeta_router.router.endpoint.vitals import Vitals
from zeta_router.telemetry.metrics.forecast import FORECAST_GAUGES, forecast_gauges
from zeta_router.telemetry.metrics.gauges import Gauge, Reading

QUALITY = Gauge(
    "zeta_quality_estimate",
    "Expected quality of the model's answers to tasks of this kind, 0 to 1: the prior of the fleet "
    "file, corrected by every judgement since.",
    ("model", "task"),
)
QUALITY_DOUBT = Gauge(
    "zeta_quality_estimate_stddev",
    "Standard deviation of that estimate; falls as judgements come in.",
    ("model", "task"),
)
BREAKER = Gauge(
    "zeta_breaker_state",
    "1 for the state that the endpoint's circuit breaker is in, 0 for the others: closed (queries "
    "pass), open (none pass: it cannot be reached, or its answers were of no use), half_open (one "
    "at a time).",
    ("endpoint", "state"),
)
CONDITION = Gauge(
    "zeta_endpoint_condition",
    "How well the endpoint does on each axis: 0 healthy, 1 suspect, 2 degraded, 3 ejected, "
    "4 probing.",
    ("endpoint", "axis"),
)
TTFT_SLOWNESS = Gauge(
    "zeta_endpoint_ttft_slowness_ratio",
    "How much longer first tokens of late took than the endpoint's fitted speed says; 1 is as "
    "fitted.",
    ("endpoint",),
)
TPOT_SLOWNESS = Gauge(
    "zeta_endpoint_tpot_slowness_ratio",
    "How much longer tokens after the first of late took than the endpoint's fitted speed says; 1 "
    "is as fitted.",
    ("endpoint",),
)
SLOWDOWN = Gauge(
    "zeta_endpoint_slowdown_ratio",
    "How much slower the endpoint decodes than it once did at the same batch; at least 1.",
    ("endpoint",),
)
DRIFT = Gauge(
    "zeta_drift_score",
    "Evidence that the endpoint's answers got worse, of a CUSUM over what can be told without a "
    "judge; it warns at 7 and is sure at 12. From 100 answers on.",
    ("endpoint", "axis"),
)
CANARIES = Gauge(
    "zeta_canaries_failing",
    "Golden prompts that the endpoint used to answer rightly and does not. Once it knows one.",
    ("endpoint",),
)
MEMORY_SLOPE = Gauge(
    "zeta_memory_slope_bytes_per_hour",
    "Growth of the memory of the endpoint's process at equal load. From seven hours on.",
    ("endpoint",),
)

LEARNED_GAUGES = (
    QUALITY,
    QUALITY_DOUBT,
    BREAKER,
    CONDITION,
    TTFT_SLOWNESS,
    TPOT_SLOWNESS,
    SLOWDOWN,
    DRIFT,
    CANARIES,
    MEMORY_SLOPE,
    *FORECAST_GAUGES,
)
"""All of them, in the order of the reference page."""

CONDITION_NUMBERS = {condition: number for number, condition in enumerate(Condition)}


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What was learned, at one moment. What nobody has estimated is left out, never 0.

    Attributes:
        quality: Mean and standard deviation by model and task.
        vitals: How each endpoint does.
        forecasts: Arrivals forecast within 30 s, by task.
    """

    quality: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    vitals: Mapping[str, Vitals] = field(default_factory=dict)
    forecasts: Mapping[str, Forecast] = field(default_factory=dict)


def learned_gauges(beliefs: Beliefs) -> Iterator[Reading]:
    """The beliefs as gauges."""
    yield QUALITY, [(key, mean) for key, (mean, _) in beliefs.quality.items()]
    yield QUALITY_DOUBT, [(key, sigma) for key, (_, sigma) in beliefs.quality.items()]
    vitals = beliefs.vitals
    yield (
        BREAKER,
        [
            ((id_, circuit.value), int(circuit is one.circuit))
            for id_, one in vitals.items()
            for circuit in Circuit
        ],
    )
    yield (
        CONDITION,
        [
            ((id_, finding.axis.value), CONDITION_NUMBERS[finding.condition])
            for id_, one in vitals.items()
            for finding in one.findings
        ],
    )
    yield TTFT_SLOWNESS, [((id_,), one.ttft_slowness) for id_, one in vitals.items()]
    yield TPOT_SLOWNESS, [((id_,), one.tpot_slowness) for id_, one in vitals.items()]
    yield SLOWDOWN, [((id_,), one.slowdown) for id_, one in vitals.items()]
    quality = Axis.QUALITY.value
    yield (
        DRIFT,
        [((id_, quality), one.fall) for id_, one in vitals.items() if one.fall is not None],
    )
    yield (
        CANARIES,
        [
            ((id_,), one.canaries_failing)
            for id_, one in vitals.items()
            if one.canaries_failing is not None
        ],
    )
    yield (
        MEMORY_SLOPE,
        [
            ((id_,), one.memory_slope_bytes_per_h)
            for id_, one in vitals.items()
            if one.memory_slope_bytes_per_h is not None
        ],
    )
    yield from forecast_gauges(beliefs.forecasts)
