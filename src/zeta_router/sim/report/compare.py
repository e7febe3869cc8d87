"""Is one policy better than another? Means with intervals, paired by seed.

All policies of a study face the same queries, so their difference within a seed varies far less
than either of them: intervals are made of the differences, not of the two means. Student's t, since
there are few seeds; with one seed there is no interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

_T95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Two-sided 95 % quantiles of Student's t for 1 … 30 degrees of freedom."""

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval; `low` and `high` are None for a single value."""

    mean: float
    low: float | None
    high: float | None


def interval(values: Sequence[float]) -> Interval:
    """The mean of at least one value."""
    count = len(values)
    mean = sum(values) / count
    if count < 2:
        return Interval(mean, None, None)
    variance = sum((value - mean) ** 2 for value in values) / (count - 1)
    quantile = _T95[count - 2] if count - 2 < len(_T95) else 1.960
    half = quantile * sqrt(variance / count)
    return Interval(mean, mean - half, mean + half)


def paired(
    rows: Rows, policy: str, other: str, rate: float, field: str = "quality_goodput"
) -> Interval:
    """By how much `policy` exceeds `other` at a rate, over the seeds that both have.

    Raises:
        ValueError: If they have no seed in common.
    """
    mine, theirs = (
        {row["seed"]: row[field] for row in rows if row["policy"] == name and row["rate"] == rate}
        for name in (policy, other)
    )
    seeds = sorted(mine.keys() & theirs.keys())
    if not seeds:
        raise ValueError(f"{policy} and {other} have no seed in common at rate {rate}")
    return interval([mine[seed] - theirs[seed] for seed in seeds])


def summary(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One line per rate and policy: quality-goodput with its interval, and the gap to the bounds.

    `of_class_bound` and `of_certified_bound` are the mean over seeds of the share reached.
    """
    bounds = {(each["rate"], each["seed"]): each for each in result["bounds"]}
    lines = []
    keys = dict.fromkeys((row["rate"], row["policy"]) for row in result["rows"])
    for rate, policy in keys:
        rows = [r for r in result["rows"] if r["rate"] == rate and r["policy"] == policy]
        reached = interval([row["quality_goodput"] for row in rows])
        line = {
            "rate": rate,
            "policy": policy,
            "seeds": len(rows),
            "quality_goodput": reached.mean,
            "low": reached.low,
            "high": reached.high,
            "goodput": sum(row["goodput"] for row in rows) / len(rows),
            "shed_ratio": sum(row["shed_ratio"] for row in rows) / len(rows),
        }
        for name in ("class_bound", "oracle_bound", "certified_bound"):
            shares = [
                row["quality_goodput"] / bound[name]
                for row in rows
                if (bound := bounds.get((row["rate"], row["seed"]))) and bound[name] > 0
            ]
            line[f"of_{name}"] = sum(shares) / len(shares) if shares else None
        lines.append(line)
    return lines
