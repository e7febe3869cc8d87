"""When an endpoint is asked a golden prompt: in idle time, and within a budget.

Only when nothing else is on the endpoint and nobody waits in the router, at least a minute apart,
and so seldom that the time it takes stays within `Limits.canary_ratio` of all time. One that has
been busy for an hour is asked once all the same if it has a slot free: a model in constant use
should not be the one that nobody looks after. Models that are not in memory are left where they
are, and so are endpoints that are out of service.
"""

from __future__ import annotations

from math import inf

from zeta_router.control.ejection import Circuit
from zeta_router.core.query import GENERATIVE_TASKS
from zeta_router.learn.canaries import Canaries
from zeta_router.learn.logprobs import LogprobWatch
from zeta_router.router.commands import StartCanary
from zeta_router.router.endpoint_state import EndpointState
from zeta_router.router.events import CanaryAnswered

EVERY_S = 60.0
AT_LEAST_EVERY_S = 3600.0
LOGPROBS_EVERY_S = 600.0
LOST_AFTER_S = 120.0


class CanaryRound:
    """The canaries of one endpoint.

    Attributes:
        record: What it made of them.
        logprobs: Its first-token log-probabilities, asked for every ten minutes in their place.
        spent_s: Time that it took for answers so far.
    """

    __slots__ = (
        "_asked_at_s",
        "_due_s",
        "_last_s",
        "_logprobs_due_s",
        "logprobs",
        "record",
        "spent_s",
    )

    def __init__(self) -> None:
        self.logprobs = LogprobWatch()
        self._logprobs_due_s = -inf
        self.record = Canaries()
        self.spent_s = 0.0
        self._asked_at_s: float | None = None
        self._due_s = -inf
        self._last_s = inf

    def ask(
        self, state: EndpointState, now_s: float, ratio: float, waiting: int
    ) -> StartCanary | None:
        """The canary that is to be asked now, if any.

        Args:
            state: The endpoint.
            now_s: The time.
            ratio: Most of its time that canaries may take, 0..1; 0 asks none.
            waiting: Queries held in the router.
        """
        if self._last_s == inf:  # the first look: give the start a minute
            self._last_s, self._due_s = now_s, now_s + EVERY_S
            self._logprobs_due_s = now_s + LOGPROBS_EVERY_S
        if self._asked_at_s is not None and now_s - self._asked_at_s < LOST_AFTER_S:
            return None
        if ratio <= 0.0 or now_s < self._due_s or not _fit(state):
            return None
        view = state.view(now_s)
        busy = view.in_flight + view.foreign_in_flight > 0 or waiting > 0
        if busy and (now_s - self._last_s < AT_LEAST_EVERY_S or not view.is_open):
            return None
        number = None
        if now_s < self._logprobs_due_s:
            number = self.record.next()
            if number is None:
                return None
        else:
            self._logprobs_due_s = now_s + LOGPROBS_EVERY_S
        self._asked_at_s = self._last_s = now_s
        return StartCanary(state.endpoint, state.generation, number)

    def answered(self, event: CanaryAnswered, ratio: float) -> None:
        """A canary came back; one without an answer says nothing of quality."""
        now_s, asked_at_s = event.at_s, self._asked_at_s
        taken_s = max(0.0, now_s - asked_at_s) if asked_at_s is not None else 0.0
        self._asked_at_s = None
        self.spent_s += taken_s
        self._due_s = now_s + max(EVERY_S, taken_s / ratio if ratio > 0.0 else inf)
        if event.number is None:
            self.logprobs.observe(event.logprobs)
            if not event.logprobs:
                self._logprobs_due_s = inf  # its engine does not give them
        elif event.right is not None:
            self.record.answered(event.number, event.right)


def _fit(state: EndpointState) -> bool:
    """Whether it is in service, answers chats, and has its model in memory as far as is known."""
    resident = state.sample.resident
    name = state.endpoint.upstream_model or state.endpoint.model
    return (
        state.liveness.alive
        and not state.draining
        and state.ejection.circuit is Circuit.CLOSED
        and any(task in state.model.tasks for task in GENERATIVE_TASKS)
        and (resident is None or name in resident)
    )
