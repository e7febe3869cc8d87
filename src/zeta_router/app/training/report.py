"""The report of a training run: as JSON, and as the tables of the page about the classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from zeta_router.app.training.generate import Prompt
from zeta_router.app.training.network import Array
from zeta_router.app.training.score import (
    Scores,
    by_language,
    by_length,
    by_source,
    score,
    truth_of,
)
from zeta_router.learn.task.protocol import DEFAULT_COSTS, TaskCosts

MIN_LANGUAGE_ROWS = 25


@dataclass(frozen=True, slots=True)
class Section:
    """One set of prompts: the whole, its parts, and how often a perturbation changes a decision."""

    title: str
    total: Scores
    sources: Mapping[str, Scores]
    languages: Mapping[str, Scores]
    lengths: Mapping[str, Scores]
    flips: Mapping[str, float] = field(default_factory=dict)

    @property
    def mean_of_sources(self) -> float:
        """Accuracy averaged over sources, however many prompts each has."""
        return float(np.mean([scores.accuracy for scores in self.sources.values()]))


@dataclass(frozen=True, slots=True)
class Report:
    """What a training run found.

    Attributes:
        temperature: What the scores were divided by, so that confidences mean what they say.
        rows: Rows trained on, the rewritten ones included.
    """

    sections: tuple[Section, ...]
    temperature: float
    rows: int
    weights_bytes: int

    def as_json(self) -> dict[str, Any]:
        """All figures, for ``--json``."""
        return asdict(self)

    def markdown(self) -> str:
        """All tables."""
        head = (
            f"{self.rows:,} rows trained on, temperature {self.temperature:.2f}, "
            f"weights {self.weights_bytes / 1000:.0f} kB.\n"
        )
        return "\n".join((head, *(_section_markdown(part) for part in self.sections)))


def section(
    title: str,
    prompts: Sequence[Prompt],
    posteriors: Array,
    flips: Mapping[str, float] | None = None,
    costs: TaskCosts = DEFAULT_COSTS,
) -> Section:
    """All tables for one set of prompts."""
    truth = truth_of(prompts)

    def part(rows: list[int]) -> Scores:
        return score(truth[rows], posteriors[rows], costs)

    languages = by_language(prompts)
    return Section(
        title,
        score(truth, posteriors, costs),
        {name: part(rows) for name, rows in by_source(prompts).items()},
        {name: part(rows) for name, rows in languages.items() if len(rows) >= MIN_LANGUAGE_ROWS},
        {name: part(rows) for name, rows in by_length(prompts).items()},
        flips or {},
    )


def _section_markdown(part: Section) -> str:
    lines = [f"### {part.title}", "", *_table("set", {"all": part.total, **part.sources})]
    lines += ["", f"Mean accuracy over its sources: {part.mean_of_sources:.3f}.", ""]
    if len(part.languages) > 1:
        lines += [*_table("language", part.languages), ""]
    if part.lengths:
        lines += [*_table("characters, as many simple as hard", part.lengths), ""]
    if part.flips:
        lines += ["| change | decisions that flip |", "| --- | --- |"]
        lines += [f"| {name} | {share:.1%} |" for name, share in part.flips.items()]
        lines.append("")
    return "\n".join(lines)


def _table(kind: str, rows: Mapping[str, Scores]) -> list[str]:
    columns = ("n", "accuracy", "macro-F1", "hard called simple", "simple called hard", "ECE")
    lines = [f"| {kind} | {' | '.join(columns)} |", f"|{' --- |' * (len(columns) + 1)}"]
    for name, scores in rows.items():
        figures = (
            f"{scores.n}",
            f"{scores.accuracy:.3f}",
            f"{scores.macro_f1:.3f}",
            _share(scores.hard_called_simple),
            _share(scores.simple_called_hard),
            f"{scores.calibration_error:.3f}",
        )
        lines.append(f"| {name} | {' | '.join(figures)} |")
    return lines


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
