"""Few slots at first, and one more for each good answer.

What is predicted for an endpoint that nobody has seen is a guess; an eighth of its slots can be
wrong without harm, and is enough to find out.
"""

from __future__ import annotations

PART = 8
"""The first slots are one of so many."""


class SlowStart:
    """How many of an endpoint's slots may be filled while it is new, or back."""

    __slots__ = ("_proved",)

    def __init__(self) -> None:
        self._proved: int | None = None

    def begin(self, slots: int, in_flight: int) -> None:
        """Start anew, with `in_flight` queries on it that came before."""
        self._proved = max(1, slots // PART) + in_flight

    def proved(self, slots: int) -> None:
        """It has given a good answer."""
        if self._proved is not None:
            self._proved = self._proved + 1 if self._proved < slots else None

    def of(self, slots: int) -> int:
        """Those of its slots that may be filled."""
        return slots if self._proved is None else min(slots, self._proved)
