"""When a refused query may come back."""

from __future__ import annotations

from collections.abc import Mapping

from zeta_router.control.retry_after import retry_after_s
from zeta_router.core.decision import Decision
from zeta_router.core.reasons import Reason
from zeta_router.router.endpoint.state import EndpointState

_NEVER = (Reason.UNKNOWN_MODEL, Reason.NO_CAPABLE_MODEL, Reason.DENIED)


def retry_after_of(
    decision: Decision, fleet: Mapping[str, EndpointState], waiting: int, now_s: float
) -> float | None:
    """When a slot frees, or when the price has fallen far enough, whichever is later.

    Args:
        decision: The refusal.
        fleet: Endpoints by id.
        waiting: Queries in the line.
        now_s: On the driver's clock.

    Returns:
        Seconds; None where coming back is of no use.
    """
    if decision.reason in _NEVER:
        return None
    able = [one.view.endpoint.id for one in decision.candidates]
    endpoints = [fleet[key] for key in able if key in fleet]
    running = [
        [state.ends_in_s(attempt, now_s) for attempt in state.attempts.values()]
        for state in endpoints
    ]
    slot_s = retry_after_s(running, [state.slots for state in endpoints], ahead=waiting)
    if any(one.view.is_open for one in decision.candidates):
        return decision.retry_after_s or slot_s
    return max(slot_s, decision.retry_after_s or 0.0)
