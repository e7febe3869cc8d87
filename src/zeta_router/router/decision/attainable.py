"""Objectives that no endpoint can meet, even when idle, and what to hold queries to instead.

`joint` sheds a query that nobody can answer in time. Where that is because the fleet is busy, it is
right. Where every engine is slower than the objective, as on a laptop with the defaults meant for a
GPU, it would refuse all traffic on an almost idle machine. Then the objective is scaled to what the
best endpoint can do, and load is judged against that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from zeta_router.core.query import Query, Slo
from zeta_router.core.snapshot import Candidate
from zeta_router.router.endpoint.state import EndpointState

HEADROOM = 2.0
"""The scaled objective, in what the best endpoint takes when idle."""


def slo_scale(
    query: Query, candidates: Sequence[Candidate], endpoints: Mapping[str, EndpointState]
) -> float:
    """What the query's objectives have to be multiplied by; 1 when some endpoint can meet them."""
    late = [_late(query, one, endpoints[one.view.endpoint.id]) for one in candidates]
    best = min(late, default=0.0)
    return 1.0 if best <= 1.0 or best == inf else HEADROOM * best


def _late(query: Query, candidate: Candidate, state: EndpointState) -> float:
    """The time it takes when idle over the time it may take, for the worst of the bounds."""
    ttft_s, tpot_s = state.latency.predict(
        prompt_tokens=query.prompt_tokens, cached_tokens=candidate.cached_tokens, batch=0
    )
    answer_s = tpot_s * max(0.0, candidate.output_tokens - 1.0)
    slo: Slo = query.slo
    times = [(ttft_s, slo.ttft_s), (ttft_s + answer_s, slo.e2e_s)]
    if answer_s > 0.0:
        times.append((tpot_s, slo.tpot_s))
    return max((time_s / bound_s for time_s, bound_s in times if bound_s), default=0.0)
