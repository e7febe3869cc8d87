"""Loading models before the queries come that will want them.

An engine drops a model that has been idle for minutes; where the forecast says that queries of its
kind go on coming, it is loaded again while nobody waits. Off unless `Limits.prewarm` is set:
loading one model may push another one out of memory, which only the operator can weigh.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeta_router.core.snapshot import Health
from zeta_router.router.decision.placement import Placement
from zeta_router.router.endpoint.state import EndpointState

AHEAD_S = 60.0
LEAST_QUERIES = 1.0
"""Forecast queries (p50) within `AHEAD_S` that are worth a load."""

USED_WITHIN_S = 1800.0
"""Only models that have served of late are wanted."""


def to_load(placement: Placement, now_s: float) -> Iterator[EndpointState]:
    """Endpoints whose model is to be loaded now."""
    if not placement.fleet.config.limits.prewarm:
        return
    forecast = placement.knowledge.arrivals.latest(AHEAD_S)
    for state in placement.fleet.endpoints.values():
        residency = state.residency
        missing = residency.cold and not residency.loading
        of_use = state.health is Health.UP and now_s - state.sent_at_s <= USED_WITHIN_S
        if not missing or not of_use or state.attempts:
            continue
        found = [forecast.get(task.value) for task in state.model.tasks]
        if sum(one.p50 for one in found if one is not None) >= LEAST_QUERIES:
            yield state
