"""What is heard of an answer, at whatever time, as one reward.

    y = Σ ω·y / Σ ω        over everything that was heard of one answer

Somebody's judgement measures quality and counts in full. Everything else is a sign: that an answer
parses, or that nobody complains, is what happens to nearly all answers, right or wrong, while a
complaint says much. So a sign weighs by how unusual it is, ω·|y - usual|, where usual is how such
signs turn out on this task for models of that quality. Taken at face value, signs would lead every
model that is in use to a quality of 1 (nobody complains) and drown the judgements that are rare.

Where an answer has signs and no judgement, they push the cell's mean by the sum of ω·(y - usual)
and no further: what is usual moves nothing.

Source: the weights are ALGORITHMS §7.2's.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple


class Signal(StrEnum):
    """What can be heard of an answer; each at most once."""

    VOTE = "vote"
    TASK = "task"
    SPOILT = "spoilt"
    ASKED_AGAIN = "asked_again"
    LEFT = "left"
    SILENCE = "silence"


WEIGHT: Mapping[Signal, float] = {
    Signal.VOTE: 1.0,
    Signal.TASK: 0.7,
    Signal.SPOILT: 0.7,
    Signal.ASKED_AGAIN: 0.5,
    Signal.LEFT: 0.3,
    Signal.SILENCE: 0.05,
}
"""ω of each; y is 1 for good (the form asked for is there, not spoilt, not asked again, not left,
silence) and 0 for bad, but for a vote, which says it itself."""

FIRST_GUESS = 0.95
GUESS_WEIGHT = 20.0
MEMORY = 1000.0
SIGNS_PER_QUALITY = 0.5
"""By how much more of the good signs a model is expected to get that is better by 1."""


class Heard(NamedTuple):
    """One thing that was heard: y in [0, 1], and what was usual for it then."""

    y: float
    usual: float


def fused(heard: Mapping[Signal, Heard]) -> tuple[float, float]:
    """Reward and weight of an answer that was judged, each in [0, 1]; ``(0, 0)`` for nothing."""
    total = weight = 0.0
    for signal, one in heard.items():
        part = WEIGHT[signal]
        if signal is not Signal.VOTE:
            part *= abs(one.y - one.usual)
        total += part * one.y
        weight += part
    return (total / weight, min(1.0, weight)) if weight > 0.0 else (0.0, 0.0)


def pushed(heard: Mapping[Signal, Heard]) -> float:
    """How far signs alone push a cell, in [-1, 1]."""
    total = 0.0
    for signal, (y, usual) in heard.items():
        total += WEIGHT[signal] * (y - usual)
    return min(1.0, max(-1.0, total))


class _Level:
    """Means of a sign, and of the quality that was believed of those who gave it."""

    __slots__ = ("quality", "seen", "sign")

    def __init__(self) -> None:
        self.sign = FIRST_GUESS
        self.quality = 0.0
        self.seen = 0.0


class Usual:
    """How signs turn out on each task, over all models."""

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels: dict[tuple[str, str], _Level] = {}  # members of `Signal` equal their names

    def expected(self, signal: Signal, task: str, quality: float) -> float:
        """The mean of a sign on a task for a model of that quality, 0..1."""
        level = self._levels.get((signal, task))
        if level is None or level.seen == 0.0:
            return FIRST_GUESS
        return min(1.0, max(0.0, level.sign + SIGNS_PER_QUALITY * (quality - level.quality)))

    def learn(self, signal: Signal, task: str, quality: float, y: float) -> None:
        """Take in how a sign turned out for a model of that quality."""
        level = self._levels.get((signal, task))
        if level is None:
            level = self._levels[signal, task] = _Level()
        level.seen += 1.0
        step = max(1.0 / MEMORY, 1.0 / (GUESS_WEIGHT + level.seen))
        level.sign += step * (y - level.sign)
        level.quality += max(1.0 / MEMORY, 1.0 / level.seen) * (quality - level.quality)

    def state(self) -> list[list[Any]]:
        """Everything it knows, as plain values."""
        return [
            [str(signal), [str(task), level.sign, level.quality, level.seen]]
            for (signal, task), level in self._levels.items()
        ]

    def restore(self, state: list[list[Any]]) -> None:
        """Replace what it knows by an earlier `state()`."""
        self._levels = {}
        for signal, (task, sign, quality, seen) in state:
            level = self._levels[str(signal), str(task)] = _Level()
            level.sign, level.quality, level.seen = float(sign), float(quality), float(seen)
