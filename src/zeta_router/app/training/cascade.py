"""Training and measuring the second opinion: the classifier first, an embedder where it doubts."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from zeta_router.app.training.embeddings import vectors_of
from zeta_router.app.training.generate import Prompt
from zeta_router.app.training.heads import fit_head, head_logits, write_head
from zeta_router.app.training.network import Array, softmax
from zeta_router.app.training.report import Section, section
from zeta_router.app.training.score import truth_of
from zeta_router.core.errors import BugError
from zeta_router.learn.task.ask import excerpt
from zeta_router.learn.task.embedded import EmbedderHead

BELOW: Final = 0.9
"""Probability of the likeliest task below which a prompt counts as uncertain here."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class EmbedderOptions:
    """Which embedder to train a head for.

    Attributes:
        url: Address that speaks OpenAI's embeddings API.
        out: File for the head.
        model: Which of its models; None takes the first it lists.
        sample: Most prompts that are embedded for training.
    """

    url: str
    out: Path
    model: str | None = None
    sample: int = 3000


class Cascade:
    """A head in the making.

    Args:
        options: See `EmbedderOptions`.
        progress: Told now and then how far it is.
    """

    def __init__(self, options: EmbedderOptions, progress: Progress) -> None:
        self._options = options
        self._progress = progress
        self._head: EmbedderHead | None = None

    def train(self, prompts: Sequence[Prompt], posteriors: Array, seed: int) -> EmbedderHead:
        """Fit a head to what networks made of prompts whose source they had not seen; write it."""
        rows = sampled(posteriors, self._options.sample, seed)
        chosen = [prompts[row] for row in rows]
        vectors, model = self._vectors(chosen)
        self._progress(f"training a head for {model} on {len(rows)} prompts")
        sources = np.array([prompt.source for prompt in chosen])
        head = fit_head(posteriors[rows], vectors, truth_of(chosen), sources, model)
        write_head(head, self._options.out)
        self._head = head
        return head

    def scored(self, title: str, prompts: Sequence[Prompt], posteriors: Array) -> Section:
        """How good the two are together, when the embedder is asked for every uncertain prompt."""
        rows = np.flatnonzero(posteriors.max(axis=1) < BELOW).tolist()
        together = posteriors.copy()
        if self._head is None:
            raise BugError("a cascade is scored before it is trained")
        if rows:
            vectors, _ = self._vectors([prompts[row] for row in rows])
            together[rows] = softmax(head_logits(self._head, posteriors[rows], vectors))
        share = len(rows) / len(prompts)
        return section(f"{title}, embedder asked for {share:.1%}", prompts, together)

    def _vectors(self, prompts: Sequence[Prompt]) -> tuple[Array, str]:
        texts = [excerpt(prompt.text) or " " for prompt in prompts]
        return vectors_of(texts, self._options.url, self._options.model, self._progress)


def sampled(posteriors: Array, most: int, seed: int) -> list[int]:
    """Numbers of at most `most` rows, ascending: uncertain ones first, then others by chance."""
    uncertain = posteriors.max(axis=1) < BELOW
    draw = random.Random(seed)
    first, rest = np.flatnonzero(uncertain).tolist(), np.flatnonzero(~uncertain).tolist()
    draw.shuffle(first)
    draw.shuffle(rest)
    return sorted((first + rest)[:most])
