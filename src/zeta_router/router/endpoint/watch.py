"""Looking after the endpoints: what is heard of each, and what follows for its queries.

Whether an endpoint can be reached is `control.health`, whether its answers are of use is
`control.ejection`. Here the events are turned into calls on both, queries that wait for a first
token on an endpoint that has fallen silent are moved to another one, and the next question to an
endpoint is asked when it is due.
"""

from __future__ import annotations

from collections import OrderedDict

from zeta_router.control.ejection import BAD_IN_A_ROW, Circuit
from zeta_router.control.filters import unsuitable
from zeta_router.core.checks import Checks
from zeta_router.core.fleet import Model
from zeta_router.core.outcome import Outcome, Status, Teaches
from zeta_router.core.query import GENERATIVE_TASKS, Operation, Task
from zeta_router.core.signal import NO_SAMPLE
from zeta_router.core.snapshot import Health
from zeta_router.router.commands import Cancel, Command, StartCanary, StartProbe
from zeta_router.router.decision.placement import Placement
from zeta_router.router.endpoint.state import EndpointState
from zeta_router.router.events import CanaryAnswered, Probed
from zeta_router.router.query.cases import Attempt, Case

SILENT = "silence"
"""Ejected because it said nothing; an answered poll is proof that it is back."""

UNANSWERED = "no answers"
"""Ejected because it answers polls and no queries."""

EMPTY = "empty answers"

REFUSES = "being busy without work"
"""Ejected because it goes on saying that it is full, with nothing to do."""

DENIES = "denying what others answer"

MOST_REFUSALS = 4
"""Pauses in a row that an idle endpoint gets; then it is asked by us and not by clients."""

MOST_MOVES = 2
"""Times that a query is moved away from an endpoint that is silent; then it stays where it is."""

REMEMBERED = 2_000
"""Answers whose text may still be looked at; that takes less than a second."""

_WITHOUT_TOKENS = frozenset({Operation.EMBEDDING, Operation.RERANK})
_KNOWN_TO_ALL = frozenset({Operation.CHAT, Operation.EMBEDDING})
"""Calls that every engine knows whose model can answer them."""


def smallest_call(model: Model) -> Operation:
    """The kind of call that tells whether a model answers."""
    if any(task in model.tasks for task in GENERATIVE_TASKS):
        return Operation.CHAT
    return Operation.EMBEDDING if Task.EMBEDDING in model.tasks else Operation.RERANK


