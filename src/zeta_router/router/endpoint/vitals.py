"""How each endpoint does, as values for metrics: state of its circuit, speed, memory, quality."""

from __future__ import annotations

from typing import NamedTuple

from zeta_router.control.ejection import Circuit
from zeta_router.core.condition import Finding
from zeta_router.learn.condition.leak import NO_TREND
from zeta_router.router.endpoint.state import EndpointState


class Vitals(NamedTuple):
    """One endpoint.

    Attributes:
        circuit: Whether queries may pass; `OPEN` also for one that cannot be reached.
        ttft_slowness, tpot_slowness: Ratios of late times to the fitted ones.
        slowdown: Ratio of its decoding time to its best at the same batch, >= 1.
        findings: What is the matter, by axis.
        fall: Evidence that its answers got worse; None while nothing can be judged.
        memory_slope_bytes_per_h: At equal load; None while too little was seen.
        canaries_failing: Golden prompts that it used to know and fails; None while it knows none.
    """

    circuit: Circuit
    ttft_slowness: float
    tpot_slowness: float
    slowdown: float
    findings: tuple[Finding, ...]
    fall: float | None
    memory_slope_bytes_per_h: float | None
    canaries_failing: int | None


def vitals_of(state: EndpointState, now_s: float) -> Vitals:
    """How an endpoint does at the moment."""
    cognition = state.cognition
    trend, golden = cognition.memory.trend, cognition.canary_round.record
    return Vitals(
        state.ejection.circuit if state.liveness.alive else Circuit.OPEN,
        *state.latency.rates,
        state.latency.slowdown,
        state.findings(now_s),
        cognition.quality.down if cognition.quality.baseline is not None else None,
        trend.slope_bytes_per_h if trend is not NO_TREND else None,
        golden.failing if golden.known else None,
    )
