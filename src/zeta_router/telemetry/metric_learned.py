"""Gauges of what the router has come to believe about models and endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from zeta_router.telemetry.metric_gauges import Gauge, Reading

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
DRIFT = Gauge(
    "zeta_drift_score",
    "How far a detector has moved from what is usual for the endpoint, by what it watches; warns "
    "at 7, confirms at 12. Only where a detector watches.",
    ("endpoint", "axis"),
)
MEMORY_SLOPE = Gauge(
    "zeta_memory_slope_bytes_per_hour",
    "Growth of the memory of an endpoint's process with its load taken out. Only where enough was "
    "seen to tell.",
    ("endpoint",),
)

LEARNED_GAUGES = (QUALITY, QUALITY_DOUBT, TTFT_SLOWNESS, TPOT_SLOWNESS, DRIFT, MEMORY_SLOPE)
"""All of them, in the order of the reference page."""


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What was learned, at one moment. What nobody has estimated is left out, never 0.

    Attributes:
        quality: Mean and standard deviation by model and task.
        slowness: Ratios of TTFT and TPOT to the fitted ones, by endpoint.
        drift: Score of a change detector, by endpoint and what it watches (a closed list).
        memory_slope: Bytes per hour, by endpoint.
    """

    quality: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    slowness: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    drift: Mapping[tuple[str, str], float] = field(default_factory=dict)
    memory_slope: Mapping[str, float] = field(default_factory=dict)


def learned_gauges(beliefs: Beliefs) -> Iterator[Reading]:
    """The beliefs as gauges."""
    yield QUALITY, [(key, mean) for key, (mean, _) in beliefs.quality.items()]
    yield QUALITY_DOUBT, [(key, sigma) for key, (_, sigma) in beliefs.quality.items()]
    yield TTFT_SLOWNESS, [((id_,), ttft) for id_, (ttft, _) in beliefs.slowness.items()]
    yield TPOT_SLOWNESS, [((id_,), tpot) for id_, (_, tpot) in beliefs.slowness.items()]
    yield DRIFT, list(beliefs.drift.items())
    yield MEMORY_SLOPE, [((id_,), slope) for id_, slope in beliefs.memory_slope.items()]
