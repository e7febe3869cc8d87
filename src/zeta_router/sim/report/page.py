"""One HTML file with text and figures that Plotly draws, opened offline."""

from __future__ import annotations

from html import escape
from pathlib import Path

import msgspec

from zeta_router.sim.report.figures import Figure

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1100px; color: #222; }
table { border-collapse: collapse; } td, th { padding: .2rem .7rem; text-align: right; }
td:first-child, th:first-child { text-align: left; } tr:nth-child(even) { background: #f4f4f6; }
summary { cursor: pointer; padding: .3rem 0; font-weight: 600; } .wrong { color: #b00020; }
tr.best td { font-weight: 600; } dl { display: grid; grid-template-columns: 9rem 1fr; margin: 0; }
dt { color: #666; } dd { margin: 0; } h2 { margin: 2.2rem 0 .4rem; }
details details { margin-left: 1rem; }
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


class Page:
    """Grows from top to bottom; a figure inside a closed `<details>` is drawn when it opens."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._figures: list[Figure] = []

    def html(self, text: str) -> None:
        """Add HTML as it is: escape what comes from elsewhere."""
        self._parts.append(text)

    def figure(self, figure: Figure) -> None:
        """Add a figure."""
        self._parts.append(f'<div data-figure="{len(self._figures)}"></div>')
        self._figures.append(figure)

    def write(self, path: Path, title: str, script: str) -> None:
        """Write one file that needs nothing else; `script` is Plotly's JavaScript."""
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
