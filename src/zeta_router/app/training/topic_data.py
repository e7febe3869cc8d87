"""What the topic reader is trained on: prompts by domain, and graded prompts.

Domains come from where a labelled prompt comes from, and from templates for those that no labelled
source has (reading code, logic, science, work on texts). Grades are MATH's levels and CMATH's
school years. A graded prompt that stands in a quality table is left out, so that such tables can
judge what was learned.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from zeta_router.app.training.augment import augmented
from zeta_router.app.training.corpus import json_rows
from zeta_router.app.training.generate import Template, fill, load_templates
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Task

TEMPLATES: Final = "domains_en.tsv"
PER_TEMPLATE: Final = 12

_OF_SOURCE: Final[Mapping[str, str]] = {
    "aqua-rat": "reasoning/arithmetic",
    "chatterbot-corpus": "simple/chat",
    "classeval": "code/write",
    "clinc150": "simple/chat",
    "cmath": "reasoning/arithmetic",
    "gpteacher-codegen": "code/write",
    "gpteacher-roleplay": "simple/writing",
    "gsm8k-train": "reasoning/arithmetic",
    "math-test-l1-4": "reasoning/maths",
    "mbpp": "code/write",
    "multipl-e-humaneval": "code/write",
    "nq-open": "simple/fact",
    "p3-via-self-instruct": "simple/text",
}
"""A labelled source's domain."""

_OF_BELLE: Final[Mapping[str, str]] = {
    "brainstorming": "simple/writing",
    "classification": "simple/text",
    "closed qa": "simple/text",
    "code": "code/write",
    "extract": "simple/text",
    "generation": "simple/writing",
    "math": "reasoning/arithmetic",
    "open qa": "simple/fact",
    "rewrite": "simple/text",
    "summarization": "simple/text",
}
"""The domain of the categories of the one source that has many."""


@dataclass(frozen=True, slots=True)
class DomainPrompt:
    """A prompt whose domain is known."""

    text: str
    domain: str
    source: str


@dataclass(frozen=True, slots=True)
class GradedPrompt:
    """A prompt with its grade; grades of different scales cannot be compared."""

    text: str
    scale: str
    grade: float


def domain_prompts(data: Path, seed: int) -> list[DomainPrompt]:
    """Labelled prompts and made ones, each once as it is and once as others would write it.

    Raises:
        ConfigError: The labels are missing or malformed.
    """
    rows = _rows(_labels(data) / "train.jsonl.gz", ("text", "source", "subcat"))
    prompts = [*_with_domain(rows), *made_prompts(PER_TEMPLATE, seed)]
    draw = random.Random(seed)
    others = [DomainPrompt(augmented(p.text, draw), p.domain, p.source) for p in prompts]
    return prompts + others


def graded_prompts(data: Path) -> list[GradedPrompt]:
    """The prompts of ``labels/difficulty.jsonl.gz`` that are in no quality table.

    Raises:
        ConfigError: The labels are missing or malformed.
    """
    judged = {
        row["text"]
        for path in sorted((data / "quality").glob("*.prompts.jsonl.gz"))
        for row in _rows(path, ("text",))
    }
    rows = _rows(_labels(data) / "difficulty.jsonl.gz", ("text", "scale", "value"))
    return [
        GradedPrompt(row["text"], row["scale"], row["value"])
        for row in rows
        if row["text"] not in judged
    ]


def made_prompts(per_template: int, seed: int) -> list[DomainPrompt]:
    """`per_template` fillings of every template, the same for the same seed.

    A line of the file is a domain and a text, or ``=slot`` and one thing that may stand in it.
    """
    _, slots = load_templates()
    own: dict[str, list[str]] = {}
    templates: list[tuple[str, str]] = []
    for line in (files(__package__) / TEMPLATES).read_text("utf-8").splitlines():
        kind, _, text = line.partition("\t")
        if kind.startswith("="):
            own.setdefault(kind[1:], []).append(text)
        else:
            templates.append((kind, text))
    draw = random.Random(seed)
    return [
        DomainPrompt(_filled(domain, text, own, slots, draw), domain, "made")
        for domain, text in templates
        for _ in range(per_template)
    ]


def _filled(
    domain: str,
    text: str,
    own: Mapping[str, list[str]],
    slots: dict[str, dict[str, list[str]]],
    draw: random.Random,
) -> str:
    for slot, choices in own.items():
        text = text.replace(f"{{{slot}}}", draw.choice(choices))
    return fill(Template("en", Task(domain.partition("/")[0]), text), slots, draw)


def _with_domain(rows: Iterable[Mapping[str, Any]]) -> Iterator[DomainPrompt]:
    for row in rows:
        source = row["source"]
        domain = _OF_BELLE.get(row["subcat"]) if source == "belle-eval" else _OF_SOURCE.get(source)
        if domain is not None:
            yield DomainPrompt(row["text"], domain, source)


def _labels(data: Path) -> Path:
    return data / "labels" if (data / "labels").is_dir() else data


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for place, row in json_rows(path, "point --data at the folder with labels/"):
        missing = [name for name in needed if name not in row]
        if missing:
            raise ConfigError(place, f"lacks {', '.join(missing)}")
        if not isinstance(row["text"], str):
            raise ConfigError(place, f"text is {row['text']!r}, not a text")
        yield {**row, "value": _grade(row["value"], place)} if "value" in needed else row


def _grade(value: Any, place: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ConfigError(place, f"value is {value!r}, not a number") from None
