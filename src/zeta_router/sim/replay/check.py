"""Is a replay to be believed? The logging policy is replayed first and compared with the log.

What is simulated for other policies rests on the fitted engines and lengths. For the policy that
wrote the log the truth is known: the same queries, answered by real engines. The distribution of
its times must come out again: the largest distance between the two distribution functions
(Kolmogorov and Smirnov's D) at most 0.1, medians within 10 %, 99th percentiles within 20 %. With
thousands of queries a test of exact equality would refuse every simulator there is, so D is held to
a size and not to a significance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zeta_router.sim.drive import Drive
from zeta_router.sim.record import End
from zeta_router.sim.replay.logged import LoggedQuery, Traffic

KS_LIMIT = 0.1
P50_LIMIT = 0.10
P99_LIMIT = 0.20

LEAST_TIMES = 50
"""Answers below which a percentile means nothing, and the replay counts as not validated."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One kind of time, logged and replayed; seconds, from arrival at the router.

    Attributes:
        problems: What is beyond its limit, in words; empty when nothing is.
    """

    name: str
    count: int
    ks: float
    logged_p50_s: float
    replayed_p50_s: float
    logged_p99_s: float
    replayed_p99_s: float
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Validation:
    """The logging policy's own replay against the log.

    Attributes:
        compared: By kind: ``ttft`` (streamed answers only) and ``e2e``.
        logged_refused, replayed_refused: Share of the queries that were refused.
        problems: Why the replay is not to be believed; empty when it is.
    """

    compared: tuple[Compared, ...]
    logged_refused: float
    replayed_refused: float
    problems: tuple[str, ...]

    @property
    def is_valid(self) -> bool:
        """Whether every figure is within its limit."""
        return not self.problems


def validate(traffic: Traffic, drive: Drive) -> Validation:
    """Compare the replay of the logging policy with what was logged."""
    compared = []
    problems: list[str] = []
    streamed = {each.query.id for each in traffic.queries if each.query.stream}
    served = [record for record in drive.records if record.end is End.SERVED]
    kinds = (
        (
            "ttft",
            [t for each in traffic.queries if each.query.stream and (t := _ttft_s(each))],
            [record.ttft_s for record in served if record.played.id in streamed],
        ),
        (
            "e2e",
            [t for each in traffic.queries if (t := _e2e_s(each))],
            [record.e2e_s for record in served],
        ),
    )
    for name, logged, replayed in kinds:
        if min(len(logged), len(replayed)) >= LEAST_TIMES:
            each = _compare(name, logged, replayed)
            compared.append(each)
            problems += each.problems
    if not compared:
        problems.append(f"fewer than {LEAST_TIMES} answers to compare")
    count = len(traffic.queries)
    return Validation(
        tuple(compared),
        sum(each.answered is None and not each.attempts for each in traffic.queries) / count,
        sum(record.end is End.SHED for record in drive.records) / count,
        tuple(problems),
    )


def _ttft_s(each: LoggedQuery) -> float | None:
    answered = each.answered
    if answered is None or answered.outcome.ttft_s is None:
        return None
    return answered.dispatched_at_s - each.query.arrived_at_s + answered.outcome.ttft_s


def _e2e_s(each: LoggedQuery) -> float | None:
    answered = each.answered
    if answered is None or answered.outcome.e2e_s is None:
        return None
    return answered.dispatched_at_s - each.query.arrived_at_s + answered.outcome.e2e_s


def _compare(name: str, logged: Sequence[float], replayed: Sequence[float]) -> Compared:
    ks = ks_distance(logged, replayed)
    p50s = (float(np.percentile(logged, 50)), float(np.percentile(replayed, 50)))
    p99s = (float(np.percentile(logged, 99)), float(np.percentile(replayed, 99)))
    problems = []
    if ks > KS_LIMIT:
        problems.append(f"{name}: distributions are {ks:.2f} apart (limit {KS_LIMIT})")
    for percent, (was_s, is_s), limit in ((50, p50s, P50_LIMIT), (99, p99s, P99_LIMIT)):
        off = abs(is_s - was_s) / was_s
        if off > limit:
            problems.append(
                f"{name} p{percent}: replayed {is_s:.3g} s, logged {was_s:.3g} s "
                f"({off:.0%} off, limit {limit:.0%})"
            )
    return Compared(name, len(logged), ks, *p50s, *p99s, tuple(problems))


def ks_distance(one: Sequence[float], other: Sequence[float]) -> float:
    """Largest distance between two empirical distribution functions, 0..1."""
    left, right = np.sort(np.asarray(one)), np.sort(np.asarray(other))
    both = np.concatenate([left, right])
    mine = np.searchsorted(left, both, side="right") / len(left)
    others = np.searchsorted(right, both, side="right") / len(right)
    return float(np.max(np.abs(mine - others)))
