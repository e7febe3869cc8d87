"""Notices that a model's answers have become worse, or better again, faster than its cells do.

A cell remembers 67 votes, so that it follows a fall of quality with as much delay. Here each vote
adds the log-likelihood ratio between "as before" and "a quarter worse" (and, in a sum of its own,
"better by as much"), never below zero; at 7, or 5 for better, it is an alarm, after which the
cells keep a fifth of their evidence and learn five times as fast. Votes of all topics go into one
sum, because what happens to a model (another quantisation, a wrong template) mostly happens to all
it does.

"As before" is a slow mean per topic over about 400 votes, less (or plus) one standard error: a
guess that is too high would take every bad day for a fall.

A voter that votes more often than it asks counts by its share of the traffic, or one client could
raise alarms alone.

Source: Page 1954; ALGORITHMS §8.3 for the comparison of detectors that this one won.
"""

from __future__ import annotations

from math import log, sqrt
from typing import Any

ALARM = 7.0
RISEN = 5.0
"""For a rise less is enough: a false one costs little, and who has fallen gets few votes."""

WORSE = 0.75
"""What is tested for: quality times this, or quality divided by it."""

MEMORY = 400.0
"""Votes that "as before" is made of."""

LEAST = 10.0
"""Votes on a topic before its votes are tested."""

_RANGE = (0.05, 0.97)
_KEPT_AFTER = 0.1


class _Level:
    """What is usual on one topic."""

    __slots__ = ("good", "seen")

    def __init__(self) -> None:
        self.good = self.seen = 0.0

    def add(self, y: float, weight: float) -> None:
        kept = (1.0 - 1.0 / MEMORY) ** weight
        self.good = kept * self.good + weight * y
        self.seen = kept * self.seen + weight

    def scaled(self, share: float) -> None:
        self.good *= share
        self.seen *= share


class ModelWatch:
    """One model's votes over all its topics.

    Attributes:
        fall, rise: Evidence of a change, >= 0; `ALARM` and `RISEN` are the thresholds.
    """

    __slots__ = ("_levels", "fall", "rise")

    def __init__(self) -> None:
        self.fall = self.rise = 0.0
        self._levels: dict[str, _Level] = {}

    def add(self, topic: str, y: float, weight: float = 1.0) -> int:
        """Take in a vote `y` in [0, 1]; -1 when quality has fallen, 1 when it has risen, else 0.

        `weight` in (0, 1] is how much the vote says. After an alarm everything starts over from
        what was seen of late.
        """
        level = self._levels.setdefault(topic, _Level())
        if level.seen >= LEAST:
            self._test(level, y, weight)
        level.add(y, weight)
        if self.fall < ALARM and self.rise < RISEN:
            return 0
        found = -1 if self.fall >= ALARM else 1
        self.start_over()
        return found

    def start_over(self) -> None:
        """Make what comes next the measure of what is usual."""
        self.fall = self.rise = 0.0
        for level in self._levels.values():
            level.scaled(_KEPT_AFTER)

    def state(self) -> list[Any]:
        """Everything it knows, as plain values."""
        levels = [[topic, [level.good, level.seen]] for topic, level in self._levels.items()]
        return [self.fall, self.rise, levels]

    def restore(self, fall: float, rise: float, levels: list[Any]) -> None:
        """Replace what it knows by an earlier `state()`."""
        self.fall, self.rise = float(fall), float(rise)
        self._levels = {}
        for topic, (good, seen) in levels:
            level = self._levels[str(topic)] = _Level()
            level.good, level.seen = float(good), float(seen)

    def _test(self, level: _Level, y: float, weight: float) -> None:
        usual = level.good / level.seen
        error = sqrt(max(usual * (1.0 - usual), 1.0 / level.seen) / level.seen)
        low, high = _inside(usual - error), _inside(usual + error)
        self.fall = max(0.0, self.fall + weight * _odds(y, low, _inside(low * WORSE)))
        self.rise = max(0.0, self.rise + weight * _odds(y, high, _inside(high / WORSE)))


def _odds(y: float, before: float, after: float) -> float:
    """How much more likely the vote is after the change than before, as a logarithm."""
    return y * log(after / before) + (1.0 - y) * log((1.0 - after) / (1.0 - before))


def _inside(share: float) -> float:
    return min(max(share, _RANGE[0]), _RANGE[1])
