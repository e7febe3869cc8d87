"""The study of old signals: what the polls say arrives late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench import JOINT, Bench
from draw import COLOUR, Line, canvas, highest, plot
from findings import Findings

from zeta_router.sim.report.compare import interval

LAGS_S = (0.0, 0.5, 2.0, 5.0)
RATES = (1.0, 2.4)
POLICIES = ("static", "threshold", "p2c", "prequal", JOINT)
MAY_LOSE = 0.05
MAY_BE_LATER = 1.3
NEVER_S = 1e6
"""A lag that no run lives to see the end of."""


def stale(bench: Bench) -> Findings:
    """Quality-goodput by the age of the signals."""
    found = Findings(
        "Scenario `stale`: signals 0, 0.5, 2 and 5 s old",
        "Engines are polled every second and the answer arrives this much later. The router counts "
        "its own requests itself, so only what polls say ages.",
    )
    rows: dict[float, Sequence[Mapping[str, Any]]] = {}
    for lag_s in LAGS_S:
        options = bench.options(rates=RATES, policies=POLICIES, scenario=f"stale:lag_s={lag_s:g}")
        rows[lag_s] = bench.run(f"stale {lag_s:g} s", options)["rows"]
    drawn = []
    for rate in RATES:
        means = {policy: [_mean(rows[lag], policy, rate) for lag in LAGS_S] for policy in POLICIES}
        lines = [[f"`{policy}`", *(f"{v:.3f}" for v in means[policy])] for policy in POLICIES]
        found.table(["policy", *(f"{lag:g} s" for lag in LAGS_S)], lines, f"At ×{rate:g}:")
        found.data[f"{rate:g}"] = means
        lost = means[JOINT][0] - min(means[JOINT])
        what = f"`stale`: what `joint` loses up to 5 s at ×{rate:g}"
        found.expect(what, f"<= {MAY_LOSE:g}", f"{lost:.3f}", met=lost <= MAY_LOSE)
        drawn.append(
            [
                Line(p, LAGS_S, means[p], COLOUR[p], width=2.2 if p == JOINT else 1.1)
                for p in POLICIES
            ]
        )
    figure, panels = canvas(len(RATES), width=8.0)
    for axes, rate, lines_at in zip(panels, RATES, drawn, strict=True):
        labels = {"x": "age of signals, s", "y": "quality-goodput", "title": f"×{rate:g}"}
        plot(axes, lines_at, **labels, top=highest(drawn))
    found.picture("scenario-stale", figure, found.title)
    return found


def unpolled(bench: Bench) -> Findings:
    """TTFT with every poll, and with none at all."""
    found = Findings(
        "Polls switched off",
        "No poll ever arrives; the router has nothing but its own dispatches, first tokens and "
        "ends to go by (dead reckoning).",
    )
    policies = ("least_requests", "p2c", JOINT)
    ran = {}
    for name, lag_s in (("polled", 0.05), ("not polled", NEVER_S)):
        options = bench.options(rates=RATES, policies=policies, scenario=f"stale:lag_s={lag_s:g}")
        ran[name] = bench.run(f"polls: {name}", options)["rows"]
    lines = []
    for rate in RATES:
        for policy in policies:
            p99_s = {name: _mean(rows, policy, rate, "ttft_p99_s") for name, rows in ran.items()}
            worth = {name: _mean(rows, policy, rate) for name, rows in ran.items()}
            ratio = p99_s["not polled"] / p99_s["polled"]
            figures = [f"{value:.2f}" for value in p99_s.values()]
            figures += [f"{value:.3f}" for value in worth.values()]
            lines.append([f"×{rate:g}", f"`{policy}`", *figures])
            found.data[f"{rate:g} {policy}"] = ratio
            if policy == JOINT:
                what = f"p99 TTFT without polls over with, ×{rate:g}"
                asked = f"<= {MAY_BE_LATER:g}"
                found.expect(what, asked, f"{ratio:.2f}", met=ratio <= MAY_BE_LATER)
    head = ["load", "policy", "p99 TTFT polled, s", "not polled, s"]
    found.table([*head, "quality-goodput polled", "not polled"], lines, "Means over seeds:")
    return found


def _mean(
    rows: Sequence[Mapping[str, Any]], policy: str, rate: float, key: str = "quality_goodput"
) -> float:
    return interval([r[key] for r in rows if r["policy"] == policy and r["rate"] == rate]).mean
