"""What a study found: tables, goals met or not, pictures, and the figures behind them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of what had to be shown.

    Attributes:
        what: In words, with the load.
        goal: What was asked for, as text.
        reached: What came out, as text.
        met: Whether that is enough.
    """

    what: str
    goal: str
    reached: str
    met: bool

    def cells(self) -> str:
        """A line of a markdown table."""
        met = "yes" if self.met else "**no**"
        return f"| {self.what} | {self.goal} | {self.reached} | {met} |"

    def __str__(self) -> str:
        return (
            f"{'met   ' if self.met else 'MISSED'} {self.what}: {self.reached} (goal: {self.goal})"
        )


@dataclass(slots=True)
class Findings:
    """Collected by a study, written by `write`."""

    title: str
    about: str
    parts: list[str] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """Add a paragraph."""
        self.parts.append(text)

    def table(self, head: Sequence[str], lines: Sequence[Sequence[str]], caption: str = "") -> None:
        """Add a markdown table."""
        if caption:
            self.parts.append(caption)
        rule = ["---"] * len(head)
        self.parts.append("\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines)))

    def expect(self, what: str, goal: str, reached: str, *, met: bool) -> None:
        """Add a goal."""
        self.goals.append(Goal(what, goal, reached, met))

    def picture(self, name: str, figure: Figure, alt: str) -> None:
        """Add a figure where the text stands."""
        self.figures[name] = figure
        self.parts.append(f"![{alt}](figures/{name}.svg)")

    def markdown(self) -> str:
        """The study as a piece of a page."""
        parts = [f"## {self.title}", self.about, *self.parts]
        if self.goals:
            lines = ["| goal | asked | reached | met |", "| --- | --- | --- | --- |"]
            parts.append("\n".join([*lines, *(each.cells() for each in self.goals)]))
        return "\n\n".join(parts) + "\n"

    def write(self, name: str, out: Path, *, png: bool) -> None:
        """Write `NAME.json`, `NAME.md` and the pictures below `out`."""
        goals = [
            {"what": g.what, "goal": g.goal, "reached": g.reached, "met": g.met} for g in self.goals
        ]
        document = {"study": name, "goals": goals, **self.data}
        (out / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        (out / f"{name}.md").write_text(self.markdown(), encoding="utf-8")
        (out / "figures").mkdir(exist_ok=True)
        for title, figure in self.figures.items():
            place = out / "figures" / title  # a name may have a dot: no with_suffix
            figure.savefig(f"{place}.svg", metadata={"Date": None})
            if png:
                figure.savefig(f"{place}.png", dpi=110)
