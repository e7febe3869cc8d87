"""The pictures of the studies of feedback (`quality.py`)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "routing"))

from draw import BLUE, GREEN, GREY, ORANGE, VERMILION, Line, canvas, plot, shade

JUDGED_ENOUGH = 500
"""Judgements after which wrong priors should have been mended."""

FALLEN_S = (500.0, 1100.0)
"""From when to when the large model is worse."""


def priors(out: Path, found: dict[str, Any]) -> None:
    """How far behind true priors, by the number of judgements."""
    figure, panels = canvas(len(found), width=8.0, height=3.0)
    for axes, (name, told) in zip(panels, found.items(), strict=True):
        gaps = told["by_judgements"]
        x = [100 * (at + 1) for at in range(len(gaps))]
        band = ([100 * (m - h) for m, h in gaps], [100 * (m + h) for m, h in gaps])
        behind = Line("swapped", x, [100 * m for m, _ in gaps], BLUE, band=band, width=1.8)
        goal = Line("1 point", x, [1.0] * len(x), GREY, style="--")
        plot(axes, [goal, behind], x="judgements", y="points behind true priors", title=name)
        axes.set_ylim(-3.0, 14.0)
        axes.axvline(JUDGED_ENOUGH, color="#999999", linewidth=0.8)
    figure.savefig(out / "quality-priors.svg", metadata={"Date": None})


def drift(out: Path, found: dict[str, Any]) -> None:
    """The large model's share of the queries, undisturbed and not."""
    figure, panels = canvas(len(found), width=8.0, height=3.0)
    for axes, (name, told) in zip(panels, found.items(), strict=True):
        usual, fallen = told["courses"]
        scale = 1740.0 / float(name[1:]) / len(usual)
        x = [scale * (at + 0.5) for at in range(len(usual))]
        lines = [Line("undisturbed", x, usual, GREY), Line("disturbed", x, fallen, BLUE, width=1.8)]
        title = f"rate {name.replace('x', '×')}"
        plot(axes, lines, x="s", y="share of the 14B model", title=title, top=1.05)
        shade(axes, *FALLEN_S, "35 % worse")
    figure.savefig(out / "quality-drift.svg", metadata={"Date": None})


def poison(out: Path, courses: dict[str, list[float]]) -> None:
    """What is believed of the large model."""
    figure, (axes,) = canvas(1, width=6.5, height=3.0)
    colours = {"honest": GREEN, "bounded": BLUE, "unbounded": VERMILION}
    lines = [
        Line(name, [10.0 * at for at in range(len(course))], course, colours.get(name, ORANGE))
        for name, course in courses.items()
    ]
    plot(axes, lines, x="s", y="believed quality of the 14B model", top=1.0)
    figure.savefig(out / "quality-poison.svg", metadata={"Date": None})
