"""The gateway benchmark as a picture: what a request costs each gateway, and what a chunk does.

Usage: ``python benchmarks/gateway/draw.py FILE.json FILE.svg``; the JSON is `run.py --json`'s.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from shown import Row, medians

BLUE, GREY = "#0072B2", "#8C8C8C"
OURS = ("zeta", "zeta-aiohttp", "bare-lean", "bare-aiohttp")

mpl.use("svg")
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "zeta", "font.size": 9})


def picture(plain: dict[str, dict[str, Row]], streamed: dict[str, dict[str, Row]]) -> Figure:
    """Two plots of bars side by side, cheapest on top; ours are blue."""
    figure = Figure(figsize=(8.0, 3.4), layout="constrained")
    kinds = (
        ("CPU µs per request, closed loop of 64", {n: row["pinned"] for n, row in plain.items()}),
        ("CPU µs per chunk, 200 streams", {n: row["streams"] for n, row in streamed.items()}),
    )
    for axes, (title, rows) in zip(figure.subplots(1, 2), kinds, strict=True):
        ordered = sorted((row["us"], name) for name, row in rows.items() if name != "direct")
        places = range(len(ordered), 0, -1)
        colours = [BLUE if name in OURS else GREY for _, name in ordered]
        axes.barh(places, [us for us, _ in ordered], color=colours, height=0.65)
        axes.set_yticks(places, [name for _, name in ordered])
        axes.set_xscale("log")
        axes.set_xlim(10, 3.0 * ordered[-1][0])
        axes.set_title(title, loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        for place, (us, _) in zip(places, ordered, strict=True):
            axes.annotate(
                f"{us:,.0f}", (us, place), (3, 0), textcoords="offset points", va="center"
            )
    return figure


def main() -> None:
    """As the command line says."""
    source, target = map(Path, sys.argv[1:3])
    found = json.loads(source.read_text())
    drawn = picture(medians(found["plain"]), medians(found["streams"]))
    drawn.savefig(target, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
