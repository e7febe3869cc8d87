"""The static rules plus overflow: when the task's model is too busy, any capable one may answer.

Formula: an endpoint is busy when more than 80 % of its slots are in use or, if that rule is on,
when its process uses more than 80 % of its CPU. While one endpoint of ``routes[task]``'s model is
not busy it behaves as `static`; else the least busy open endpoint of any capable model answers.
There is no memory, so traffic returns with the first query that finds the model under the limit.

Intent: the overflow rule that people write into load balancers.

Limits: blind to what the overflow costs in quality, and a limit is a cliff: at 79 % nothing
happens, at 81 % everything moves. A CPU reading that is absent or older than 10 s is not used,
since a silent exporter must not stop a route; slots still count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate, EndpointView
from zeta_router.policy.order import least_busy
from zeta_router.policy.protocol import WAIT, Choice, Context
from zeta_router.policy.static import off_route, on_route

CPU_MAX_AGE_S = 10.0
"""How old a CPU reading may be; it is a 10 s mean itself."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """`static` with overflow above a limit.

    Attributes:
        busy_limit: Share of slots in use above which an endpoint is busy.
        cpu_limit: Share of CPU in use above which it is busy; None switches that rule off. Engines
            that compute on the CPU use all of it for a single request, so it suits GPU engines.
    """

    busy_limit: float = 0.8
    cpu_limit: float | None = None
    name: ClassVar[str] = "threshold"

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """A calm replica of the task's model, else the least busy endpoint that can do it."""
        routed = on_route(candidates, context)
        if not routed:
            return off_route(candidates, context)
        free = context.open(candidates)
        if not free:
            return WAIT
        calm = [i for i in free if not self._is_busy(candidates[i].view, context.now_s)]
        calm_on_route = [i for i in calm if i in routed]
        index = least_busy(candidates, calm_on_route or calm or free)
        return Choice(index, Reason.ROUTE if index in routed else Reason.OVERFLOW)

    def _is_busy(self, view: EndpointView, now_s: float) -> bool:
        if view.busy_ratio > self.busy_limit:
            return True
        if self.cpu_limit is None or view.sample.cpu_ratio is None:
            return False
        cpu_ratio = view.sample.cpu_ratio.fresh(now_s, CPU_MAX_AGE_S)
        return cpu_ratio is not None and cpu_ratio > self.cpu_limit
