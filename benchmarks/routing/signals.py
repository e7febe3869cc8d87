"""The study of old signals: what the polls say arrives late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench import JOINT, Bench
from draw import COLOUR, Line, canvas, highest, plot
from findings import Findings

from zeta_router.sim.compare import interval

LAGS_S = (0.0, 0.5, 2.0, 5.0)
RATES = (1.0, 2.4)
POLICIES = ("static", "threshold", "p2c", "prequal", JOINT)
MAY_LOSE = 0.05


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


def _mean(rows: Sequence[Mapping[str, Any]], policy: str, rate: float) -> float:
    return interval(
        [r["quality_goodput"] for r in rows if r["policy"] == policy and r["rate"] == rate]
    ).mean
