"""What a test has shown so far, and whether it may stop.

Everything is judged on differences within pairs of blocks, B minus A, by intervals that hold at
every look (`learn.confidence`), so stopping as soon as something is shown costs nothing in
honesty. A/A stops with a difference in at most 5 % of tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, inf, log, log1p

from zeta_router.app.ab.design import Design
from zeta_router.learn.confidence import Bounds, bounds


class Verdict(StrEnum):
    """How a test ends."""

    A_BETTER = "a_better"
    B_BETTER = "b_better"
    NO_WORSE = "b_no_worse"
    NO_DIFFERENCE = "no_difference_shown"


@dataclass(frozen=True, slots=True)
class BlockFigures:
    """What came of the queries that arrived in the counted part of a block.

    Attributes:
        worth: Quality-goodput where the scores of answers are known, else the share that was
            answered within its objectives; None where nothing arrived.
        ttft_p50_s: Of answers; None where there were none.
    """

    arrivals: int
    worth: float | None
    ttft_p50_s: float | None
    refused: int = 0
    lost: int = 0


Pair = tuple[BlockFigures, BlockFigures]
"""Figures under A and under B."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known after some pairs.

    Attributes:
        worth: Difference of `BlockFigures.worth`, B minus A.
        ttft_ratio: Median TTFT of B over that of A; geometric mean over the pairs.
        no_worse: B is shown to be no worse within both margins.
        verdict: What is shown; a difference in worth goes before `no_worse`; None for nothing.
    """

    pairs: int
    worth: Bounds | None
    ttft_ratio: Bounds | None
    no_worse: bool
    verdict: Verdict | None


def standing(pairs: Sequence[Pair], design: Design) -> Standing:
    """Judge the pairs so far; those in which nothing arrived say nothing."""
    worths = [b.worth - a.worth for a, b in pairs if a.worth is not None and b.worth is not None]
    ratios = [log(b.ttft_p50_s / a.ttft_p50_s) for a, b in pairs if a.ttft_p50_s and b.ttft_p50_s]
    worth = bounds(worths, design.alpha) if worths else None
    logs = bounds(ratios, design.alpha) if ratios else None
    ratio = None
    if logs is not None:
        ratio = Bounds(exp(logs.mean), _exp(logs.low), _exp(logs.high), logs.count)
    no_worse = (
        worth is not None
        and logs is not None
        and worth.low > -design.margin
        and logs.high < log1p(design.ttft_margin)
    )
    return Standing(len(pairs), worth, ratio, no_worse, _verdict(worth, no_worse))


def is_over(found: Standing, design: Design) -> bool:
    """Whether the test may stop before its limit."""
    if design.until_no_worse:
        return found.no_worse or found.verdict is Verdict.A_BETTER
    return found.verdict in (Verdict.A_BETTER, Verdict.B_BETTER)


def _verdict(worth: Bounds | None, no_worse: bool) -> Verdict | None:
    if worth is not None and worth.low > 0.0:
        return Verdict.B_BETTER
    if worth is not None and worth.high < 0.0:
        return Verdict.A_BETTER
    return Verdict.NO_WORSE if no_worse else None


def _exp(value: float) -> float:
    return inf if value == inf else exp(value)
