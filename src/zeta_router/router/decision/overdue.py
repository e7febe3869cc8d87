"""Queries that have waited as long as they may, or as long as waiting was worth it."""

from __future__ import annotations

from math import inf

from zeta_router.control.queue import Entry
from zeta_router.core.decision import Verdict
from zeta_router.core.reasons import Reason
from zeta_router.router.commands import Command
from zeta_router.router.decision.decide import decide
from zeta_router.router.decision.placement import QUEUE_TIMER, Placement
from zeta_router.router.decision.waiting import is_timeless
from zeta_router.router.query.cases import Case

_DISPATCH = Verdict.DISPATCH


class Overdue:
    """Takes out of the waiting line what is due."""

    def __init__(self, placement: Placement) -> None:
        self._placement = placement

    def _expire(self, case: Case, now_s: float, commands: list[Command]) -> None:
        """Its time is up: say whether there was no capacity or nobody up to serve it."""
        placement = self._placement
        up = decide(case, placement.fleet.snapshot(now_s), placement.setting).candidates
        reason = Reason.DEADLINE if up else Reason.NO_ENDPOINT_UP
        placement.reject(case, reason, now_s, commands)

    def expire_due(self, now_s: float, commands: list[Command]) -> None:
        """Answer every query that has waited as long as it may."""
        for entry in self._placement.line.expired(now_s):
            if not self._settle_for_less(entry, now_s, commands):
                self._placement.waits_for(entry, None)
                self._expire(entry.item, now_s, commands)
        self._placement.set_timer(QUEUE_TIMER, self._placement.line.next_deadline_s(), commands)

    def _settle_for_less(self, entry: Entry[Case], now_s: float, commands: list[Command]) -> bool:
        """Serve on what is open a query that waited in vain for something better.

        False where it has to be refused: nothing is open, and it has waited as long as it may.
        """
        case = entry.item
        if not is_timeless(case):
            return False
        decision = self._placement.consider(case, now_s, last=True)
        if decision.verdict is _DISPATCH:
            self._placement.waits_for(entry, None)
            case.decisions += 1
            case.release(now_s)
            self._placement.send(case, decision, now_s, commands)
            return True
        if entry.deadline_s <= now_s:
            return False
        entry.settles_at_s, entry.in_vain = inf, True
        self._placement.line.push(entry)
        return True
