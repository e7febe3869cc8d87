"""Endpoints that are full for a query before their slots are: one more would break its TPOT.

Where a decode step grows with the batch, the objective per token allows fewer sequences than there
are slots. At that batch the query is better held until one of the running ends than sent elsewhere
at once, or squeezed in to the loss of all.
"""

from __future__ import annotations

from math import inf

from zeta_router.core.query import Slo
from zeta_router.core.snapshot import Candidate

MARGIN = 0.12
"""Share of the TPOT objective that is left for what a batch does that nobody foresaw.

Of 0, .02, .05, .08 and .12 the largest held most of the right queries (Azure chat, one seed).
"""


def tpot_limit_s(slo: Slo) -> float:
    """The TPOT up to which an endpoint has room for a query of this objective."""
    return (1.0 - MARGIN) * slo.tpot_s if slo.tpot_s is not None else inf


def when_one_ends(candidate: Candidate, slo: Slo, waits_for: str | None = None) -> Candidate | None:
    """The candidate as it will be once it has room; None when it has room.

    The wait is the time in which the running ones end: one for each query that is held for it, and
    one for this. An endpoint that runs nothing of ours has room: nobody would tell when it ends.
    """
    view = candidate.view
    tpot_s = candidate.tpot_s
    if not view.in_flight or tpot_s <= tpot_limit_s(slo):
        return None
    running = view.in_flight + view.foreign_in_flight
    ends_each_s = candidate.output_tokens * tpot_s / running
    return candidate._replace(
        ttft_s=candidate.ttft_s + (1.0 + view.held) * ends_each_s,
        tpot_s=tpot_s - candidate.tpot_slope_s,
    )
