"""Room for the urgent: the batch lane may not fill an endpoint while other lanes are in use.

A batch query that has taken a slot keeps it for its whole answer, so the slot that an interactive
query will want in a moment has to be kept free before it comes. Where the forecast says that the
other lanes may need nearly all there is, the batch lane gets less still.
"""

from __future__ import annotations

from zeta_router.core.query import Lane

BATCH_SHARE = 0.6
"""Share of an endpoint's slots that the batch lane may fill while others are about."""

FULL_BATCH_SHARE = 0.3
"""The same while the other lanes are forecast to fill the fleet."""

FULL_LOAD = 0.9
"""From what share of the fleet's capacity on, at p90, the other lanes are said to fill it."""

HOLDBACK_S = 10.0
"""How long after the last query of another lane the batch lane is still held back."""


_BATCH = Lane.BATCH
"""Looked up once: a member of an enum costs as much as a function call."""


class Holdback:
    """When a query of another lane than batch came last, and what follows from it.

    Attributes:
        ends_at_s: When the batch lane may use everything again.
        full_until_s: Until when the other lanes are forecast to fill the fleet.
    """

    def __init__(self) -> None:
        self.ends_at_s = float("-inf")
        self.full_until_s = float("-inf")

    def arrived(self, lane: Lane, at_s: float) -> None:
        """A query of this lane came."""
        if lane is not _BATCH:
            self.ends_at_s = max(self.ends_at_s, at_s + HOLDBACK_S)

    def foreseen(self, load_p90: float, until_s: float) -> None:
        """The other lanes are forecast to take this share of the fleet's capacity until then."""
        if load_p90 > FULL_LOAD:
            self.full_until_s = until_s
            self.ends_at_s = max(self.ends_at_s, until_s)
        else:
            self.full_until_s = float("-inf")

    def share(self, lane: Lane, now_s: float) -> float:
        """Part of an endpoint's slots that a query of this lane may fill."""
        if lane is not _BATCH or now_s >= self.ends_at_s:
            return 1.0
        return FULL_BATCH_SHARE if now_s < self.full_until_s else BATCH_SHARE
