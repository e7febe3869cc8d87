"""Who asks how much, and so how much of what is learned may come from one voice.

A client's votes are a sample of its own questions. So it may hold as much of a cell as it makes of
the traffic: all of it where it is alone, a tenth where it asks a tenth. Names that never asked
anything share one small part: inventing names gains nothing.
"""

from __future__ import annotations

from typing import Any

MEMORY = 2000.0
"""Answers after which an asker's old traffic counts half as much, about (times ln 2)."""

MOST_ASKERS = 1000
STRANGERS = "?"
"""The voice in which all vote who never asked; no tenant, key or address is written like that."""

LEAST = 0.05
"""Share that the smallest asker, and all strangers together, may hold: about one vote in a cell."""

_GROWTH = 1.0 + 1.0 / MEMORY
_RESCALE_AT = 1e12


class Askers:
    """Counts by name that fade with the traffic; the newest count most."""

    __slots__ = ("_counts", "_one", "_total")

    def __init__(self) -> None:
        self._counts: dict[str, float] = {}
        self._total = 0.0
        self._one = 1.0

    def add(self, name: str) -> None:
        """One more from this asker."""
        counts = self._counts
        counts[name] = counts.get(name, 0.0) + self._one
        self._total += self._one
        self._one *= _GROWTH
        if self._one > _RESCALE_AT:
            self._rescale()
        if len(counts) > MOST_ASKERS:
            self._forget_small()

    def share(self, name: str) -> float:
        """Its part of the traffic of late, 0..1."""
        count = self._counts.get(name, 0.0)
        return min(1.0, count / self._total) if self._total > 0.0 else 0.0

    def voice(self, name: str) -> tuple[str, float]:
        """In whose name a vote of `name` counts, and how much of a cell that name may hold."""
        share = self.share(name)
        return (name, max(LEAST, share)) if share > 0.0 else (STRANGERS, LEAST)

    def state(self) -> dict[str, Any]:
        """Everything it knows, as plain values."""
        return {"askers": [[name, count / self._one] for name, count in self._counts.items()]}

    def restore(self, state: dict[str, Any]) -> None:
        """Replace what it knows by an earlier `state()`."""
        self._counts = {str(name): float(count) for name, count in state["askers"]}
        self._total = sum(self._counts.values())
        self._one = 1.0

    def _rescale(self) -> None:
        self._counts = {name: count / self._one for name, count in self._counts.items()}
        self._total /= self._one
        self._one = 1.0

    def _forget_small(self) -> None:
        """Keep the larger half; what the others asked no longer counts for anybody."""
        ranked = sorted(self._counts, key=lambda name: (-self._counts[name], name))
        self._counts = {name: self._counts[name] for name in ranked[: MOST_ASKERS // 2]}
        self._total = sum(self._counts.values())
