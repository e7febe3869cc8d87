"""The HTML report of a replay: the tables of the command line and the distributions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from zeta_router.sim.report import figures
from zeta_router.sim.report.html import plotly_script
from zeta_router.sim.report.page import Page


def write_replay_report(
    result: Mapping[str, Any], path: Path, *, script: str | None = None
) -> None:
    """Write what `sim.replay.study.study` answered as one file that opens offline.

    Raises:
        ConfigError: If Plotly is needed and not installed.
    """
    page = Page()
    told = result["log"]
    page.html(
        f"<p>{told['queries']} queries in {told['seconds']:.0f} s, decided by "
        f"{escape(told['policy'])}; {told['judged']} judged.</p>"
    )
    _validation(page, result["validation"])
    page.html("<h2>Quality of answers, from those that were judged</h2>")
    page.html(_rows(_QUALITY, (_quality(n, p["quality"]) for n, p in result["policies"].items())))
    page.html("<h2>Latency, simulated</h2>")
    page.html(_rows(_LATENCY, (_latency(n, p["latency"]) for n, p in result["policies"].items())))
    drawn = [
        {"policy": name, "distributions": told["latency"]["distributions"]}
        for name, told in result["policies"].items()
    ]
    page.figure(figures.distribution(drawn, "ttft_s", "TTFT"))
    page.figure(figures.distribution(drawn, "tpot_s", "TPOT"))
    for note in result["notes"]:
        page.html(f"<p>{escape(note)}</p>")
    page.write(path, "Replay", script if script is not None else plotly_script())


_QUALITY = ("policy", "doubly robust", "95 %", "SNIPS", "95 %", "effective samples", "refused")
_LATENCY = ("policy", "in SLO", "shed", "TTFT p50", "p99", "E2E p50", "p99", "validated")


def _validation(page: Page, validation: Mapping[str, Any]) -> None:
    if validation["is_valid"]:
        page.html("<p>The logging policy's own replay agrees with the log.</p>")
        return
    told = "".join(f"<li>{escape(problem)}</li>" for problem in validation["problems"])
    page.html(
        '<p class="wrong">The replay is not validated: the logging policy\'s own replay does not '
        "agree with the log. No latency figure here is to be relied on.</p>"
        f'<ul class="wrong">{told}</ul>'
    )


def _quality(name: str, quality: Mapping[str, Any]) -> Sequence[str]:
    cells = [name]
    for kind in ("dr", "snips"):
        told = quality[kind]
        if told is None:
            cells += ["–", "–"]
        else:
            cells += [f"{told['mean']:.4f}", f"{told['low']:.4f} – {told['high']:.4f}"]
    return [*cells, f"{quality['ess']:.0f} of {quality['judged']}", quality["refusal_text"] or "no"]


def _latency(name: str, latency: Mapping[str, Any]) -> Sequence[str]:
    times = ("ttft_p50_s", "ttft_p99_s", "e2e_p50_s", "e2e_p99_s")
    return [
        name,
        f"{latency['goodput']:.3f}",
        f"{latency['shed_ratio']:.3f}",
        *("–" if latency[time] is None else f"{latency[time]:.3g} s" for time in times),
        "yes" if latency["is_validated"] else "NO",
    ]


def _rows(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"
