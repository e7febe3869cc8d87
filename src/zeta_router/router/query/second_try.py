"""Whether a query whose attempt has ended is tried again."""

from __future__ import annotations

from zeta_router.control.ejection import Circuit
from zeta_router.control.retry_budget import RetryBudget
from zeta_router.core.outcome import Outcome, Status, Teaches
from zeta_router.router.endpoint.fleet import FleetState
from zeta_router.router.query.cases import Attempt, Case


class SecondTry:
    """Grants further attempts, within the query's own limit and the budget of all."""

    def __init__(self, fleet: FleetState) -> None:
        self._fleet = fleet
        self._budget = RetryBudget()

    def arrived(self, now_s: float) -> None:
        """A query came in; the budget is a share of those."""
        self._budget.arrived(now_s)

    def granted(self, case: Case, attempt: Attempt, outcome: Outcome, now_s: float) -> bool:
        """Whether the query gets another attempt. One that we ended ourselves costs no try."""
        if attempt.given_up and outcome.status is Status.UPSTREAM_TIMEOUT and not outcome.started:
            return True
        again = self.note(case, attempt, outcome)
        return again and self._affords(attempt, outcome, now_s)

    def note(self, case: Case, attempt: Attempt, outcome: Outcome) -> bool:
        """Remember how an attempt ended; whether the query's own limit allows another one."""
        limit = self._fleet.config.limits.attempts
        return case.tries.may_retry(outcome, attempt.endpoint_id, limit)

    def _affords(self, attempt: Attempt, outcome: Outcome, now_s: float) -> bool:
        """Whether the budget for retries has one for this attempt.

        What carried nothing or was only refused costs none, and neither does what leaves an
        endpoint that is taken out: its slots bound it.
        """
        unsent = outcome.status is Status.UPSTREAM_UNREACHABLE
        if unsent or outcome.status.teaches is not Teaches.FAILURE:
            return True
        state = self._fleet.endpoints.get(attempt.endpoint_id)
        if state is None or not state.liveness.alive:
            return True
        return state.ejection.circuit is Circuit.OPEN or self._budget.spend(now_s)
