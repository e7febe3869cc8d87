"""The one waiting line: bounded, in lanes, every entry with a deadline.

Queries wait here and not inside the engines: what is still here can be placed on whichever endpoint
frees first, reordered, and taken back when the client leaves. An engine's own queue allows none of
that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Generic, TypeVar

from zeta_router.core.query import LANES, Lane

Held = TypeVar("Held")


@dataclass(frozen=True, slots=True)
class Entry(Generic[Held]):
    """A held query: `item` is the router's own record of it."""

    query_id: str
    lane: Lane
    deadline_s: float
    item: Held


class WaitingLine(Generic[Held]):
    """Queries that wait for a slot, by lane and then by arrival.

    Args:
        limit: Most entries it holds over all lanes, >= 0; 0 means that nothing ever waits.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lanes: dict[Lane, dict[str, Entry[Held]]] = {lane: {} for lane in LANES}
        self._deadlines: list[tuple[float, str, Lane]] = []

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    def __contains__(self, query_id: str) -> bool:
        return any(query_id in lane for lane in self._lanes.values())

    def depth(self, lane: Lane) -> int:
        """Entries waiting in `lane`."""
        return len(self._lanes[lane])

    @property
    def is_full(self) -> bool:
        """Whether `push` would exceed the limit."""
        return len(self) >= self.limit

    def push(self, entry: Entry[Held]) -> None:
        """Append to its lane. The caller has looked at `is_full`: a retry may exceed the limit."""
        self._lanes[entry.lane][entry.query_id] = entry
        heappush(self._deadlines, (entry.deadline_s, entry.query_id, entry.lane))

    def remove(self, query_id: str) -> Entry[Held] | None:
        """Take an entry out, wherever it stands; None when it is not here."""
        for lane in self._lanes.values():
            entry = lane.pop(query_id, None)
            if entry is not None:
                return entry
        return None

    def in_order(self, at_most: int) -> Iterator[Entry[Held]]:
        """The first `at_most` entries in the order in which they are served.

        A copy is walked, so entries may be removed meanwhile.
        """
        left = at_most
        for lane in LANES:
            for entry in list(self._lanes[lane].values())[:left]:
                yield entry
                left -= 1
            if left <= 0:
                return

    def next_deadline_s(self) -> float | None:
        """When the next entry has waited as long as it may; None when nothing waits."""
        while self._deadlines and not self._is_live(self._deadlines[0]):
            heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    def expired(self, now_s: float) -> list[Entry[Held]]:
        """Take out every entry whose deadline has come, earliest first."""
        gone = []
        while (due := self.next_deadline_s()) is not None and due <= now_s:
            entry = self.remove(heappop(self._deadlines)[1])
            if entry is not None:
                gone.append(entry)
        return gone

    def _is_live(self, mark: tuple[float, str, Lane]) -> bool:
        entry = self._lanes[mark[2]].get(mark[1])
        return entry is not None and entry.deadline_s == mark[0]
