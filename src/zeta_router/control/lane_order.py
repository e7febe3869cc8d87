"""Who of the waiting is served next.

1. The lane: interactive, then normal, then batch. Whoever has waited half of the time that it may
   stands one lane further up, so that a stream of more urgent queries cannot starve it.
2. Within a lane the tenant that has had the least engine-seconds (`control.fairness`).
3. Of that tenant's queries the one with the highest ``density · (1 + waited / 10 s)``, where the
   density is what an answer in time is worth per engine-second: ``weight · quality · P / (work +
   1 ms)``. Short, likely successes first; waiting makes up for length. A policy that gives no
   scores has density 0 for all, and then it is first come, first served.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from typing import Protocol, TypeVar

from zeta_router.control.fairness import TenantCounters
from zeta_router.core.query import LANES, Lane

AGEING_S = 10.0
"""Waiting that doubles an entry's claim (ALGORITHMS §6.6)."""

PROMOTED_AT = 0.5
"""Share of its allowed wait after which an entry stands one lane further up."""

_LEAST_WORK_S = 0.001


class Waiting(Protocol):
    """What the order looks at."""

    @property
    def lane(self) -> Lane:
        """The lane that it asked for."""

    @property
    def since_s(self) -> float:
        """When it began to wait."""

    @property
    def deadline_s(self) -> float:
        """When it will have waited as long as it may."""

    @property
    def tenant(self) -> str:
        """Whose it is."""

    @property
    def density(self) -> float:
        """Its value per engine-second."""


Entry = TypeVar("Entry", bound=Waiting)


def value_density(value: float, work_s: float) -> float:
    """Value per engine-second, >= 0; `value` is weight · quality · P, without any price."""
    return max(0.0, value) / (max(0.0, work_s) + _LEAST_WORK_S)


def ageing(entry: Waiting, now_s: float) -> float:
    """By how much waiting has raised its claim, >= 1."""
    return 1.0 + max(0.0, now_s - entry.since_s) / AGEING_S


def lane_of(entry: Waiting, now_s: float) -> Lane:
    """The lane in which it stands at `now_s`."""
    patience_s = entry.deadline_s - entry.since_s
    if now_s - entry.since_s < PROMOTED_AT * patience_s:
        return entry.lane
    return LANES[max(0, LANES.index(entry.lane) - 1)]


def claim(entry: Waiting, tenants: TenantCounters, now_s: float) -> tuple[int, float, float]:
    """Sort key of an entry, least first, for the moment: lane, tenant, density with ageing."""
    lane = LANES.index(lane_of(entry, now_s))
    return lane, tenants.work_s(entry.tenant), -entry.density * ageing(entry, now_s)


def in_turn(
    entries: Sequence[Entry], tenants: TenantCounters, now_s: float, at_most: int
) -> Iterator[Entry]:
    """Up to `at_most` entries of one lane, next first.

    A tenant whose query could not be placed is passed over until the others have been asked as
    often: what one tenant waits for may be full while another's is free. Meanwhile only the tenant
    may be charged whose entry was given out.
    """
    queues: dict[str, list[Entry]] = {}
    for entry in entries:
        queues.setdefault(entry.tenant, []).append(entry)
    for queue in queues.values():  # last is next; equal claims stay in order of arrival
        queue.sort(key=lambda entry: -entry.density * ageing(entry, now_s))
        queue.reverse()
    order = [(0, tenants.work_s(tenant), tenant) for tenant in queues]
    heapify(order)
    for _ in range(min(at_most, len(entries))):
        asked, had_s, tenant = order[0]
        queue = queues[tenant]
        yield queue.pop()
        has_s = tenants.work_s(tenant)
        if not queue:
            heappop(order)
        elif has_s == had_s:  # not placed: nothing was charged
            heapreplace(order, (asked + 1, has_s, tenant))
        else:
            heapreplace(order, (asked, has_s, tenant))
