"""The HTML report of a study: one file, opened offline, drawn by the Plotly it carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from zeta_router.core.errors import ConfigError
from zeta_router.sim import figures
from zeta_router.sim.compare import summary

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1100px; color: #222; }
table { border-collapse: collapse; } td, th { padding: .2rem .7rem; text-align: right; }
td:first-child, th:first-child { text-align: left; } tr:nth-child(even) { background: #f4f4f6; }
summary { cursor: pointer; padding: .3rem 0; font-weight: 600; } .wrong { color: #b00020; }
"""

_DRAW = """
const FIGURES = JSON.parse(document.getElementById("figures").textContent);
function draw(box) {
  if (box.dataset.drawn || box.closest("details:not([open])")) return;
  box.dataset.drawn = "yes";
  const figure = FIGURES[box.dataset.figure];
  Plotly.newPlot(box, figure.data, figure.layout, {responsive: true, displaylogo: false});
}
const boxes = () => document.querySelectorAll("[data-figure]").forEach(draw);
document.querySelectorAll("details").forEach(each => each.addEventListener("toggle", boxes));
boxes();
"""


def plotly_script() -> str:
    """Plotly's JavaScript, from its Python wheel.

    Raises:
        ConfigError: If the wheel is not installed.
    """
    try:
        return (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        hint = "pip install 'zeta-router[report]'"
        raise ConfigError("report", "the HTML report needs Plotly", hint) from None


def write_report(
    result: Mapping[str, Any], path: Path, *, title: str = "Simulation", script: str | None = None
) -> None:
    """Write the report of a study.

    Args:
        result: What `experiment.run` answered; plots over time need `timelines` there.
        path: The HTML file.
        title: Its heading.
        script: Plotly's JavaScript; None takes it from the wheel.

    Raises:
        ConfigError: If Plotly is needed and not installed.
    """
    page = _Page()
    _overview(page, result)
    rows = sorted(result["rows"], key=lambda row: row["rate"])
    for rate, of_rate in groupby(rows, key=lambda row: row["rate"]):
        _of_rate(page, rate, list(of_rate))
    page.write(path, title, script if script is not None else plotly_script())


class _Page:
    """HTML with numbered figures."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._figures: list[figures.Figure] = []

    def html(self, text: str) -> None:
        self._parts.append(text)

    def figure(self, figure: figures.Figure) -> None:
        self._parts.append(f'<div data-figure="{len(self._figures)}"></div>')
        self._figures.append(figure)

    def write(self, path: Path, title: str, script: str) -> None:
        # "</script>" or "<!--" in a name would end the element, even within a string
        data = msgspec.json.encode(self._figures).decode().replace("<", "\\u003c")
        heading = escape(title)
        body = "\n".join(self._parts)
        path.write_text(
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{heading}</title>'
            f"<style>{_STYLE}</style><script>{script}</script></head><body><h1>{heading}</h1>\n"
            f'{body}\n<script type="application/json" id="figures">{data}</script>'
            f"<script>{_DRAW}</script></body></html>\n",
            encoding="utf-8",
        )


def _overview(page: _Page, result: Mapping[str, Any]) -> None:
    for each in result["violations"]:
        page.html(
            f'<p class="wrong">{escape(each["policy"])} at ×{each["rate"]:g}, seed {each["seed"]},'
            f" is above its certified bound by {each['by']:.4f}: this is a bug.</p>"
        )
    for note in result["notes"]:
        page.html(f"<p>{escape(note)}</p>")
    page.figure(figures.against_load(result, "quality_goodput", "quality-goodput"))
    page.figure(figures.against_load(result, "goodput", "share of arrivals within the SLO"))
    page.html(_table(summary(result)))


def _of_rate(page: _Page, rate: float, rows: Sequence[figures.Row]) -> None:
    first = [row for row in rows if row["seed"] == min(row["seed"] for row in rows)]
    page.html(f"<details><summary>Load ×{rate:g}</summary>")
    if all("distributions" in row for row in first):
        page.figure(figures.distribution(first, "ttft_s", "TTFT"))
        page.figure(figures.distribution(first, "tpot_s", "TPOT"))
    if any(row["shed_reasons"] for row in first):
        page.figure(figures.refusals(first, "shed, by reason"))
    for row in first:
        if "timeline" in row:
            page.html(f"<details><summary>{escape(row['policy'])} over time</summary>")
            page.figure(figures.fate_over_time(row, "what became of the arrivals"))
            page.figure(figures.over_time(row, "busy_ratio", "use per endpoint", "share of time"))
            page.figure(figures.over_time(row, "running", "running per endpoint", "requests"))
            if any(any(seen["price"]) for seen in row["timeline"]["endpoints"].values()):
                unit = "quality per engine-second"
                page.figure(figures.over_time(row, "price", "prices", unit))
            page.html("</details>")
    page.html("</details>")


_COLUMNS = (
    ("policy", "policy", "{}"),
    ("rate", "load ×", "{:g}"),
    ("quality_goodput", "quality-goodput", "{:.4f}"),
    ("low", "95 % from", "{:.4f}"),
    ("high", "to", "{:.4f}"),
    ("of_class_bound", "of class bound", "{:.3f}"),
    ("of_certified_bound", "of certified", "{:.3f}"),
    ("goodput", "in SLO", "{:.3f}"),
    ("shed_ratio", "shed", "{:.3f}"),
)


def _table(lines: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f"<th>{escape(label)}</th>" for _, label, _ in _COLUMNS)
    body = "".join(
        "<tr>"
        + "".join(f"<td>{_cell(line[key], form)}</td>" for key, _, form in _COLUMNS)
        + "</tr>"
        for line in lines
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any, form: str) -> str:
    return "–" if value is None else escape(form.format(value))
