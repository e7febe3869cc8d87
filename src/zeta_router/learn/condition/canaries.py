"""Golden prompts: the same few questions again and again, to notice that a model has changed.

Each has one right answer that a checker can tell. What matters is not how many a model knows but
which: a prompt that it answered rightly twice is known to be within its reach, and when two of
those fail it is not the model that it was (other weights, another template, another quantisation).
One may fail by itself: engines round differently in batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COUNT = 12
"""Golden prompts; `monitor.golden` has them."""

KNOWN = 2
"""Right answers after which a prompt is known to be within a model's reach."""

HOPELESS = 3
"""Wrong answers without a right one after which it is asked no longer."""

FAILED = 2
"""Prompts within reach that have to fail."""


class Canaries:
    """What one endpoint made of the golden prompts."""

    __slots__ = ("_failing", "_next", "_right", "_wrong")

    def __init__(self) -> None:
        self._right = [0] * COUNT
        self._wrong = [0] * COUNT
        self._failing: set[int] = set()
        self._next = 0

    @property
    def known(self) -> int:
        """Prompts that are known to be within its reach."""
        return sum(right >= KNOWN for right in self._right)

    @property
    def failing(self) -> int:
        """Those of them that it answered wrongly when they were asked last."""
        return len(self._failing)

    @property
    def failed(self) -> bool:
        """Whether it is not what it was."""
        return len(self._failing) >= FAILED

    def next(self) -> int | None:
        """The number of the prompt to be asked next; None when all are hopeless."""
        for step in range(COUNT):
            number = (self._next + step) % COUNT
            if self._right[number] or self._wrong[number] < HOPELESS:
                self._next = (number + 1) % COUNT
                return number
        return None

    def answered(self, number: int, right: bool) -> None:
        """Prompt `number` was answered."""
        if not 0 <= number < COUNT:
            return
        if right:
            self._right[number] += 1
            self._failing.discard(number)
        elif self._right[number] >= KNOWN:
            self._failing.add(number)
        else:
            self._wrong[number] += 1

    def state(self) -> dict[str, Any]:
        """Everything it knows, as plain values."""
        return {
            "right": list(self._right),
            "wrong": list(self._wrong),
            "failing": sorted(self._failing),
            "next": self._next,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Replace what it knows by an earlier `state()`."""
        right, wrong = [int(n) for n in state["right"]], [int(n) for n in state["wrong"]]
        if len(right) != COUNT or len(wrong) != COUNT:
            return
        self._right, self._wrong = right, wrong
        self._failing = {int(number) for number in state["failing"]}
        self._next = int(state["next"]) % COUNT
