"""What is asked: prompts of quality tables, whose outcomes are known per model, or of our own.

With tables the score of the model that answered is known without judging anything, so a live run
has a quality-goodput like a simulated one. Only the played half of the prompts is asked; priors
may come from the other one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from random import Random

from zeta_router.core.errors import ConfigError
from zeta_router.sim.workload.tables import Prompt, load_tables


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to ask.

    Attributes:
        topic: What kind of prompt it is, for the report.
        scores: Quality of each model's answer in [0, 1]; empty when it is not known.
        output_tokens: Length of each model's answer; empty when it is not known.
    """

    text: str
    topic: str
    scores: Mapping[str, float] = field(default_factory=dict)
    output_tokens: Mapping[str, int] = field(default_factory=dict)


def from_tables(quality: Sequence[Path], table_model: Mapping[str, str]) -> list[Ask]:
    """The played half of the tables.

    Args:
        quality: Scores files.
        table_model: The fleet's models, each with the model of the tables that stands for it.

    Raises:
        ConfigError: As `sim.workload.tables.load_tables`; when a prompt has no text.
    """
    asks = [_ask(prompt) for prompt in load_tables(quality, table_model).played]
    if not all(ask.text for ask in asks):
        raise ConfigError("--quality", "the tables have prompts without a text; nothing to send")
    return asks


def _ask(prompt: Prompt) -> Ask:
    answers = prompt.answers.items()
    return Ask(
        prompt.text,
        prompt.topic,
        {model: answer.score for model, answer in answers},
        {model: answer.output_tokens for model, answer in answers if answer.output_tokens},
    )


def drawn(asks: Sequence[Ask], seed: int) -> Iterator[Ask]:
    """Asks without end, uniformly with replacement; with one seed as `zeta simulate` deals them."""
    random = Random(f"prompts:{seed}")
    while True:
        yield asks[int(random.random() * len(asks))]


def synthetic() -> list[Ask]:
    """A built-in set: three kinds, each a few questions over several subjects."""
    return [
        Ask(question.format(first, second), topic)
        for topic, (questions, subjects) in _SYNTHETIC.items()
        for question, (first, second) in product(questions, subjects)
    ]


_SYNTHETIC = {
    "simple": (
        (
            "What is the difference between {} and {}?",
            "In one sentence, what do {} and {} have in common?",
            "Which is older, {} or {}?",
            "Give me three facts about {} and one about {}.",
        ),
        (
            ("coffee", "tea"),
            ("a violin", "a cello"),
            ("Lisbon", "Porto"),
            ("rugby", "football"),
            ("a moth", "a butterfly"),
            ("jam", "marmalade"),
        ),
    ),
    "code": (
        (
            "Write a Python function that merges {} with {} and returns a sorted list.",
            "Counting {} per {} with `counts[row['key']] += 1` raises KeyError. Fix it.",
            "Write a SQL query that joins {} with {} and keeps rows without a match.",
            "Refactor a JavaScript class that stores {} and {} so that it has no global state.",
        ),
        (
            ("two lists of integers", "a tuple"),
            ("orders", "customers"),
            ("log lines", "hosts"),
            ("words", "documents"),
            ("events", "sessions"),
            ("students", "courses"),
        ),
    ),
    "reasoning": (
        (
            "Prove that if {} then {}. Give every step.",
            "Suppose {}. Derive step by step whether {}, and say where the argument could fail.",
        ),
        (
            ("n squared is even", "n is even"),
            ("a and b are coprime", "a + b and ab are coprime"),
            ("a graph has more than n - 1 edges on n vertices", "it contains a cycle"),
            ("every bounded sequence has a convergent subsequence", "a closed interval is compact"),
            ("p is a prime above 3", "p squared minus 1 is divisible by 24"),
            ("f is continuous and never zero on an interval", "f keeps its sign there"),
        ),
    ),
}
