"""The HTML report of a study: one file, opened offline, drawn by the Plotly it carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any

from zeta_router.core.errors import ConfigError
from zeta_router.sim.report import figures
from zeta_router.sim.report.compare import summary
from zeta_router.sim.report.page import Page


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
    page = Page()
    _overview(page, result)
    rows = sorted(result["rows"], key=lambda row: row["rate"])
    for rate, of_rate in groupby(rows, key=lambda row: row["rate"]):
        is_last = rate == rows[-1]["rate"]
        _of_rate(page, rate, list(of_rate), result["endpoints"], is_open=is_last)
    page.write(path, title, script if script is not None else plotly_script())


def _overview(page: Page, result: Mapping[str, Any]) -> None:
    for each in result["violations"]:
        page.html(
            f'<p class="wrong">{escape(each["policy"])} at ×{each["rate"]:g}, seed {each["seed"]},'
            f" is above its certified bound by {each['by']:.4f}: this is a bug.</p>"
        )
    page.html(f"<h2>What was simulated</h2>{_asked(result['asked'])}")
    for note in result["notes"]:
        page.html(f"<p>{escape(note)}</p>")
    page.html(f"<h2>Quality-goodput against load</h2><p>{_ABOUT}</p>")
    page.figure(figures.against_load(result, "quality_goodput", "quality-goodput"))
    page.figure(figures.against_load(result, "goodput", "share of arrivals within the SLO"))
    page.html(_table(summary(result)))
    page.html(f"<h2>Each load</h2><p>{_ABOUT_LOADS}</p>")


_ABOUT = (
    "Quality-goodput is the mean over all arrivals of the answer's score, counted only when it "
    "came within the objectives; what was shed counts 0. Bands are 95 % intervals over seeds. The "
    "class bound knows the arrivals and the mean quality and length per topic and model, and luck "
    "may exceed it; the oracle bound knows every answer; no run exceeds the certified one."
)
_ABOUT_LOADS = (
    "Of the first seed: how long served queries took, what was shed and why, and the course over "
    "time. Use is the share of the ten seconds before that an engine worked; a price is what one "
    "engine-second has to earn."
)


def _asked(asked: Mapping[str, Any]) -> str:
    """What was simulated, as a list; what was not asked for is left out."""
    lines = {
        "arrivals": asked["trace"],
        "prompts": ", ".join(asked["quality"]),
        "models": ", ".join(f"{model} = {other}" for model, other in asked["map"].items()),
        "simulated": "the whole trace" if asked["minutes"] is None else f"{asked['minutes']:g} min",
        "seeds": str(asked["seeds"]),
        "TTFT within": _limit(asked["slo_ttft_s"]),
        "TPOT within": _limit(asked["slo_tpot_s"]),
        "topics": "by the table" if asked["topics"] == "table" else "read from the text",
        "tasks": ", ".join(f"{topic} = {task}" for topic, task in asked["task_of"].items()),
        "length of prompts": f"as in the {asked['input_tokens']}",
        "lengths of answers": _KNOWN_LENGTHS[asked["lengths"]],
        "means known before": _KNOWN_MEANS.get(asked["priors"], f"wrong: {asked['priors']}"),
        "feedback": _feedback(asked["feedback"]),
        "scenario": asked["scenario"] or "none",
        "admission": "the same for all" if asked["admission"] else "none",
    }
    cells = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in lines.items() if value
    )
    return f"<dl>{cells}</dl>"


_KNOWN_LENGTHS = {
    "learned": "known as means, then learned",
    "prior": "known as means, never learned",
    "oracle": "known exactly",
    "nothing": "unknown, and so are the engines' speeds",
}
_KNOWN_MEANS = {"true": "right", "swapped": "wrong: swapped between models"}


def _feedback(feedback: Mapping[str, float] | None) -> str:
    if feedback is None:
        return "none"
    return f"on {feedback['share']:.0%} of answers, after {feedback['delay_s']:g} s"


def _limit(limit_s: float | None) -> str:
    return "as the fleet file says" if limit_s is None else f"{limit_s:g} s"


def _of_rate(
    page: Page,
    rate: float,
    rows: Sequence[figures.Row],
    models: Mapping[str, str],
    *,
    is_open: bool,
) -> None:
    first = [row for row in rows if row["seed"] == min(row["seed"] for row in rows)]
    page.html(f"{_details(is_open)}<summary>Load ×{rate:g}</summary>")
    if all("distributions" in row for row in first):
        page.figure(figures.distribution(first, "ttft_s", "TTFT"))
        page.figure(figures.distribution(first, "tpot_s", "TPOT"))
    if any(row["shed_reasons"] for row in first):
        page.figure(figures.refusals(first, "shed, by reason"))
    else:
        page.html("<p>Nothing was shed.</p>")
    for row in first:
        if "timeline" in row:
            name = escape(row["policy"])
            page.html(f"{_details(row is first[-1])}<summary>{name} over time</summary>")
            _course(page, row, models)
            page.html("</details>")
    page.html("</details>")


def _course(page: Page, row: figures.Row, models: Mapping[str, str]) -> None:
    page.figure(figures.fate_over_time(row, "what became of the arrivals"))
    page.figure(figures.queue_over_time(row, "held in the router"))
    page.figure(figures.over_time(row, "busy_ratio", "use per endpoint", "share of time", models))
    page.figure(figures.over_time(row, "running", "running per endpoint", "requests", models))
    if any(any(seen["price"]) for seen in row["timeline"]["endpoints"].values()):
        unit = "quality per engine-second"
        page.figure(figures.over_time(row, "price", "prices", unit, models))


def _details(is_open: bool) -> str:
    return "<details open>" if is_open else "<details>"


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
    best = {
        rate: max(line["quality_goodput"] for line in lines if line["rate"] == rate)
        for rate in {line["rate"] for line in lines}
    }
    body = "".join(
        ('<tr class="best">' if line["quality_goodput"] == best[line["rate"]] else "<tr>")
        + "".join(f"<td>{_cell(line[key], form)}</td>" for key, _, form in _COLUMNS)
        + "</tr>"
        for line in lines
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any, form: str) -> str:
    return "–" if value is None else escape(form.format(value))
