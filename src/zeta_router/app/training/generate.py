"""Training prompts made from templates: what the labelled sources lack.

The labelled reasoning prompts are all mathematics, and most that is not English is small talk. A
classifier trained on them alone learns "no numbers, no reasoning" and "not English, simple". The
templates add deduction, ordering, scheduling, causal, legal and reading questions, code and
everyday requests in two dozen languages, written by hand for this project.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files

from zeta_router.core.query import Task

TEMPLATE_FILES = ("templates_en.tsv", "templates_latin.tsv", "templates_other.tsv")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One labelled prompt; `source` is what is held out together when transfer is measured."""

    text: str
    task: Task
    source: str
    lang: str


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt with slots in braces, and the words that may fill them in its language."""

    lang: str
    task: Task
    text: str


def made_prompts(per_template: int, seed: int = 0) -> list[Prompt]:
    """`per_template` fillings of every template, the same for the same seed."""
    templates, slots = load_templates()
    draw = random.Random(seed)
    return [
        Prompt(fill(template, slots, draw), template.task, "made", template.lang)
        for template in templates
        for _ in range(per_template)
    ]


def load_templates() -> tuple[list[Template], dict[str, dict[str, list[str]]]]:
    """Templates, and language to slot to words. Line format: language, task or =slot, text."""
    templates: list[Template] = []
    slots: dict[str, dict[str, list[str]]] = {}
    for lang, kind, text in _lines():
        if kind.startswith("="):
            slots.setdefault(lang, {})[kind[1:]] = text.split("|")
        else:
            templates.append(Template(lang, Task(kind), text))
    return templates, slots


def fill(template: Template, slots: dict[str, dict[str, list[str]]], draw: random.Random) -> str:
    """The template with its slots filled; names differ from each other, numbers are small."""
    own, english = slots.get(template.lang, {}), slots["en"]
    names = draw.sample(own.get("A", english["A"]), 4)
    words = {slot: draw.choice(choices) for slot, choices in {**english, **own}.items()}
    words |= dict(zip("ABCD", names, strict=True))
    words |= {
        "n": str(draw.randint(2, 9)),
        "m": str(draw.randint(2, 60)),
        "k": str(draw.randint(2, 9)),
    }
    words |= {"x": draw.choice(("items", "arr", "values")), "place2": draw.choice(english["place"])}
    text = with_sentences(template.text, own.get("s", english["s"]), draw)
    return text.replace("\\n", "\n").format_map(words)


def with_sentences(text: str, bank: list[str], draw: random.Random) -> str:
    """``{S}`` replaced by a paragraph and every ``{s}`` by a sentence, none used twice in a row."""
    if "{S}" in text:
        text = text.replace("{S}", " ".join(["{s}"] * draw.randint(3, 9)))
    order = draw.sample(bank, len(bank))
    for number in range(text.count("{s}")):
        text = text.replace("{s}", order[number % len(order)], 1)
    return text


def _lines() -> Iterator[list[str]]:
    folder = files(__package__)
    for name in TEMPLATE_FILES:
        rows: Iterable[str] = (folder / name).read_text("utf-8").splitlines()
        for row in rows:
            yield row.split("\t")
