"""The load of a test: both halves of a pair of blocks get the same requests at the same places.

The load is ours, so it need not differ between the halves. One block of a few hundred queries is
worth a few points more than the next one by the luck of its prompts alone; asked the same, the two
policies differ by what they do with it. On the reference fleet in normal load this took the
interval after 40 pairs from ±.031 to ±.013 (docs/benchmarks/learning-replay.md).

Limits: an engine that keeps prefixes answers the second half faster. The order is by lot, so this
favours nobody, but it is noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import floor
from typing import TypeVar

from zeta_router.app.ab.design import Design
from zeta_router.sim.conditions import Conditions
from zeta_router.sim.drive import Drive
from zeta_router.sim.study import Study
from zeta_router.sim.watching import Polls
from zeta_router.sim.workload.queries import Played

T = TypeVar("T")


def source_s(design: Design) -> float:
    """How much of a source of arrivals a test needs: half of its own length."""
    return design.pairs * design.block_s


def twice(
    times_s: Sequence[float], what: Sequence[T], design: Design
) -> Iterator[tuple[float, T, int]]:
    """Every arrival in both halves of its pair: ``(when, what, 0 or 1 for the half)``, ascending.

    The k-th stretch of a block's length goes to the k-th pair.
    """
    pairs: dict[int, list[tuple[float, T]]] = {}
    for at_s, each in zip(times_s, what, strict=False):
        pair = floor(at_s / design.block_s)
        pairs.setdefault(pair, []).append((at_s - pair * design.block_s, each))
    for pair in range(design.pairs):
        for half in (0, 1):
            start_s = (2 * pair + half) * design.block_s
            for into_s, each in pairs.get(pair, ()):
                yield start_s + into_s, each, half


def simulated_drive(study: Study, design: Design) -> Drive:
    """A run of the study's first rate that has not begun, with each stretch of arrivals twice."""
    options = study.options
    dealt = study.queries(options.rates[0], design.seed)
    queries = [
        _again(played, at_s, half)
        for at_s, played, half in twice([each.at_s for each in dealt], dealt, design)
    ]
    polls = Polls(options.poll_s, options.poll_lag_s)
    conditions = Conditions(seed=design.seed, polls=polls, feedback=options.feedback)
    return Drive(study.router(design.a, design.seed), study.specs, queries, conditions)


def _again(played: Played, at_s: float, half: int) -> Played:
    return replace(played, id=f"{played.id}/{'ab'[half]}", at_s=at_s)
