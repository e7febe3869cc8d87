"""A query on its way through the router: what it asks, what was tried, where it is being served."""

from __future__ import annotations

from dataclasses import dataclass, field

from zeta_router.control.filters import Demand
from zeta_router.control.retry import Tries
from zeta_router.core.query import Query, TaskEstimate


@dataclass(slots=True)
class Attempt:
    """One dispatch to one endpoint, from the command to the last token.

    The state of the endpoint at dispatch (`batch`, `pending_prefill_tokens` …) is kept because the
    latency estimate learns from what the query met, not from what is there when it ends.
    `streams` tells whether signs of life come before the end of the answer: not of one in one
    piece, nor where tools may be called, for a call is held back until it is whole.
    `most_output_tokens` is the limit that the client set; None without one.
    `given_up` tells that we ended it ourselves, to serve the query elsewhere.
    `load_s` is the part of `expected_ttft_s` in which its model is loaded.
    `running_s_before` and `prefilled_before` are the endpoint's sums at its first token.
    `left_tokens` is what was expected to come when it had produced `left_at_tokens`.
    """

    number: int
    endpoint_id: str
    generation: int
    dispatched_at_s: float
    prompt_tokens: int
    expected_output_tokens: float
    expected_ttft_s: float
    work_s: float
    batch: int
    pending_prefill_tokens: int
    streams: bool = True
    most_output_tokens: int | None = None
    load_s: float = 0.0
    given_up: bool = False
    cached_tokens: float = 0.0
    first_token_at_s: float | None = None
    emitted_tokens: int = 0
    left_tokens: float | None = None
    left_at_tokens: int = 0
    running_s_before: float = 0.0
    prefilled_before: int = 0

    @property
    def uncached_tokens(self) -> int:
        """Prompt tokens that have to be computed, as far as is believed."""
        return self.prompt_tokens - int(self.cached_tokens)

    @property
    def remaining_tokens(self) -> float:
        """Output tokens still expected after those reported; a running stream is never done."""
        left = self.expected_output_tokens if self.left_tokens is None else self.left_tokens
        return max(1.0, left - (self.emitted_tokens - self.left_at_tokens))


@dataclass(slots=True)
class Case:
    """Everything the router remembers of a query until its last byte.

    Attributes:
        query: The query, its SLO completed from the fleet's defaults.
        decisions: How many decisions were made for it, rescoring included.
        moves: How often it was taken away from an endpoint that had fallen silent.
        attempt: Where it is being served; None while it is held.
        backup: Where it is being served as well, because the first answer is late.
        held_since_s: Since when it waits; None while it is being served.
        waited_s: Time spent waiting before that.
        stays_at: The endpoint that served its conversation last; empty when there is none.
        stretch: Factor by which its answers are expected to depart from their topics' usual length.
        max_wait_s: Longest time it may wait in all; time spent being served does not count, so a
            query whose engine dies late still has its whole wait ahead.
    """

    query: Query
    task: TaskEstimate
    demand: Demand
    max_wait_s: float
    stays_at: str = ""
    stretch: float = 1.0
    tries: Tries = field(default_factory=Tries)
    decisions: int = 0
    attempts: int = 0
    moves: int = 0
    attempt: Attempt | None = None
    backup: Attempt | None = None
    held_since_s: float | None = None
    waited_s: float = 0.0

    def attempt_of(self, number: int) -> Attempt | None:
        """The running attempt of that number; None when it is over or replaced."""
        attempt = self.attempt
        if attempt is not None and attempt.number == number:
            return attempt
        backup = self.backup
        return backup if backup is not None and backup.number == number else None

    def ended(self, attempt: Attempt) -> Attempt | None:
        """Take out a running attempt; the one that goes on in its place, if any."""
        if attempt is self.attempt:
            self.attempt, self.backup = self.backup, None
        else:
            self.backup = None
        return self.attempt

    def queue_wait_s(self, now_s: float) -> float:
        """Seconds this query has been held so far."""
        held_s = now_s - self.held_since_s if self.held_since_s is not None else 0.0
        return self.waited_s + held_s

    def deadline_s(self, now_s: float) -> float:
        """When it will have waited as long as it may, if it starts or goes on waiting now."""
        return now_s + max(0.0, self.max_wait_s - self.queue_wait_s(now_s))

    def hold(self, now_s: float) -> None:
        """Start waiting."""
        self.held_since_s = now_s

    def release(self, now_s: float) -> None:
        """Stop waiting."""
        self.waited_s = self.queue_wait_s(now_s)
        self.held_since_s = None
