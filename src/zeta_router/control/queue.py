"""The one waiting line: bounded, in lanes, every entry with a deadline.

Queries wait here and not inside the engines: what is still here can be placed on whichever endpoint
frees first, reordered, and taken back when the client leaves. An engine's own queue allows none of
that. In which order they are served is `control.lane_order`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from typing import Generic, TypeVar

from zeta_router.control.fairness import TenantCounters
from zeta_router.control.lane_order import claim, in_turn, lane_of
from zeta_router.core.query import LANES, Lane

Held = TypeVar("Held")


@dataclass(slots=True)
class Entry(Generic[Held]):
    """A held query: `item` is the router's own record of it.

    Attributes:
        lane: The lane that it asked for.
        since_s: When it began to wait.
        deadline_s: When it will have waited as long as it may.
        density: Value per engine-second, as of its latest decision; 0 when the policy gives none.
        endpoint_id: Which endpoint it waits for, as of that decision; None for any.
        settles_at_s: When to take it out before its deadline, to settle for less than it waits for.
        in_vain: Whether it has waited for something better for as long as that was worth it.
        refused: The endpoints that were open when it was held last, and that it did not want.
        wish: Equal for entries to which the same endpoints are open; for the caller's own use.
    """

    query_id: str
    lane: Lane
    deadline_s: float
    item: Held
    since_s: float = 0.0
    tenant: str = ""
    density: float = 0.0
    endpoint_id: str | None = None
    settles_at_s: float = inf
    in_vain: bool = False
    refused: frozenset[str] = frozenset()
    wish: object = None

    @property
    def due_s(self) -> float:
        """When it is taken out, whatever for."""
        return min(self.deadline_s, self.settles_at_s)


class WaitingLine(Generic[Held]):
    """Queries that wait for a slot.

    Args:
        limit: Most entries it holds over all lanes, >= 0; 0 means that nothing ever waits.
        tenants: Who has had how much; decides between tenants of one lane.
    """

    def __init__(self, limit: int, tenants: TenantCounters | None = None) -> None:
        self.limit = limit
        self._tenants = tenants if tenants is not None else TenantCounters()
        self._entries: dict[str, Entry[Held]] = {}
        self._depths = dict.fromkeys(LANES, 0)
        self._deadlines: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, query_id: str) -> bool:
        return query_id in self._entries

    def depth(self, lane: Lane) -> int:
        """Entries waiting that asked for `lane`."""
        return self._depths[lane]

    @property
    def is_full(self) -> bool:
        """Whether `push` would exceed the limit."""
        return len(self) >= self.limit

    def push(self, entry: Entry[Held]) -> None:
        """Take in. The caller has looked at `is_full`: a retry may exceed the limit."""
        self._entries[entry.query_id] = entry
        self._depths[entry.lane] += 1
        heappush(self._deadlines, (entry.due_s, entry.query_id))

    def settle_at(self, entry: Entry[Held], settles_at_s: float) -> None:
        """Change when an entry that waits here is taken out to settle for less."""
        entry.settles_at_s = settles_at_s
        heappush(self._deadlines, (entry.due_s, entry.query_id))

    def get(self, query_id: str) -> Entry[Held] | None:
        """The entry of a query that waits here."""
        return self._entries.get(query_id)

    def remove(self, query_id: str) -> Entry[Held] | None:
        """Take an entry out, wherever it stands; None when it is not here."""
        entry = self._entries.pop(query_id, None)
        if entry is not None:
            self._depths[entry.lane] -= 1
        return entry

    def in_order(self, at_most: int, now_s: float) -> Iterator[Entry[Held]]:
        """The first `at_most` entries in the order in which they are served at `now_s`.

        Entries may be removed meanwhile, and tenants charged: who is next follows.
        """
        left = at_most
        lanes: dict[Lane, list[Entry[Held]]] = {lane: [] for lane in LANES}
        for entry in self._entries.values():
            lanes[lane_of(entry, now_s)].append(entry)
        for entries in lanes.values():
            for entry in in_turn(entries, self._tenants, now_s, left):
                yield entry
                left -= 1
            if left <= 0:
                return

    def ahead_of(self, entry: Entry[Held], now_s: float) -> int:
        """How many have the better claim at `now_s`, whichever endpoint they wait for."""
        own = claim(entry, self._tenants, now_s)
        others = self._entries.values()
        return sum(1 for other in others if claim(other, self._tenants, now_s) < own)

    def next_deadline_s(self) -> float | None:
        """When the next entry is due; None when nothing waits."""
        while self._deadlines and not self._is_live(self._deadlines[0]):
            heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    def expired(self, now_s: float) -> list[Entry[Held]]:
        """Take out every entry that is due, earliest first."""
        gone = []
        while (due := self.next_deadline_s()) is not None and due <= now_s:
            entry = self.remove(heappop(self._deadlines)[1])
            if entry is not None:
                gone.append(entry)
        return gone

    def _is_live(self, mark: tuple[float, str]) -> bool:
        entry = self._entries.get(mark[1])
        return entry is not None and entry.due_s == mark[0]
