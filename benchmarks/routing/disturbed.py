"""Studies of disturbances: does quality-goodput come back, how soon, and who pays meanwhile?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import inf
from typing import Any

from bench import JOINT, Bench
from disturbances import DISTURBANCES, TOLD_ONLY, Disturbance
from draw import COLOUR, GREY, INK, Line, canvas, plot, shade
from findings import Findings
from matplotlib.figure import Figure

from zeta_router.sim.report.recovery import WINDOW_S, course, level, recovered_after_s

Rows = Sequence[Mapping[str, Any]]

POLICIES = ("static", "threshold", "p2c", JOINT)
WARM_S = 60.0
"""The steady state before a disturbance is read from here on: the queues start empty."""


def scenario(name: str, bench: Bench) -> Findings:
    """One disturbance: its course, and the seconds until the steady state is back."""
    each = DISTURBANCES[name].at_scale(bench.minutes)
    found = Findings(f"Scenario `{name}`: {each.title}", _about(each))
    common = {"rates": (each.rate,), "policies": POLICIES, "timelines": True, **each.both}
    disturbed = bench.run(name, bench.options(**common, **each.changes, scenario=each.scenario))[
        "rows"
    ]
    calm = bench.run(f"{name}, undisturbed", bench.options(**common, scenario=each.yardstick))[
        "rows"
    ]
    lines = []
    for policy in POLICIES:
        facts = _facts(each, _of(disturbed, policy), _of(calm, policy))
        found.data[policy] = facts
        lines.append([f"`{policy}`", *(_cell(key, value) for key, value in facts.items())])
    found.table(["policy", *(_LABEL[key] for key in found.data[JOINT])], lines)
    _judge(found, name, each)
    found.picture(f"scenario-{name}", _picture(each, disturbed, calm), found.title)
    return found


STUDIES = {f"scenario-{name}": partial(scenario, name) for name in DISTURBANCES}

_LABEL = {
    "before": "before",
    "during": "while it acts",
    "worst": f"worst {WINDOW_S:.0f} s",
    "after": "after",
    "undisturbed_after": "undisturbed then",
    "recovered_since_start_s": "back, since it began",
    "recovered_since_end_s": "back, since it ended",
    "longest_wait_s": "longest wait",
    "lost": "arrivals not served",
}


def _about(each: Disturbance) -> str:
    text = (
        f"Load ×{each.rate:g}. *Back* is when two windows of {WINDOW_S:.0f} s in a row, and all "
        "that follows, are at most 5 points below the same policy, on the same queries, "
    )
    if each.yardstick is not None:
        return text + f"under `{each.yardstick}`."
    return text + "without the disturbance."


def _facts(each: Disturbance, rows: Rows, calm: Rows) -> dict[str, float | None]:
    end_s = inf if each.to_s is None else each.to_s
    values = [
        value
        for at_s, value in zip(*_course(rows), strict=True)
        if value is not None and at_s >= each.from_s
    ]
    facts: dict[str, float | None] = {}
    if each.from_s > WARM_S:
        facts["before"] = level(rows, WARM_S, each.from_s)
    facts["during"] = level(rows, each.from_s, end_s)
    facts["worst"] = min(values, default=None)
    if each.to_s is not None:
        facts["after"] = level(rows, each.to_s + 60.0)
    since_s = each.from_s if each.to_s is None else each.to_s + 60.0
    facts["undisturbed_after"] = level(calm, since_s)
    facts["recovered_since_start_s"] = recovered_after_s(rows, calm, each.from_s)
    if each.to_s is not None:
        facts["recovered_since_end_s"] = recovered_after_s(rows, calm, each.to_s)
    facts["longest_wait_s"] = max(row["longest_wait_s"] for row in rows)
    facts["lost"] = sum(row["shed_ratio"] + row["failed_ratio"] for row in rows) / len(rows)
    return facts


def _judge(found: Findings, name: str, each: Disturbance) -> None:
    if name in TOLD_ONLY:
        return
    back_s = found.data[JOINT]["recovered_since_start_s"]
    reached = "not within the run" if back_s is None else f"{back_s:.0f} s after it began"
    found.expect(
        f"`{name}`: `joint` is back within 5 points", "it recovers", reached, met=back_s is not None
    )


def _picture(each: Disturbance, disturbed: Rows, calm: Rows) -> Figure:
    figure, (axes,) = canvas()
    at_s, values = _course(_of(calm, JOINT))
    name = "joint, undisturbed" if each.yardstick is None else "joint, so from the start"
    lines = [Line(name, at_s, values, GREY, style=":", width=1.2)]
    for policy in POLICIES:
        at_s, values = _course(_of(disturbed, policy))
        width = 2.2 if policy == JOINT else 1.0
        lines.append(Line(policy, at_s, values, COLOUR[policy], width=width))
    title = f"{each.title[0].upper()}{each.title[1:]} (×{each.rate:g}, windows of {WINDOW_S:.0f} s)"
    plot(axes, lines, x="arrival, seconds from the start", y="quality-goodput", title=title)
    if each.from_s > WARM_S:
        before = level(_of(disturbed, JOINT), WARM_S, each.from_s)
        if before is not None:
            axes.hlines(before, WARM_S, axes.get_xlim()[1], INK, "dashed", linewidth=0.8)
    shade(axes, each.from_s, each.to_s, "disturbed")
    return figure


def _course(rows: Rows) -> tuple[Sequence[float], Sequence[float | None]]:
    seen = course(rows)
    return seen.at_s, seen.value


def _of(rows: Rows, policy: str) -> Rows:
    return [row for row in rows if row["policy"] == policy]


def _cell(key: str, value: float | None) -> str:
    if value is None:
        return "not in the run" if key.startswith("recovered") else "–"
    if key.endswith("_s"):
        return f"{value:.0f} s" if key.startswith("recovered") else f"{value:.1f} s"
    return f"{value:.1%}" if key == "lost" else f"{value:.3f}".removeprefix("0")
