"""Does a run come back after a disturbance, and how soon? Judged on timelines, pooled over seeds.

A timeline counts what its arrivals were worth in buckets of ten seconds
(`sim.report.timeline`). One bucket of one run is a few dozen queries that are right or wrong, so
windows of several buckets are pooled over the seeds before anything is read off them.

The yardstick is the same policy without the disturbance, on the same queries: traffic drifts by
itself, and a level from before would count that as damage. The level can be asked for, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import inf
from typing import Any

Rows = Sequence[Mapping[str, Any]]

WINDOW_S = 30.0
WITHIN = 0.05
"""Recovered means: at most this far below the yardstick."""


@dataclass(frozen=True, slots=True)
class Course:
    """Quality-goodput over time.

    Attributes:
        at_s: Middle of each window, seconds from the start.
        value: Mean worth of the arrivals of the window; None where none came.
    """

    at_s: tuple[float, ...]
    value: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class _Buckets:
    """Sums over seeds: worth and number of the arrivals, by bucket."""

    bucket_s: float
    worth: tuple[float, ...]
    arrivals: tuple[float, ...]

    def mean(self, from_s: float, to_s: float) -> float | None:
        """Over the buckets that begin in the span; None where nothing came."""
        count = len(self.worth)
        first = max(0, round(from_s / self.bucket_s))
        last = count if to_s == inf else min(count, round(to_s / self.bucket_s))
        arrivals = sum(self.arrivals[first:last])
        return sum(self.worth[first:last]) / arrivals if arrivals else None

    @property
    def end_s(self) -> float:
        """Where the last arrival's bucket ends."""
        busy = [index for index, count in enumerate(self.arrivals) if count]
        return (busy[-1] + 1) * self.bucket_s if busy else 0.0


def course(rows: Rows, *, window_s: float = WINDOW_S, tenants: Sequence[str] = ()) -> Course:
    """The course of one policy at one rate, over the seeds of `rows`, in overlapping windows.

    Args:
        rows: Rows with a timeline.
        window_s: Length of a window; one begins every bucket.
        tenants: Only what these tenants asked; all without any.
    """
    buckets = _pooled(rows, tenants)
    starts = [
        index * buckets.bucket_s
        for index in range(len(buckets.worth))
        if index * buckets.bucket_s + window_s <= buckets.end_s
    ]
    return Course(
        tuple(start_s + window_s / 2 for start_s in starts),
        tuple(buckets.mean(start_s, start_s + window_s) for start_s in starts),
    )


def level(
    rows: Rows, from_s: float = 0.0, to_s: float = inf, *, tenants: Sequence[str] = ()
) -> float | None:
    """Mean worth of the arrivals of a span, over the seeds; None where nothing came."""
    return _pooled(rows, tenants).mean(from_s, to_s)


def recovered_after_s(
    rows: Rows,
    yardstick: Rows | float,
    since_s: float,
    *,
    within: float = WITHIN,
    window_s: float = WINDOW_S,
) -> float | None:
    """Seconds from `since_s` until the run is back, 0 if it never fell; None if it stays below.

    Back means that two windows in a row, and everything after them taken together, are at most
    `within` below the yardstick.

    Args:
        rows: The disturbed runs of a policy, one per seed, with timelines.
        yardstick: The same runs undisturbed, or a level.
        since_s: Begin or end of the disturbance.
        within: How far below still counts as back.
        window_s: Length of a window.
    """
    mine = _pooled(rows, ())
    other = None if isinstance(yardstick, float) else _pooled(yardstick, ())

    def is_good(from_s: float, to_s: float) -> bool:
        reached = mine.mean(from_s, to_s)
        target = yardstick if other is None else other.mean(from_s, to_s)
        return reached is None or not isinstance(target, float) or reached >= target - within

    start_s = since_s
    while start_s + 2 * window_s <= mine.end_s:
        middle_s, end_s = start_s + window_s, start_s + 2 * window_s
        if is_good(start_s, middle_s) and is_good(middle_s, end_s) and is_good(start_s, inf):
            return start_s - since_s
        start_s += mine.bucket_s
    return None


def _pooled(rows: Rows, tenants: Sequence[str]) -> _Buckets:
    parts = [part for row in rows for part in _parts(row["timeline"], tenants)]
    return _Buckets(
        rows[0]["timeline"]["bucket_s"],
        tuple(map(sum, zip_longest(*(part["value"] for part in parts), fillvalue=0.0))),
        tuple(map(sum, zip_longest(*(part["arrivals"] for part in parts), fillvalue=0.0))),
    )


def _parts(timeline: Mapping[str, Any], tenants: Sequence[str]) -> list[Mapping[str, Any]]:
    if not tenants:
        return [timeline]
    return [timeline["tenants"][name] for name in tenants if name in timeline["tenants"]]
