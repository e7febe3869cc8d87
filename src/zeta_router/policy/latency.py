"""Lowest measured latency: any endpoint whose TTFT average is near the best one.

Formula: endpoints whose average (`view.peak_ewma_s`) is at most (1 + buffer) times the lowest, each
equally likely. Without history an endpoint counts with its predicted TTFT, though never below the
lowest measured one: so a newcomer is tried, and absence never beats a measurement.

Intent: latency routing as LiteLLM does it, whose default buffer is 0 (the fastest takes all).

Limits: blind to quality and to load. What is fast is fast because it is idle, so traffic swings to
it, slows it down and swings away again; the buffer damps that.

Source: LiteLLM's lowest-latency strategy, which averages the latest ten and lets an endpoint
without history win with latency 0; here the average is the router's, and newcomers share.
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
from zeta_router.policy.order import by_id, usable
from zeta_router.policy.protocol import WAIT, Choice, Context


@dataclass(frozen=True, slots=True)
class Latency:
    """Uniform over the endpoints near the lowest latency.

    Attributes:
        buffer: How much slower than the lowest may still be chosen, as a share of it; 0 or more.
    """

    buffer: float = 0.0
    name: ClassVar[str] = "latency"

    def choose(
        self, query: Query, candidates: Sequence[Candidate], draws: Draws, context: Context
    ) -> Choice:
        """One of the fastest open endpoints by lot."""
        free = by_id(candidates, context.open(candidates))
        if not free:
            return WAIT
        known_s = [s for c in candidates if usable(s := c.view.peak_ewma_s)]
        lowest_known_s = min(known_s, default=0.0)
        latency_s = {index: _latency_s(candidates[index], lowest_known_s) for index in free}
        limit_s = min(latency_s.values()) * (1.0 + self.buffer)
        near = [index for index in free if latency_s[index] <= limit_s]
        return Choice(near[draws.below(len(near))], Reason.BALANCED, 1.0 / len(near))


def _latency_s(candidate: Candidate, lowest_known_s: float) -> float:
    measured_s = candidate.view.peak_ewma_s
    if usable(measured_s):
        return measured_s
    return max(lowest_known_s, candidate.ttft_s) if usable(candidate.ttft_s) else inf
