"""What an engine says of its own load: its slots, and the work on it that is not ours.

A single poll can fall between our accounting and the engine's, so other people's work is believed
when two polls in a row show it, and not for long after the last one.
"""

from __future__ import annotations

from math import inf, isfinite

from zeta_router.core.signal import EngineSample, Signal
from zeta_router.router.endpoint.swallowed import Swallowed

FOREIGN_MAX_AGE_S = 5.0
"""How long a poll's word about other people's work on the engine is believed."""


class EngineCount:
    """The counts of an endpoint's polls.

    Attributes:
        slots: As many as the engine said last; None before it said so.
        swallowed: Whether it has lost queries of ours.
    """

    __slots__ = ("_at_s", "_foreign", "slots", "swallowed")

    def __init__(self) -> None:
        self.slots: int | None = None
        self.swallowed = Swallowed()
        self._foreign: tuple[int, int] = (0, 0)
        self._at_s = -inf

    def on_sample(self, at_s: float, sample: EngineSample, ours: int) -> None:
        """Take a poll; `ours` is how many queries of ours are on the engine."""
        if sample.slots is not None:
            self.slots = _count(sample.slots) or self.slots
        running, waiting = _count(sample.running), _count(sample.waiting)
        if running is None:
            self.swallowed.on_silence()
        if running is None and waiting is None:
            return
        seen = (running or 0) + (waiting or 0)
        if running is not None:
            self.swallowed.on_count(at_s, seen, ours)
        self._foreign = (self._foreign[1], max(0, seen - ours))
        self._at_s = at_s

    def foreign(self, now_s: float) -> tuple[int, float]:
        """Queries of others on the engine, and until when that is believed: inf for none."""
        until_s = self._at_s + FOREIGN_MAX_AGE_S
        foreign = min(self._foreign) if now_s <= until_s else 0
        return foreign, until_s if foreign else inf


def _count(signal: Signal | None) -> int | None:
    """A signal as a whole number, >= 0; None when it is absent or makes no sense."""
    if signal is None or signal.value is None or not isfinite(signal.value) or signal.value < 0:
        return None
    return int(signal.value)
