"""Prequal's hot-cold rule: among a few drawn endpoints, the fastest that is not overloaded.

Formula: an endpoint is hot when its requests in flight exceed the 0.84 quantile over all
candidates. Of three open ones drawn by lot: the cold one with the least predicted end-to-end time;
if all three are hot, the one with the fewest requests. Equal ones share. The probability is exact.

Intent: latency decides while there is room, load decides when there is none.

Limits: blind to quality. In fleets below about seven endpoints the quantile lies between the two
fullest, so at most one is ever hot. The original probes servers asynchronously because its clients
do not see each other's requests; one router sees its own, so the probe is the view.

Source: Wydrowski et al., Load is not what you should balance: Introducing Prequal, NSDI 2024.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import ClassVar

from zeta_router.core.draws import Draws
from zeta_router.core.query import Query
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.order import by_id, ends_in_s, load, usable
from zeta_router.policy.protocol import WAIT, Choice, Context
from zeta_router.policy.sample import best_of_sample


@dataclass(frozen=True, slots=True)
class Prequal:
    """Hot-cold lexicographic choice over a sample.

    Attributes:
        sample: How many endpoints are drawn.
        hot_quantile: Quantile of requests in flight above which an endpoint is hot, in [0, 1].
    """

    sample: int = 3
    hot_quantile: float = 0.84
    name: ClassVar[str] = "prequal"

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """The fastest cold endpoint of the sample, else its least loaded one."""
        free = by_id(candidates, context.open(candidates))
        if not free:
            return WAIT
        loads = sorted(load(candidate.view) for candidate in candidates)
        limit = quantile(loads, self.hot_quantile)
        keys = [_key(candidates[index], limit) for index in free]
        position, propensity = best_of_sample(keys, self.sample, draws)
        return Choice(free[position], Reason.BALANCED, propensity)


def quantile(ordered: Sequence[int], share: float) -> float:
    """The quantile of an ascending sequence (one entry or more), linear between neighbours."""
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def _key(candidate: Candidate, limit: float) -> tuple[float, ...]:
    in_flight = load(candidate.view)
    if in_flight > limit:
        return 1.0, in_flight
    end_s = ends_in_s(candidate)
    return 0.0, end_s if usable(end_s) else inf
