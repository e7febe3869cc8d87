"""How policies compare at each load: tables, paired differences, goals, and the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench import ALL, JOINT
from draw import COLOUR, GREY, INK, Line, canvas, plot
from findings import Findings
from matplotlib.figure import Figure

from zeta_router.sim.report.compare import Interval, interval, paired, summary

Result = Mapping[str, Any]

_DRAWN = ("static", "threshold", "p2c", "prequal", "greedy", JOINT)
"""The lines with a colour and a name; the other policies are grey."""


def report(found: Findings, result: Result, figure: str, key: str = "") -> None:
    """Tables of the means and of the paired differences, and a picture where it has a name."""
    rates = sorted({row["rate"] for row in result["rows"]})
    lines = {(line["policy"], line["rate"]): line for line in summary(result)}
    policies = list(dict.fromkeys(row["policy"] for row in result["rows"]))
    head = ["policy", *(f"×{rate:g}" for rate in rates)]
    body = [
        [f"`{policy}`", *(_number(lines[policy, rate]["quality_goodput"]) for rate in rates)]
        for policy in policies
    ]
    share = [f"{lines[JOINT, rate]['of_class_bound']:.3f}" for rate in rates]
    body.append(["`joint`, share of the class bound", *share])
    found.table(head, body, "Quality-goodput:")
    differences = {
        other: {rate: paired(result["rows"], JOINT, other, rate) for rate in rates}
        for other in policies
        if other != JOINT
    }
    body = [
        [f"`{other}`", *(_difference(of_rate[rate]) for rate in rates)]
        for other, of_rate in differences.items()
    ]
    found.table(["`joint` less", *head[1:]], body, "Paired differences with 95 % intervals:")
    found.data[key or "result"] = {
        "summary": summary(result),
        "joint_less": {
            other: {f"{rate:g}": [d.mean, d.low, d.high] for rate, d in of_rate.items()}
            for other, of_rate in differences.items()
        },
        "bounds": list(result["bounds"]),
        "violations": list(result["violations"]),
        "notes": list(result["notes"]),
    }
    for violation in result["violations"]:
        found.expect("no run above its certified bound", "none", str(violation), met=False)
    if figure:
        found.picture(figure, _picture(result, found.title), found.title)


def _picture(result: Result, title: str) -> Figure:
    figure, (axes,) = canvas(height=3.9)
    rates = sorted({row["rate"] for row in result["rows"]})
    present = {row["policy"] for row in result["rows"]}
    lines = [_load_line(result, name, rates) for name in ALL if name in present - set(_DRAWN)]
    bound = [
        interval([b["class_bound"] for b in result["bounds"] if b["rate"] == rate]).mean
        for rate in rates
    ]
    lines.append(Line("class bound", rates, bound, INK, style="--", width=1.0))
    lines += [_load_line(result, name, rates) for name in _DRAWN if name in present]
    plot(
        axes,
        lines,
        x="arrival rate, times the trace's own",
        y="quality-goodput",
        title=f"{title} (grey: the other policies; bands: 95 %)",
    )
    return figure


def _load_line(result: Result, policy: str, rates: Sequence[float]) -> Line:
    means = [
        interval(
            [
                row["quality_goodput"]
                for row in result["rows"]
                if row["policy"] == policy and row["rate"] == rate
            ]
        )
        for rate in rates
    ]
    lows = [mean.low for mean in means if mean.low is not None]
    highs = [mean.high for mean in means if mean.high is not None]
    named = policy in _DRAWN
    return Line(
        policy,
        rates,
        [mean.mean for mean in means],
        COLOUR.get(policy, GREY) if named else "#C4C4C4",
        (lows, highs) if named and len(lows) == len(rates) else None,
        width=2.2 if policy == JOINT else 1.3 if named else 0.8,
        label=named,
    )


def above_all(found: Findings, result: Result, prefix: str = "") -> None:
    """At every rate: the baseline that comes nearest, and whether the interval excludes 0."""
    others = sorted({row["policy"] for row in result["rows"]} - {JOINT})
    for rate in sorted({row["rate"] for row in result["rows"]}):
        gaps = {other: paired(result["rows"], JOINT, other, rate) for other in others}
        nearest = min(gaps, key=lambda other: (_lower(gaps[other]), other))
        unsure = [other for other, gap in gaps.items() if not _lower(gap) > 0]
        reached = f"nearest is `{nearest}`: {_difference(gaps[nearest])}"
        if unsure:
            reached += "; not surely above " + ", ".join(f"`{other}`" for other in unsure)
        what = f"{prefix}above every baseline at ×{rate:g}"
        found.expect(what, "intervals exclude 0", reached, met=not unsure)


def over(
    found: Findings, result: Result, whom: str, others: Sequence[str], goals: Mapping[float, float]
) -> None:
    """By how many percent `joint` is above the best of these."""
    present = {row["rate"] for row in result["rows"]}
    for rate, goal in goals.items():
        if rate not in present:
            continue
        best = max(others, key=lambda other: line_of(result, other, rate)["quality_goodput"])
        theirs = line_of(result, best, rate)["quality_goodput"]
        gain = (
            line_of(result, JOINT, rate)["quality_goodput"] / theirs - 1 if theirs else float("inf")
        )
        name = f" (`{best}`)" if len(others) > 1 else ""
        what = f"over {whom} at ×{rate:g}"
        reached = f"{gain:+.1%}" if gain < 10 else "more than 10 times"
        found.expect(what, f">= {goal:.0%}", reached + name, met=gain >= goal)


def line_of(result: Result, policy: str, rate: float) -> Mapping[str, Any]:
    """The summary of a policy at a rate."""
    (line,) = [x for x in summary(result) if x["policy"] == policy and x["rate"] == rate]
    return line


def but_joint() -> tuple[str, ...]:
    """Every other policy."""
    return tuple(name for name in ALL if name != JOINT)


def _lower(gap: Interval) -> float:
    return gap.mean if gap.low is None else gap.low


def _difference(gap: Interval) -> str:
    half = "" if gap.high is None else f" ± {gap.high - gap.mean:.3f}"
    return f"{gap.mean:+.3f}{half}"


def _number(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")
