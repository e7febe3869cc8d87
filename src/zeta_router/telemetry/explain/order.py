"""The waiting line in words: where a query stood in it, and why there."""

from __future__ import annotations

from typing import Any

from zeta_router.core.decision import Standing
from zeta_router.core.query import Lane


def lane_order(asked: Lane, standing: Standing | None) -> dict[str, Any]:
    """The place of a query in the waiting line, as data and in one sentence."""
    if standing is None:
        return {"lane": asked.value, "held": False, "sentence": "It did not wait in the line."}
    return {
        "lane": standing.lane.value,
        "held": True,
        "density": standing.density,
        "ageing": standing.ageing,
        "tenant_work_s": standing.tenant_work_s,
        "ahead": standing.ahead,
        "waiting": standing.waiting,
        "sentence": _sentence(asked, standing),
    }


def _sentence(asked: Lane, standing: Standing) -> str:
    lane = f"lane {standing.lane.value}"
    if standing.lane is not asked:
        lane += f" (asked for {asked.value}, lifted after half of its patience)"
    if standing.density > 0.0:
        claim = (
            f"an answer in time is worth {standing.density:.3g} per engine-second, "
            f"times {standing.ageing:.2f} for waiting"
        )
    else:
        claim = "the policy gives no scores, so first come, first served"
    tenant = f"its tenant has had {standing.tenant_work_s:.3g} engine-seconds"
    return (
        f"{standing.ahead} of {standing.waiting} waiting go before it: {lane}; {tenant}; {claim}."
    )
