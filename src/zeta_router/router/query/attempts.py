"""A query at its endpoint: first token, progress, end, and whether it goes on elsewhere."""

from __future__ import annotations

from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.reasons import Reason
from zeta_router.router.commands import Cancel, Command, Emit, OutcomeRecord
from zeta_router.router.decision.placement import Placement
from zeta_router.router.endpoint.watch import Watch
from zeta_router.router.events import Finished, FirstToken, Progress
from zeta_router.router.query.cases import Attempt, Case
from zeta_router.router.query.judging import Judging
from zeta_router.router.query.lessons import on_end, on_first_token, true_up
from zeta_router.router.query.second_try import SecondTry

_ENDED_BY_ITSELF = frozenset(
    {Status.OK, Status.CLIENT_ERROR, Status.CLIENT_GONE, Status.HEDGE_LOST}
)

_LOST = Outcome(Status.HEDGE_LOST)


class Attempts:
    """Follows every attempt from its dispatch to its end.

    Attributes:
        second_try: Says who is tried again.
    """

    def __init__(self, placement: Placement, watch: Watch, judging: Judging) -> None:
        self._placement = placement
        self._fleet = placement.fleet
        self._watch = watch
        self._judging = judging
        self.second_try = SecondTry(placement.fleet)

    def first_token(self, event: FirstToken) -> None:
        """The first token of an attempt has come."""
        attempt = self._running(event)
        if attempt is None or attempt.first_token_at_s is not None:
            return
        state = self._fleet.get(attempt.endpoint_id, attempt.generation)
        if state is not None:
            state.first_token(attempt, event.at_s)
            on_first_token(state, attempt, event.at_s)

    def progress(self, event: Progress) -> None:
        """An attempt has produced so many tokens."""
        attempt = self._running(event)
        if attempt is None:
            return
        state = self._fleet.get(attempt.endpoint_id, attempt.generation)
        if state is not None:
            left = None
            if event.output_tokens >= 2 * attempt.left_at_tokens:
                left = self._left(event, state.model.name)
            state.progress(attempt, event.output_tokens, event.at_s, left)

    def finished(self, event: Finished, commands: list[Command]) -> None:
        """An attempt has ended, or the client of a held query has left."""
        case = self._placement.cases.get(event.query_id)
        if case is None:
            return
        attempt = case.attempt_of(event.attempt)
        if attempt is not None:
            self._attempt_ended(case, attempt, event, commands)
            self._placement.serve_waiting(event.at_s, commands)
        elif case.attempt is None:
            self._left_while_held(case, event, commands)

    def _attempt_ended(
        self, case: Case, attempt: Attempt, event: Finished, commands: list[Command]
    ) -> None:
        outcome, now_s = event.outcome, event.at_s
        other = case.ended(attempt)
        self._end(case, attempt, outcome, now_s, commands)
        if other is not None:
            if not outcome.started and outcome.status not in _ENDED_BY_ITSELF:
                self.second_try.note(case, attempt, outcome)
                return  # the other copy goes on
            case.ended(other)
            self._end(case, other, _LOST, now_s, commands)
            commands.append(Cancel(case.query.id, other.number))
        if self.second_try.granted(case, attempt, outcome, now_s):
            self._placement.place(case, now_s, commands)
        else:
            self._close(case, outcome, now_s, commands)

    def _running(self, event: FirstToken | Progress) -> Attempt | None:
        """The running attempt that the event belongs to; None when it is over or replaced."""
        case = self._placement.cases.get(event.query_id)
        return case.attempt_of(event.attempt) if case is not None else None

    def _left(self, event: Progress, model: str) -> float:
        """Tokens still to come of a stream that has produced so many."""
        case = self._placement.cases[event.query_id]
        topics, longest = case.task.topics, case.query.max_output_tokens
        length = self._placement.knowledge.length
        return length.remaining(topics, model, event.output_tokens, longest)

    def _end(
        self,
        case: Case,
        attempt: Attempt,
        outcome: Outcome,
        now_s: float,
        commands: list[Command],
    ) -> None:
        """Free the slot, learn, and look after the endpoint's health."""
        query, wait_s = case.query, case.queue_wait_s(now_s)
        endpoint_id = attempt.endpoint_id
        record = OutcomeRecord(now_s, query.id, attempt.number, endpoint_id, outcome, wait_s)
        commands.append(Emit(record))
        self._fleet.version += 1
        state = self._fleet.endpoints.get(endpoint_id)
        if state is None:
            return
        company = state.company(attempt, now_s)
        state.end(query.id, now_s)
        if state.generation != attempt.generation:
            return
        self._judging.ended(query, case.task, state.model.name, outcome, now_s)
        more_s = true_up(state, attempt, outcome, now_s)
        self._placement.tenants.charge(query.tenant, more_s)
        on_end(
            state,
            self._placement.knowledge,
            case.task.topics,
            attempt,
            outcome,
            company,
            now_s,
            query.features,
        )
        self._placement.dispatching.ended(case, attempt, outcome, now_s)
        self._watch.on_end(state, case, attempt, outcome, now_s, commands)

    def _close(self, case: Case, outcome: Outcome, now_s: float, commands: list[Command]) -> None:
        """No further attempt: done, or an honest error when the client has nothing yet."""
        if outcome.started or outcome.status in _ENDED_BY_ITSELF:
            self._placement.forget(case)
            return
        timed_out = outcome.status is Status.UPSTREAM_TIMEOUT
        reason = Reason.UPSTREAM_TIMEOUT if timed_out else Reason.UPSTREAM_FAILED
        self._placement.reject(case, reason, now_s, commands)

    def _left_while_held(self, case: Case, event: Finished, commands: list[Command]) -> None:
        self._placement.leave_line(case.query.id)
        self._placement.forget(case)
        wait_s = case.queue_wait_s(event.at_s)
        record = OutcomeRecord(event.at_s, case.query.id, 0, None, event.outcome, wait_s)
        commands.append(Emit(record))
