"""The plots of a report, as plain dictionaries that Plotly draws in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zeta_router.sim.compare import interval

Figure = dict[str, Any]
Row = Mapping[str, Any]

PALETTE = (
    "#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2", "#97bbf5",
    "#9c6b4e", "#9498a0", "#1f77b4", "#bcbd22", "#d62728", "#17becf", "#8c564b", "#2ca02c",
)  # fmt: skip

BOUND_STYLE = {
    "class_bound": ("class bound (LP, topics known)", "dash"),
    "oracle_bound": ("oracle bound (LP, outcomes known)", "dot"),
    "certified_bound": ("certified bound (strict)", "longdash"),
}


def colours(policies: Sequence[str]) -> dict[str, str]:
    """The same colour for a policy in every plot."""
    return {policy: PALETTE[i % len(PALETTE)] for i, policy in enumerate(policies)}


def against_load(result: Mapping[str, Any], field: str, title: str) -> Figure:
    """A field of the rows against the rate, a line and its 95 % band per policy, with bounds."""
    rows = result["rows"]
    policies = list(dict.fromkeys(row["policy"] for row in rows))
    colour = colours(policies)
    traces: list[Figure] = []
    for policy in policies:
        mine = [row for row in rows if row["policy"] == policy]
        traces += _with_band(mine, field, policy, colour[policy])
    if field == "quality_goodput":
        for name, (label, dash) in BOUND_STYLE.items():
            rates = sorted({each["rate"] for each in result["bounds"]})
            means = [
                interval([b[name] for b in result["bounds"] if b["rate"] == rate]).mean
                for rate in rates
            ]
            line = {"dash": dash, "color": "#555", "width": 1.5}
            traces.append({"x": rates, "y": means, "name": label, "mode": "lines", "line": line})
    return _figure(traces, title, "arrival rate, times the trace's own", title)


def _with_band(rows: Sequence[Row], field: str, policy: str, colour: str) -> list[Figure]:
    rates = sorted({row["rate"] for row in rows})
    means = [interval([r[field] for r in rows if r["rate"] == rate]) for rate in rates]
    line = {
        "x": rates,
        "y": [mean.mean for mean in means],
        "name": policy,
        "legendgroup": policy,
        "mode": "lines+markers",
        "line": {"color": colour},
    }
    if any(mean.low is None for mean in means):
        return [line]
    band = {
        "x": [*rates, *reversed(rates)],
        "y": [*(mean.high for mean in means), *(mean.low for mean in reversed(means))],
        "fill": "toself",
        "fillcolor": colour,
        "opacity": 0.15,
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
        "legendgroup": policy,
        "name": policy,
    }
    return [band, line]


def distribution(rows: Sequence[Row], name: str, title: str) -> Figure:
    """Quantiles of TTFT or TPOT of every policy, of one rate and seed."""
    policies = [row["policy"] for row in rows]
    colour = colours(policies)
    traces = [
        {
            "x": row["distributions"]["percents"],
            "y": row["distributions"][name],
            "name": row["policy"],
            "mode": "lines",
            "line": {"color": colour[row["policy"]]},
        }
        for row in rows
        if row["distributions"][name] is not None
    ]
    figure = _figure(traces, title, "percent of served queries", "seconds")
    figure["layout"]["yaxis"]["type"] = "log"
    return figure


def refusals(rows: Sequence[Row], title: str) -> Figure:
    """What was shed and why, by policy."""
    reasons = sorted({reason for row in rows for reason in row["shed_reasons"]})
    traces = [
        {
            "x": [row["policy"] for row in rows],
            "y": [row["shed_reasons"].get(reason, 0) / row["arrivals"] for row in rows],
            "name": reason,
            "type": "bar",
        }
        for reason in reasons
    ]
    figure = _figure(traces, title, "", "share of arrivals")
    figure["layout"]["barmode"] = "stack"
    return figure


def over_time(row: Row, name: str, title: str, unit: str) -> Figure:
    """A column of the timeline of every endpoint, of one run."""
    timeline = row["timeline"]
    traces = [
        {"x": timeline["at_s"], "y": columns[name], "name": endpoint, "mode": "lines"}
        for endpoint, columns in timeline["endpoints"].items()
    ]
    return _figure(traces, title, "seconds", unit)


def fate_over_time(row: Row, title: str) -> Figure:
    """Per bucket of arrivals: their mean worth and the shares in SLO and shed."""
    timeline = row["timeline"]
    arrivals = timeline["arrivals"]
    traces = [
        {
            "x": timeline["at_s"],
            "y": [
                value / count if count else None
                for value, count in zip(timeline[name], arrivals, strict=True)
            ],
            "name": label,
            "mode": "lines",
        }
        for name, label in (("value", "quality-goodput"), ("in_slo", "in SLO"), ("shed", "shed"))
    ]
    return _figure(traces, title, "seconds", "share of the arrivals of ten seconds")


def _figure(traces: Sequence[Figure], title: str, x: str, y: str) -> Figure:
    return {
        "data": list(traces),
        "layout": {
            "title": {"text": title, "font": {"size": 15}},
            "xaxis": {"title": {"text": x}},
            "yaxis": {"title": {"text": y}, "rangemode": "tozero"},
            "margin": {"t": 45, "r": 10, "b": 45, "l": 60},
            "height": 420,
        },
    }
