"""Room for the urgent: the batch lane may not fill an endpoint while other lanes are in use.

A batch query that has taken a slot keeps it for its whole answer, so the slot that an interactive
query will want in a moment has to be kept free before it comes.
"""

from __future__ import annotations

from zeta_router.core.query import Lane

BATCH_SHARE = 0.6
"""Share of an endpoint's slots that the batch lane may fill while others are about."""

HOLDBACK_S = 10.0
"""How long after the last query of another lane the batch lane is still held back."""


class Holdback:
    """When a query of another lane than batch came last, and what follows from it.

    Attributes:
        ends_at_s: When the batch lane may use everything again.
    """

    def __init__(self) -> None:
        self.ends_at_s = float("-inf")

    def arrived(self, lane: Lane, at_s: float) -> None:
        """A query of this lane came."""
        if lane is not Lane.BATCH:
            self.ends_at_s = max(self.ends_at_s, at_s + HOLDBACK_S)

    def share(self, lane: Lane, now_s: float) -> float:
        """Part of an endpoint's slots that a query of this lane may fill."""
        return BATCH_SHARE if lane is Lane.BATCH and now_s < self.ends_at_s else 1.0
