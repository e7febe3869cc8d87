"""Grafana panels as short values, and the JSON that Grafana reads of them.

Schema 39 is what Grafana 11.0 writes; 11 and 12 both read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

SCHEMA_VERSION = 39
WIDTH = 24
"""Columns of Grafana's grid."""

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
"""Whatever Prometheus the reader has chosen at the top of the page."""

SHARE = "percentunit"
"""Unit of a share between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture.

    Attributes:
        series: Expression to legend.
        kind: ``timeseries``, ``stat`` or ``state-timeline``.
        unit: Grafana's name of the unit.
        about: What it shows and what to think of it, one or two sentences.
        limits: Lowest and highest value of the axis; None leaves it to the data.
        stacked: Whether series add up.
        steps: Values from which it turns orange and red; below, it is green.
        texts: What values mean, with their colours, for `state-timeline`.
        places: Decimal places of a `stat`.
    """

    title: str
    series: dict[str, str]
    about: str
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    height: int = 8
    limits: tuple[float | None, float | None] = (0, None)
    stacked: bool = False
    steps: tuple[float, ...] = ()
    falling: bool = False
    texts: dict[str, tuple[str, str]] = field(default_factory=dict)
    places: int | None = None


Row = tuple[str, Sequence[Panel]]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One page: rows of panels under a title.

    Attributes:
        variables: Label to choose by, and a metric that has it.
    """

    uid: str
    title: str
    about: str
    rows: Sequence[Row]
    variables: dict[str, str] = field(default_factory=dict)


def dashboard_json(page: Dashboard, others: Sequence[Dashboard]) -> dict[str, Any]:
    """What Grafana reads; `others` become links."""
    return {
        "uid": page.uid,
        "title": page.title,
        "description": page.about,
        "tags": ["zeta-router"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "time": {"from": "now-30m", "to": "now"},
        "refresh": "10s",
        "annotations": {"list": []},
        "links": [_link(other) for other in others if other is not page],
        "templating": {"list": [_datasource(), *map(_variable, page.variables.items())]},
        "panels": _placed(page.rows),
    }


def _link(other: Dashboard) -> dict[str, Any]:
    return {
        "type": "link",
        "title": other.title,
        "url": f"/d/{other.uid}",
        "icon": "dashboard",
        "keepTime": True,
        "includeVars": False,
        "targetBlank": False,
        "asDropdown": False,
        "tags": [],
        "tooltip": other.about,
    }


def _datasource() -> dict[str, Any]:
    return {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "refresh": 1,
        "current": {},
        "options": [],
    }


def _variable(item: tuple[str, str]) -> dict[str, Any]:
    label, metric = item
    query = f"label_values({metric}, {label})"
    return {
        "name": label,
        "label": label.capitalize(),
        "type": "query",
        "datasource": SOURCE,
        "definition": query,
        "query": {"query": query, "refId": f"variable-{label}"},
        "hide": 0,
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "refresh": 2,
        "sort": 1,
        "current": {"text": ["All"], "value": ["$__all"]},
        "options": [],
    }


def _placed(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """All panels with their places, from left to right and top to bottom."""
    placed: list[dict[str, Any]] = []
    top = 0
    for title, panels in rows:
        placed.append(_row(len(placed) + 1, title, top))
        top += 1
        left = height = 0
        for panel in panels:
            if left + panel.width > WIDTH:
                top, left, height = top + height, 0, 0
            grid = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            placed.append(_panel(panel, len(placed) + 1, grid))
            left, height = left + panel.width, max(height, panel.height)
        top += height
    return placed


def _row(number: int, title: str, top: int) -> dict[str, Any]:
    return {
        "id": number,
        "type": "row",
        "title": title,
        "collapsed": False,
        "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1},
        "panels": [],
    }


def _panel(panel: Panel, number: int, grid: dict[str, int]) -> dict[str, Any]:
    targets = [
        {
            "refId": chr(ord("A") + place),
            "datasource": SOURCE,
            "expr": expr,
            "legendFormat": legend,
            "range": True,
            "instant": False,
        }
        for place, (expr, legend) in enumerate(panel.series.items())
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "gridPos": grid,
        "targets": targets,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _OPTIONS[panel.kind],
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    low, high = panel.limits
    known = {"min": low, "max": high, "decimals": panel.places}
    defaults: dict[str, Any] = {name: v for name, v in known.items() if v is not None}
    defaults |= {"unit": panel.unit, "color": {"mode": _COLOURS[panel.kind]}}
    colours = ["green", "orange", "red"][: len(panel.steps) + 1]
    if panel.falling:
        colours.reverse()
    bounds = (None, *panel.steps)
    defaults["thresholds"] = {
        "mode": "absolute",
        "steps": [{"color": c, "value": v} for c, v in zip(colours, bounds, strict=True)],
    }
    if panel.texts:
        options = {
            value: {"text": text, "color": colour, "index": place}
            for place, (value, (text, colour)) in enumerate(panel.texts.items())
        }
        defaults["mappings"] = [{"type": "value", "options": options}]
    defaults["custom"] = _custom(panel)
    return defaults


def _custom(panel: Panel) -> dict[str, Any]:
    if panel.kind == "state-timeline":
        return {"fillOpacity": 80, "lineWidth": 0}
    if panel.kind != "timeseries":
        return {}
    return {
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": 30 if panel.stacked else 5,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "line" if panel.steps else "off"},
    }


_COLOURS = {
    "timeseries": "palette-classic",
    "stat": "thresholds",
    "state-timeline": "thresholds",
}

_OPTIONS: dict[str, dict[str, Any]] = {
    "timeseries": {
        "legend": {
            "displayMode": "table",
            "placement": "bottom",
            "showLegend": True,
            "calcs": ["lastNotNull", "max"],
        },
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "colorMode": "value",
        "graphMode": "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    },
    "state-timeline": {
        "alignValue": "left",
        "mergeValues": True,
        "rowHeight": 0.8,
        "showValue": "auto",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
        "tooltip": {"mode": "single", "sort": "none"},
    },
}
