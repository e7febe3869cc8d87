"""A second copy of a query whose first one is late (`control.hedge` says which and how many)."""

from __future__ import annotations

from dataclasses import replace

from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.reasons import Reason
from zeta_router.router.commands import Command, DecisionRecord, Emit
from zeta_router.router.decision.decide import decide
from zeta_router.router.decision.placement import HEDGE_TIMER, Placement
from zeta_router.router.query.cases import Case

_DISPATCH = Verdict.DISPATCH


class Late:
    """Sends copies of late queries."""

    def __init__(self, placement: Placement) -> None:
        self._placement = placement

    def hedge_late(self, now_s: float, commands: list[Command]) -> None:
        """Send late embeddings to a second endpoint, where one has a free slot for them."""
        hedges = self._placement.dispatching.hedges
        for query_id, number in hedges.late(now_s):
            case = self._placement.cases.get(query_id)
            attempt = case.attempt if case is not None else None
            if case is None or attempt is None or attempt.number != number:
                continue
            if case.backup is not None or attempt.first_token_at_s is not None:
                continue
            decision = self._elsewhere(case, attempt.endpoint_id, now_s)
            if decision.verdict is _DISPATCH and hedges.spend():
                case.decisions += 1
                decision = decision._replace(reason=Reason.HEDGED)
                commands.append(Emit(DecisionRecord(case.query, decision)))
                self._placement.dispatching.back_up(case, decision, now_s, commands)
        self._placement.set_timer(HEDGE_TIMER, hedges.next_s, commands)

    def _elsewhere(self, case: Case, endpoint_id: str, now_s: float) -> Decision:
        """What would be decided if the query had not been sent to an endpoint."""
        tries = replace(case.tries, failed={*case.tries.failed, endpoint_id})
        return decide(
            replace(case, tries=tries),
            self._placement.fleet.snapshot(now_s),
            self._placement.setting,
        )
