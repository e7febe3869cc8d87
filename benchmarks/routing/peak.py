"""Who serves, around a peak: do the shares of the models return, and how soon?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench import JOINT, Bench
from draw import ENDPOINT_COLOUR, Line, canvas, plot, shade
from findings import Findings
from matplotlib.figure import Figure

Rows = Sequence[Mapping[str, Any]]

FACTOR = 2.4
PEAK_FROM_S, PEAK_FOR_S = 300.0, 120.0
BACK_WITHIN_S = 60.0
NEAR = 0.05
"""A share is back when it is this near to the undisturbed one."""

_WINDOW_BUCKETS = 3


def around_peak(found: Findings, bench: Bench) -> None:
    """Add the shares of each model before, during and after a peak."""
    scale = bench.minutes / 20.0
    from_s, to_s = PEAK_FROM_S * scale, (PEAK_FROM_S + PEAK_FOR_S) * scale
    scenario = f"flash:factor={FACTOR:g},at_s={from_s:g},for_s={to_s - from_s:g}"
    common = {"rates": (1.0,), "policies": (JOINT,), "timelines": True}
    rows = bench.run("spill, peak", bench.options(**common, scenario=scenario))["rows"]
    calm = bench.run("spill, no peak", bench.options(**common))["rows"]
    at_s, shares = _shares(rows)
    _, usual = _shares(calm)
    level = {key: _mean(values) for key, values in usual.items()}
    back_s = _back(at_s, shares, level, to_s)
    reached = "not in the run" if back_s is None else f"after {back_s:.0f} s"
    found.expect(
        f"shares are within {NEAR:.0%} of the usual after a peak of ×{FACTOR:g}",
        f"<= {BACK_WITHIN_S:.0f} s",
        reached,
        met=back_s is not None and back_s <= BACK_WITHIN_S,
    )
    found.data["shares"] = {"at_s": at_s, **shares}
    models = {each.id: each.model for each in bench.options().fleet.endpoints}
    found.picture(
        "spill", _picture(at_s, shares, level, models, (from_s, to_s)), "Shares around a peak"
    )


def _shares(rows: Rows) -> tuple[list[float], dict[str, list[float | None]]]:
    """Share of what is served that each endpoint serves, by arrival, in windows of 30 s."""
    endpoints = sorted(rows[0]["timeline"]["endpoints"])
    count = min(len(row["timeline"]["at_s"]) for row in rows) - _WINDOW_BUCKETS + 1
    shares: dict[str, list[float | None]] = {endpoint: [] for endpoint in endpoints}
    for index in range(count):
        window = slice(index, index + _WINDOW_BUCKETS)
        served = {
            key: sum(sum(row["timeline"]["endpoints"][key]["served"][window]) for row in rows)
            for key in endpoints
        }
        total = sum(served.values())
        for key in endpoints:
            shares[key].append(served[key] / total if total else None)
    bucket_s = rows[0]["timeline"]["bucket_s"]
    return [(index + _WINDOW_BUCKETS / 2) * bucket_s for index in range(count)], shares


def _back(
    at_s: Sequence[float],
    shares: Mapping[str, Sequence[float | None]],
    level: Mapping[str, float],
    end_s: float,
) -> float | None:
    """Seconds after the peak until the first window whose shares are all near the usual ones."""
    half_s = at_s[0]
    for index, middle_s in enumerate(at_s):
        near = all(abs((shares[key][index] or 0.0) - level[key]) <= NEAR for key in level)
        if middle_s - half_s >= end_s and near:
            return middle_s - half_s - end_s
    return None


def _picture(
    at_s: Sequence[float],
    shares: Mapping[str, Sequence[float | None]],
    level: Mapping[str, float],
    models: Mapping[str, str],
    peak: tuple[float, float],
) -> Figure:
    figure, (axes,) = canvas()
    lines = [
        Line(models[key], at_s, values, colour, width=1.6)
        for (key, values), colour in zip(shares.items(), ENDPOINT_COLOUR, strict=False)
    ]
    title = f"Who serves, around a peak of {FACTOR:g} times the traffic (windows of 30 s)"
    plot(axes, lines, x="arrival, seconds from the start", y="share of what is served", title=title)
    for (_, usual), colour in zip(level.items(), ENDPOINT_COLOUR, strict=False):
        axes.axhline(usual, color=colour, linestyle="dashed", linewidth=0.7)
    shade(axes, *peak, "peak")
    return figure


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 0.0
