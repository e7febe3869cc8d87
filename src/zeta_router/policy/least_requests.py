"""The open endpoint with the fewest requests on it.

Formula: least in-flight, ours plus what polls show of others; ties by share of slots in use, then
least recently used, then id. The count is plain and not divided by slots: that is what people run
under this name. (`threshold` and `additive` use shares.)

Intent: join the shortest queue, the best a balancer can do that knows nothing but its own counts.

Limits: blind to quality and to speed; a slow endpoint gets as many requests as a fast one holds.

Source: Envoy and nginx call it least-request and least_conn; counts that drift (LiteLLM's
least-busy sent 93.7 % to one backend) are avoided by the router, whose in-flight is a set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.order import busy_key, load
from zeta_router.policy.protocol import WAIT, Choice, Context


@dataclass(frozen=True, slots=True)
class LeastRequests:
    """Join the shortest queue."""

    name: ClassVar[str] = "least_requests"

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """The open endpoint with the fewest requests."""
        free = context.open(candidates)
        if not free:
            return WAIT
        best = min(free, key=lambda i: (load(candidates[i].view), busy_key(candidates[i].view)))
        scores = tuple(-float(load(candidate.view)) for candidate in candidates)
        return Choice(best, Reason.BALANCED, scores=scores)
