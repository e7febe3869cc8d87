"""When an endpoint is asked a golden prompt: in idle time, and within a budget.

Only when nothing else is on the endpoint and nobody waits in the router, at least a minute apart,
and so seldom that the time it takes stays within `Limits.canary_ratio` of all time. One that has
been busy for an hour is asked once all the same if it has a slot free: a model in constant use
should not be the one that nobody looks after. Whether it may be asked at all is
`router.endpoint.watch`'s business.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from zeta_router.learn.condition.canaries import Canaries
from zeta_router.learn.condition.logprobs import LogprobWatch
from zeta_router.router.events import CanaryAnswered

EVERY_S = 60.0
AT_LEAST_EVERY_S = 3600.0
LOGPROBS_EVERY_S = 600.0
LOST_AFTER_S = 120.0


class Canary(NamedTuple):
    """What is to be asked: golden prompt `number`, or log-probabilities when it is None."""

    number: int | None


class CanaryRound:
    """The canaries of one endpoint.

    Attributes:
        record: What it made of them.
        logprobs: Its first-token log-probabilities, asked for every ten minutes in their place.
    """

    __slots__ = (
        "_asked_at_s",
        "_due_s",
        "_last_s",
        "_logprobs_due_s",
        "logprobs",
        "record",
    )

    def __init__(self) -> None:
        self.logprobs = LogprobWatch()
        self._logprobs_due_s = -inf
        self.record = Canaries()
        self._asked_at_s: float | None = None
        self._due_s = -inf
        self._last_s = inf

    @property
    def failed(self) -> bool:
        """Whether what came back says that it is not the model that it was."""
        return self.record.failed or self.logprobs.changed

    def due(self, now_s: float, ratio: float, *, idle: bool, has_room: bool) -> Canary | None:
        """The canary that is to be asked now, if any; the caller asks it.

        Args:
            now_s: The time.
            ratio: Most of its time that canaries may take, 0..1; 0 asks none.
            idle: Nothing is on the endpoint, and nobody waits in the router.
            has_room: A slot is free.
        """
        if self._last_s == inf:  # the first look: give the start a minute
            self._last_s, self._due_s = now_s, now_s + EVERY_S
            self._logprobs_due_s = now_s + LOGPROBS_EVERY_S
        if self._asked_at_s is not None and now_s - self._asked_at_s < LOST_AFTER_S:
            return None
        if ratio <= 0.0 or now_s < self._due_s:
            return None
        if not idle and (now_s - self._last_s < AT_LEAST_EVERY_S or not has_room):
            return None
        number = None
        if now_s < self._logprobs_due_s:
            number = self.record.next()
            if number is None:
                return None
        else:
            self._logprobs_due_s = now_s + LOGPROBS_EVERY_S
        self._asked_at_s = self._last_s = now_s
        return Canary(number)

    def answered(self, event: CanaryAnswered, ratio: float) -> None:
        """A canary came back; one without an answer says nothing of quality."""
        now_s, asked_at_s = event.at_s, self._asked_at_s
        taken_s = max(0.0, now_s - asked_at_s) if asked_at_s is not None else 0.0
        self._asked_at_s = None
        self._due_s = now_s + max(EVERY_S, taken_s / ratio if ratio > 0.0 else 0.0)
        if event.number is None:
            if event.logprobs:
                self.logprobs.observe(event.logprobs)
            elif event.logprobs is not None:
                self._logprobs_due_s = inf  # its engine does not give them
        elif event.right is not None:
            self.record.answered(event.number, event.right)