class Watch:
    """Keeps the endpoints' health; `placement` holds them and the queries on them."""

    def __init__(self, placement: Placement) -> None:
        self._placement = placement
        self._answered: OrderedDict[str, tuple[str, int]] = OrderedDict()

    def on_end(
        self,
        state: EndpointState,
        case: Case,
        attempt: Attempt,
        outcome: Outcome,
        now_s: float,
        commands: list[Command],
    ) -> None:
        """An attempt has ended: what that says about its endpoint."""
        lesson = outcome.status.teaches
        if outcome.http_status is not None or lesson is Teaches.SUCCESS:
            state.heard_at_s = now_s
        state.liveness.on_outcome(now_s, outcome)
        if lesson is Teaches.FAILURE and outcome.status is not Status.UPSTREAM_UNREACHABLE:
            self._on_bad(state, outcome.status.value.replace("_", " "), now_s, commands)
        elif lesson is Teaches.BACKPRESSURE:
            self._on_refusal(state, now_s, commands)
        elif lesson is Teaches.SUCCESS:
            self._on_success(state, case, attempt, outcome, now_s, commands)
        self.follow(state, now_s, commands)

    def on_checked(
        self, query_id: str, checks: Checks, now_s: float, commands: list[Command]
    ) -> None:
        """The text of an answer was looked at, by whoever had it."""
        endpoint_id, generation = self._answered.pop(query_id, ("", 0))
        state = self._placement.fleet.get(endpoint_id, generation)
        if state is None:
            return
        flawed = checks.spoilt or checks.task_done is False
        state.cognition.quality.add(0.0 if flawed else 1.0)
        state.empty_in_a_row = state.empty_in_a_row + 1 if checks.empty else 0
        if state.empty_in_a_row >= BAD_IN_A_ROW:
            state.empty_in_a_row = 0
            self._eject(state, EMPTY, now_s, commands)
        self.follow(state, now_s, commands)

    def on_sample(self, state: EndpointState, now_s: float, commands: list[Command]) -> None:
        """A poll was answered."""
        if state.ejection.circuit is Circuit.OPEN:
            if state.ejection.reason == SILENT:
                state.ejection.back_at_once(now_s)
                self.follow(state, now_s, commands)
        elif state.silent(now_s):
            self._eject(state, UNANSWERED, now_s, commands)
        state.note_findings(now_s)
        self._ask_canary(state, now_s, commands)

    def on_canary(self, state: EndpointState, event: CanaryAnswered) -> None:
        """A golden prompt was answered, or was not."""
        ratio = self._placement.fleet.config.limits.canary_ratio
        state.cognition.canary_round.answered(event, ratio)
        state.touch()

    def on_unanswered(self, state: EndpointState, now_s: float, commands: list[Command]) -> None:
        """A poll was not answered yet: ask at once whether it lives."""
        if state.liveness.alive and not state.asked_whether_alive:
            state.asked_whether_alive = True
            state.asked_at_s = now_s
            commands.append(StartProbe(state.endpoint, state.generation))

    def on_probe(self, state: EndpointState, event: Probed, commands: list[Command]) -> None:
        """A probe came back."""
        now_s, alive = event.at_s, event.alive
        if event.deep:
            state.ejection.on_answer(now_s, alive)
        elif state.asked_whether_alive:
            state.asked_whether_alive = False
            heard_since = state.heard_at_s > state.asked_at_s
            if alive:
                self.on_sample(state, now_s, commands)  # as good as an answered poll
            elif not state.attempts and (event.gone or state.sample is NO_SAMPLE):
                self._on_life(state, alive, now_s)  # it is not there, or never was
            elif state.liveness.alive and not heard_since:
                self._eject(state, SILENT, now_s, commands)
        else:
            self._on_life(state, alive, now_s)
        self.follow(state, now_s, commands)

    def follow(self, state: EndpointState, now_s: float, commands: list[Command]) -> None:
        """Ask for the probe or the wake-up that the endpoint's state calls for."""
        state.touch()
        endpoint_id, life = state.endpoint.id, state.liveness
        deep = life.alive
        due_s = state.ejection.next_probe_s if deep else life.next_probe_s
        if due_s is not None and due_s <= now_s:
            if deep:
                state.ejection.asked(now_s)
                due_s = state.ejection.next_probe_s
            else:
                life.next_probe_s = due_s = None
            by = smallest_call(state.model) if deep else None
            commands.append(StartProbe(state.endpoint, state.generation, by))
        if due_s is not None:
            self._placement.set_timer(f"probe:{endpoint_id}", due_s, commands)
        elif life.paused_until_s > now_s:
            self._placement.set_timer(f"pause:{endpoint_id}", life.paused_until_s, commands)

    def _ask_canary(self, state: EndpointState, now_s: float, commands: list[Command]) -> None:
        """Ask a golden prompt where it is time for one and the model is at hand."""
        if state.health is not Health.UP or state.residency.cold:
            return
        if smallest_call(state.model) is not Operation.CHAT:
            return
        view = state.view(now_s)
        idle = view.in_flight + view.foreign_in_flight == 0 and len(self._placement.line) == 0
        ratio = self._placement.fleet.config.limits.canary_ratio
        rounds = state.cognition.canary_round
        canary = rounds.due(now_s, ratio, idle=idle, has_room=view.is_open)
        if canary is not None:
            commands.append(StartCanary(state.endpoint, state.generation, canary.number))

    def _on_life(self, state: EndpointState, alive: bool, now_s: float) -> None:
        """What a probe says of an endpoint that was thought dead, or is so from now on."""
        life = state.liveness
        if alive and not life.alive:
            state.price.freeze(now_s)
            state.prefixes.clear()
            if life.was_gone:
                state.cognition.restarted()
                state.ejection.back_at_once(now_s)
        life.on_probe(now_s, alive)

    def _on_success(
        self,
        state: EndpointState,
        case: Case,
        attempt: Attempt,
        outcome: Outcome,
        now_s: float,
        commands: list[Command],
    ) -> None:
        """A good answer, as far as can be seen; one of no tokens is judged by who has its text.

        Of an answer in one piece nobody may have counted the tokens; it was set aside before this
        where its body is of no use.
        """
        if case.tries.denied:
            self._on_contradicted(case, now_s, commands)
        self._answered[case.query.id] = (state.endpoint.id, state.generation)
        if len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)
        tokens = attempt.first_token_at_s is not None or bool(outcome.output_tokens)
        uncounted = not case.query.stream and outcome.output_tokens is None
        if tokens or uncounted or case.query.operation in _WITHOUT_TOKENS:
            trial = state.ejection.circuit is Circuit.HALF_OPEN
            state.ejection.on_good(now_s)
            if trial and state.ejection.circuit is Circuit.CLOSED:
                state.start_slowly()
            else:
                state.slow_start.proved(state.slots)
        elif case.query.stream:
            self._on_bad(state, EMPTY, now_s, commands)

    def _on_refusal(self, state: EndpointState, now_s: float, commands: list[Command]) -> None:
        """It says that it is full: with nobody's work there, a fault by another name."""
        view = state.view(now_s)
        idle = view.in_flight + view.foreign_in_flight == 0
        if idle and state.liveness.refusals >= MOST_REFUSALS:
            self._eject(state, REFUSES, now_s, commands)

    def _on_contradicted(self, case: Case, now_s: float, commands: list[Command]) -> None:
        """Others denied what was answered now.

        Not every engine knows every kind of call: of the rarer ones that says nothing.
        """
        if case.query.operation not in _KNOWN_TO_ALL:
            return
        for endpoint_id in case.tries.denied:
            state = self._placement.fleet.endpoints.get(endpoint_id)
            if state is not None:
                self._on_bad(state, DENIES, now_s, commands)
                self.follow(state, now_s, commands)

    def _on_bad(
        self, state: EndpointState, reason: str, now_s: float, commands: list[Command]
    ) -> None:
        if state.ejection.on_bad(now_s, reason):
            self._move_queries(state, commands)

    def _eject(
        self, state: EndpointState, reason: str, now_s: float, commands: list[Command]
    ) -> None:
        state.ejection.eject(now_s, reason)
        self._move_queries(state, commands)
        self.follow(state, now_s, commands)

    def _move_queries(self, state: EndpointState, commands: list[Command]) -> None:
        """Give up what waits there for a first token, where another endpoint can do it."""
        for query_id, attempt in state.attempts.items():
            case = self._placement.cases.get(query_id)
            if case is None or case.attempt is not attempt or attempt.first_token_at_s is not None:
                continue
            if case.moves < MOST_MOVES and self._others(case, state):
                case.moves += 1
                attempt.given_up = True
                commands.append(Cancel(query_id, attempt.number))

    def _others(self, case: Case, state: EndpointState) -> bool:
        """Whether another endpoint is fit to serve the case, by what is known of it."""
        for other in self._placement.fleet.endpoints.values():
            if (
                other is not state
                and other.health is Health.UP
                and other.endpoint.id not in case.tries.failed
                and unsuitable(case.demand, other.model) is None
            ):
                return True
        return False
