"""Whether a text runs in circles, from three counts that need no model.

A loop compresses far below what prose (.40 to .60) and code (.25 to .40) do, repeats its word
trigrams, or repeats its lines; one of them alone can be a table or a poem.

Source: the signals and the threshold of one half are ALGORITHMS §8.1's; the scales were set on
answers' texts of the sorts in the tests.
"""

from __future__ import annotations

from typing import NamedTuple
from zlib import compress

LEAST_CHARS = 240
"""Shorter texts are not judged: there is nothing yet to repeat."""

LOOKED_AT_CHARS = 4096
_SHORT_LINE = 8


class Circles(NamedTuple):
    """The counts, each 0..1, and the three together; from .5 on it is a loop."""

    compression_ratio: float
    distinct_trigrams_ratio: float
    repeated_lines_ratio: float
    degeneration: float


def circles_in(text: str) -> Circles | None:
    """The counts over the last `LOOKED_AT_CHARS`; None where there is too little text."""
    text = text[-LOOKED_AT_CHARS:]
    if len(text) < LEAST_CHARS:
        return None
    raw = text.encode("utf-8", "replace")
    ratio = min(1.0, len(compress(raw, 1)) / len(raw))
    words = text.split()
    if len(words) < 20:  # a script without spaces, or one endless word
        words = list(text)
    trigrams = len(words) - 2
    distinct = len(set(zip(words, words[1:], words[2:], strict=False))) / trigrams
    lines = [line for line in text.split("\n") if len(line) >= _SHORT_LINE]
    repeated = 1.0 - len(set(lines)) / len(lines) if len(lines) >= 4 else 0.0
    score = 0.4 * _part(0.22 - ratio, 0.12) + 0.4 * _part(0.5 - distinct, 0.3)
    return Circles(ratio, distinct, repeated, score + 0.2 * _part(repeated - 0.3, 0.4))


def _part(excess: float, scale: float) -> float:
    return min(1.0, max(0.0, excess / scale))
