"""Peak EWMA: a moving average of latency that jumps up at once and decays slowly, times the load.

Formula: cost = ewma·(in-flight + 1), least cost first; ties by least recently used, then id. The
average (`view.peak_ewma_s`) is of TTFT and not of whole responses: their length belongs to the
query and would make an endpoint that got a long answer look slow.

Without history an idle endpoint costs as much as the slowest known one, and a busy one more than
any known one. So it is tried when that is no worse, and gets one request at a time until the first
token says how fast it is. (Finagle gives an idle newcomer cost 0; here absence never wins.)

Intent: the balancer of Finagle and linkerd, good at leaving an endpoint that turned slow.

Limits: blind to quality. An endpoint that was slow once gets no traffic to show that it recovered,
except through the decay of the average.

Source: Finagle's PeakEwma load metric; here the least of all rather than of two drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate, EndpointView
from zeta_router.policy.order import busy_key, load, usable
from zeta_router.policy.protocol import WAIT, Choice, Context

NO_HISTORY_PENALTY = 1e9
"""Added to the cost of a busy endpoint without history: above any product of seconds and load."""

FLOOR_S = 0.001
"""Least latency that is believed: at 0 an endpoint would cost nothing however much is on it."""


@dataclass(frozen=True, slots=True)
class PeakEwma:
    """Least latency times load."""

    name: ClassVar[str] = "peak_ewma"

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """The open endpoint of least cost."""
        free = context.open(candidates)
        if not free:
            return WAIT
        known_s = [s for c in candidates if usable(s := c.view.peak_ewma_s)]
        slowest_s = max(known_s, default=1.0)
        costs = [_cost(candidate.view, slowest_s) for candidate in candidates]
        best = min(free, key=lambda i: (costs[i], busy_key(candidates[i].view)[1:]))
        return Choice(best, Reason.BALANCED, scores=tuple(-cost for cost in costs))


def _cost(view: EndpointView, slowest_s: float) -> float:
    pending = load(view)
    ewma_s = view.peak_ewma_s
    if usable(ewma_s):
        return max(ewma_s, FLOOR_S) * (pending + 1)
    return NO_HISTORY_PENALTY + pending if pending else slowest_s
