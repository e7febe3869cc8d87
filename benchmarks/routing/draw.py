"""Pictures for a page: few lines, each named where it ends, in colours that everybody can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

mpl.use("svg")
mpl.rcParams.update(
    {
        "svg.fonttype": "none",  # text stays text: small, searchable, in the reader's font
        "svg.hashsalt": "zeta",  # the same picture gives the same bytes
        "font.family": "sans-serif",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#666666",
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "figure.facecolor": "white",
        "path.simplify": True,
    }
)

# Okabe and Ito's palette: told apart with any kind of colour vision
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9",
)  # fmt: skip
GREY = "#8C8C8C"
INK = "#333333"

COLOUR: Mapping[str, str] = {
    "joint": BLUE,
    "static": ORANGE,
    "threshold": PURPLE,
    "greedy": GREEN,
    "p2c": VERMILION,
    "prequal": SKY,
}
"""The same policy has the same colour in every picture; the others are grey."""

ENDPOINT_COLOUR = (SKY, ORANGE, BLUE, PURPLE, GREEN, VERMILION)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot; `band` is its 95 % interval, low and high."""

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    colour: str = GREY
    band: tuple[Sequence[float], Sequence[float]] | None = None
    style: str = "-"
    width: float = 1.3
    label: bool = True


def canvas(
    columns: int = 1, *, height: float = 3.4, width: float = 7.2
) -> tuple[Figure, list[Axes]]:
    """A figure with panels side by side that share their y axis."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(1, columns, sharey=True, squeeze=False)
    return figure, list(axes[0])


def plot(
    axes: Axes,
    lines: Sequence[Line],
    *,
    x: str,
    y: str,
    title: str = "",
    top: float | None = None,
) -> None:
    """Draw lines from 0 up, the most important last, each named at its end.

    Panels that share an axis need one `top`, or the second moves the names of the first.
    """
    for line in lines:
        ys = [float("nan") if value is None else value for value in line.y]
        axes.plot(line.x, ys, line.style, color=line.colour, linewidth=line.width)
        if line.band is not None:
            axes.fill_between(line.x, *line.band, color=line.colour, alpha=0.18, linewidth=0)
    axes.set_ylim(0, top)
    axes.set_xlabel(x)
    place = axes.get_subplotspec()
    if place is None or place.is_first_col():
        axes.set_ylabel(y)
    axes.set_title(title)
    axes.grid(axis="y", color="#E5E5E5", linewidth=0.6)
    axes.set_axisbelow(True)
    _name_ends(axes, [line for line in lines if line.label])


def highest(panels: Sequence[Sequence[Line]]) -> float:
    """A `top` for panels with these lines."""
    values = [y for lines in panels for line in lines for y in line.y if y is not None]
    return 1.06 * max(values, default=1.0)


def shade(axes: Axes, from_s: float, to_s: float | None, label: str) -> None:
    """Mark the time of a disturbance; None: until the end."""
    right = axes.get_xlim()[1] if to_s is None else to_s
    axes.axvspan(from_s, right, color="#000000", alpha=0.07, linewidth=0)
    top = axes.get_ylim()[1]
    axes.annotate(label, (from_s, top), (3, -9), textcoords="offset points", fontsize=8, color=INK)


def _name_ends(axes: Axes, lines: Sequence[Line]) -> None:
    """Names beside the right ends, pushed apart where they would cover each other."""
    ends = []
    for line in lines:
        known = [(x, y) for x, y in zip(line.x, line.y, strict=True) if y is not None]
        if known:
            ends.append((known[-1][1], line))
    if not ends:
        return
    low, high = axes.get_ylim()
    inches = axes.get_window_extent().height / axes.figure.dpi
    apart = (high - low) * 11 / 72 / inches
    ends.sort(key=lambda each: each[0])
    places = _apart([each[0] for each in ends], apart, high)
    for (_, line), place in zip(ends, places, strict=True):
        axes.annotate(
            line.name,
            (1, place),
            (4, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            color=line.colour if line.colour != GREY else "#666666",
            fontsize=8,
            va="center",
            annotation_clip=False,
        )


def _apart(wanted: Sequence[float], apart: float, high: float) -> list[float]:
    """Rising places at least `apart` from each other, near the wanted ones, none above `high`."""
    places = list(wanted)
    for _ in range(100):
        for index in range(1, len(places)):
            short = apart - (places[index] - places[index - 1])
            if short > 0:
                places[index] += short / 2
                places[index - 1] -= short / 2
        over = places[-1] - high
        if over > 0:
            places[-1] -= over
    return places
