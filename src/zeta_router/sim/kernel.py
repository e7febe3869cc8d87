"""Virtual time: a heap of things to do, ordered by when and, at equal times, by who asked first.

The serial number is what makes a run repeatable. Two events at the same instant are common (a
request finishes and frees the slot another one takes), and an order left to chance would make two
runs of one seed differ.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from zeta_router.core.errors import BugError


class Kernel:
    """Runs actions in the order of `(time, serial number)`; time jumps from one to the next.

    Attributes:
        now_s: The virtual time, in seconds from the start of the run.
        executed: Actions run so far.
    """

    __slots__ = ("_heap", "_serial", "executed", "now_s")

    def __init__(self) -> None:
        self.now_s = 0.0
        self.executed = 0
        self._serial = 0
        self._heap: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def next_at_s(self) -> float | None:
        """When the next action is due; None when there is none."""
        return self._heap[0][0] if self._heap else None

    def at(self, at_s: float, action: Callable[..., object], *args: object) -> None:
        """Have `action(*args)` run at `at_s`; whoever asked first is first at equal times.

        There is no cancelling: an action that may become obsolete carries a version number and
        does nothing when it is an old one, which costs less than searching the heap.

        Raises:
            BugError: If `at_s` lies in the past or is not a number.
        """
        if not at_s >= self.now_s:
            raise BugError(f"an action was asked for at {at_s} s, but it is {self.now_s} s already")
        heappush(self._heap, (at_s, self._serial, action, args))
        self._serial += 1

    def step(self) -> bool:
        """Run the next action; False when there is none."""
        if not self._heap:
            return False
        self.now_s, _, action, args = heappop(self._heap)
        self.executed += 1
        action(*args)
        return True

    def run(self, until_s: float = float("inf")) -> None:
        """Run everything due at or before `until_s`, then stand there (or at the last action)."""
        heap = self._heap
        while heap and heap[0][0] <= until_s:
            self.step()
        if until_s != float("inf"):
            self.now_s = max(self.now_s, until_s)
