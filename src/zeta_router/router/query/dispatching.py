"""Sending a query to an endpoint, and the books that are kept of it."""

from __future__ import annotations

from zeta_router.control.fairness import TenantCounters
from zeta_router.control.hedge import HedgeClock
from zeta_router.control.sessions import Sessions
from zeta_router.core.decision import Decision
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Capability, Operation
from zeta_router.core.snapshot import Candidate
from zeta_router.router.commands import Command, Dispatch, Hedge
from zeta_router.router.endpoint.fleet import FleetState
from zeta_router.router.endpoint.state import EndpointState
from zeta_router.router.query.cases import Attempt, Case

_EMBEDDING, _TOOLS = Operation.EMBEDDING, Capability.TOOLS
"""Looked up once: a member of an enum costs as much as a function call."""


class Dispatching:
    """Who was sent where, what that is charged to, and who may be sent a second time.

    Attributes:
        hedges: Who of the embeddings is late.
    """

    def __init__(self, fleet: FleetState, tenants: TenantCounters, sessions: Sessions) -> None:
        self._fleet = fleet
        self._tenants = tenants
        self._sessions = sessions
        self._dispatches = 0
        self.hedges = HedgeClock(fleet.config.limits.hedge_ratio)

    def dispatch(
        self, case: Case, decision: Decision, now_s: float, commands: list[Command]
    ) -> None:
        """Send a case to the endpoint of its decision."""
        case.attempt = attempt = self._begin(case, decision, now_s)
        query, wait_s = case.query, case.queue_wait_s(now_s)
        endpoint = self._fleet.endpoints[attempt.endpoint_id].endpoint
        commands.append(Dispatch(query.id, attempt.number, endpoint, decision, wait_s))
        if query.operation is _EMBEDDING:
            expected_s = attempt.expected_ttft_s
            self.hedges.sent(query.id, attempt.number, endpoint.model, expected_s, now_s)

    def back_up(
        self, case: Case, decision: Decision, now_s: float, commands: list[Command]
    ) -> None:
        """Send a case that is being served to a second endpoint as well."""
        case.backup = attempt = self._begin(case, decision, now_s)
        endpoint = self._fleet.endpoints[attempt.endpoint_id].endpoint
        commands.append(
            Hedge(case.query.id, attempt.number, endpoint, decision, case.queue_wait_s(now_s))
        )

    def ended(self, case: Case, attempt: Attempt, outcome: Outcome, now_s: float) -> None:
        """Learn how late an answer may be."""
        if case.query.operation is not _EMBEDDING:
            return
        state = self._fleet.endpoints.get(attempt.endpoint_id)
        waited = outcome.status in (Status.OK, Status.HEDGE_LOST)
        if state is not None and waited:
            taken_s = now_s - attempt.dispatched_at_s
            self.hedges.answered(state.model.name, attempt.expected_ttft_s, taken_s)

    def _begin(self, case: Case, decision: Decision, now_s: float) -> Attempt:
        chosen = next(c for c in decision.candidates if c.view.endpoint.id == decision.endpoint_id)
        state = self._fleet.endpoints[chosen.view.endpoint.id]
        query = case.query
        case.attempts += 1
        self._dispatches += 1
        attempt = _attempt(case, state, chosen, now_s)
        state.begin(query.id, attempt, self._dispatches)
        state.price.charge(now_s, chosen.work_s)
        state.prefixes.sent(query.prefix_hashes)
        self._tenants.charge(query.tenant, chosen.work_s)
        self._sessions.served(query.tenant, query.session_id, state.endpoint.id, now_s)
        self._fleet.version += 1
        return attempt


def _attempt(case: Case, state: EndpointState, chosen: Candidate, now_s: float) -> Attempt:
    view = chosen.view
    return Attempt(
        number=case.attempts,
        endpoint_id=state.endpoint.id,
        generation=state.generation,
        dispatched_at_s=now_s,
        prompt_tokens=case.query.prompt_tokens,
        expected_output_tokens=chosen.output_tokens,
        expected_ttft_s=chosen.ttft_s,
        work_s=chosen.work_s,
        batch=view.in_flight + view.foreign_in_flight,
        pending_prefill_tokens=view.pending_prefill_tokens,
        streams=case.query.stream and _TOOLS not in case.query.needs,
        most_output_tokens=case.query.max_output_tokens,
        load_s=state.residency.wait_s(now_s),
        cached_tokens=chosen.cached_tokens,
    )
