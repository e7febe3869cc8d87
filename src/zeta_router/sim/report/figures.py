"""The plots of a report, as plain dictionaries that Plotly draws in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zeta_router.sim.report.compare import interval

Figure = dict[str, Any]
Row = Mapping[str, Any]

PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#333333",
)  # fmt: skip
"""Okabe and Ito's colours, which everybody can tell apart; lines beyond them are dashed, too."""

DASHES = ("solid", "dash", "dot")

BOUNDS = {"class_bound": "dash", "oracle_bound": "dot", "certified_bound": "longdash"}
"""Each bound, with its dash."""

SHARES = frozenset({"quality_goodput", "goodput"})
"""Fields between 0 and 1."""


def lines_of(names: Sequence[str]) -> dict[str, Figure]:
    """The look of each name's line, the same in every plot of a page; `joint` is drawn thicker."""
    return {
        name: {
            "color": PALETTE[index % len(PALETTE)],
            "dash": DASHES[index // len(PALETTE) % len(DASHES)],
            "width": 3.5 if name == "joint" else 1.8,
        }
        for index, name in enumerate(names)
    }


def against_load(result: Mapping[str, Any], field: str, title: str) -> Figure:
    """A field of the rows against the rate, a line and its 95 % band per policy, with bounds."""
    rows = result["rows"]
    policies = list(dict.fromkeys(row["policy"] for row in rows))
    look = lines_of(policies)
    traces: list[Figure] = []
    for policy in policies:
        mine = [row for row in rows if row["policy"] == policy]
        traces += _with_band(mine, field, policy, look[policy])
    if field == "quality_goodput":
        for name, dash in BOUNDS.items():
            rates = sorted({each["rate"] for each in result["bounds"]})
            means = [
                interval([b[name] for b in result["bounds"] if b["rate"] == rate]).mean
                for rate in rates
            ]
            line = {"dash": dash, "color": "#777", "width": 1.5}
            label = name.replace("_", " ")
            traces.append({"x": rates, "y": means, "name": label, "mode": "lines", "line": line})
    figure = _figure(traces, title, "arrival rate, times the trace's own", title)
    if field in SHARES:
        figure["layout"]["yaxis"]["range"] = [0, 1.02]  # an interval may reach beyond
    return figure


def _with_band(rows: Sequence[Row], field: str, policy: str, look: Figure) -> list[Figure]:
    rates = sorted({row["rate"] for row in rows})
    means = [interval([r[field] for r in rows if r["rate"] == rate]) for rate in rates]
    line = {
        "x": rates,
        "y": [mean.mean for mean in means],
        "name": policy,
        "legendgroup": policy,
        "mode": "lines+markers",
        "line": look,
    }
    if any(mean.low is None for mean in means):
        return [line]
    band = {
        "x": [*rates, *reversed(rates)],
        "y": [*(mean.high for mean in means), *(mean.low for mean in reversed(means))],
        "fill": "toself",
        "fillcolor": look["color"],
        "mode": "lines",
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
    look = lines_of(policies)
    traces = [
        {
            "x": row["distributions"]["percents"],
            "y": row["distributions"][name],
            "name": row["policy"],
            "mode": "lines",
            "line": look[row["policy"]],
        }
        for row in rows
        if row["distributions"][name] is not None
    ]
    figure = _figure(traces, title, "percent of served queries", "seconds")
    if name == "ttft_s":  # from milliseconds to the deadline
        figure["layout"]["yaxis"] |= {"type": "log", "dtick": "D2", "rangemode": "normal"}
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
            "marker": {"color": PALETTE[index % len(PALETTE)]},
        }
        for index, reason in enumerate(reasons)
    ]
    figure = _figure(traces, title, "", "share of arrivals")
    figure["layout"]["barmode"] = "stack"
    return figure


def over_time(
    row: Row, name: str, title: str, unit: str, models: Mapping[str, str] | None = None
) -> Figure:
    """A column of the timeline of every endpoint, of one run; `models` says who is behind which."""
    timeline = row["timeline"]
    look = lines_of(list(timeline["endpoints"]))
    traces = [
        {
            "x": timeline["at_s"],
            "y": columns[name],
            "name": f"{endpoint} ({models[endpoint]})" if models else endpoint,
            "mode": "lines",
            "line": look[endpoint],
        }
        for endpoint, columns in timeline["endpoints"].items()
    ]
    return _figure(traces, title, "seconds", unit)


def queue_over_time(row: Row, title: str) -> Figure:
    """Queries held in the router, of one run."""
    timeline = row["timeline"]
    line = {"color": PALETTE[0], "width": 1.8}
    trace = {"x": timeline["at_s"], "y": timeline["queued"], "name": "held", "mode": "lines"}
    return _figure([{**trace, "line": line}], title, "seconds", "queries")


_FATES = {"value": "quality-goodput", "in_slo": "in SLO", "shed": "shed"}


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
            "line": {"color": colour, "width": 1.8},
        }
        for (name, label), colour in zip(_FATES.items(), PALETTE, strict=False)
    ]
    return _figure(traces, title, "seconds", "share of the arrivals of ten seconds")


def _figure(traces: Sequence[Figure], title: str, x: str, y: str) -> Figure:
    return {
        "data": list(traces),
        "layout": {
            "title": {"text": title, "font": {"size": 15}, "x": 0, "xref": "paper"},
            "xaxis": {"title": {"text": x}, "automargin": True},
            "yaxis": {"title": {"text": y}, "rangemode": "tozero"},
            "margin": {"t": 40, "r": 190, "b": 60, "l": 60},
            "legend": {"x": 1.01, "xanchor": "left"},
            "showlegend": True,
            "height": 420,
        },
    }
