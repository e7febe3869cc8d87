"""What became of each query of a run, as its client saw it."""

from __future__ import annotations

from enum import StrEnum

from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Slo
from zeta_router.core.reasons import Reason
from zeta_router.sim.engine.job import Job
from zeta_router.sim.workload.queries import Played


class End(StrEnum):
    """How a query ended for its client."""

    SERVED = "served"
    SHED = "shed"
    FAILED = "failed"


class Record:
    """One query from arrival to its end.

    Attributes:
        end: None while it is under way.
        endpoint_id: Where it was served, or tried last.
        reason: Why it was refused; None otherwise.
        score: Quality of the answer; 0 without one.
        ended_at_s: Last token, refusal or failure.
    """

    __slots__ = (
        "attempts",
        "end",
        "ended_at_s",
        "endpoint_id",
        "first_token_at_s",
        "output_tokens",
        "played",
        "queue_wait_s",
        "reason",
        "score",
    )

    def __init__(self, played: Played) -> None:
        self.played = played
        self.end: End | None = None
        self.endpoint_id = ""
        self.attempts = 0
        self.first_token_at_s = 0.0
        self.ended_at_s = 0.0
        self.output_tokens = 0
        self.queue_wait_s = 0.0
        self.score = 0.0
        self.reason: Reason | None = None

    @property
    def ttft_s(self) -> float:
        """Arrival at the router to first token; of served queries only."""
        return self.first_token_at_s - self.played.at_s

    @property
    def e2e_s(self) -> float:
        """Arrival to last token."""
        return self.ended_at_s - self.played.at_s

    @property
    def tpot_s(self) -> float | None:
        """Seconds per token after the first; None below two tokens."""
        if self.output_tokens < 2:
            return None
        return (self.ended_at_s - self.first_token_at_s) / (self.output_tokens - 1)

    @property
    def in_slo(self) -> bool:
        """Whether it was served within all of its objectives.

        The TPOT of an answer under two tokens counts as met. A relative 1e-9 absorbs rounding.
        """
        if self.end is not End.SERVED:
            return False
        slo: Slo = self.played.card.slo
        return (
            _within(self.ttft_s, slo.ttft_s)
            and _within(self.tpot_s or 0.0, slo.tpot_s)
            and _within(self.e2e_s, slo.e2e_s)
        )

    @property
    def value(self) -> float:
        """What quality-goodput counts: the score if within the objectives, else 0."""
        return self.score if self.in_slo else 0.0


class Trip(Job):
    """One attempt of a query on one engine; `score` is what its answer is worth."""

    __slots__ = (
        "attempt",
        "dispatched_at_s",
        "endpoint_id",
        "first_token_at_s",
        "record",
        "score",
    )

    def __init__(
        self, record: Record, attempt: int, endpoint_id: str, model: str, now_s: float
    ) -> None:
        played = record.played
        super().__init__(
            f"{played.id}/{attempt}",
            played.input_tokens,
            played.outcomes[model].output_tokens,
            played.prefix_hashes,
        )
        self.record = record
        self.attempt = attempt
        self.endpoint_id = endpoint_id
        self.dispatched_at_s = now_s
        self.first_token_at_s: float | None = None
        self.score = 0.0

    def outcome(self, now_s: float, status: Status, http_status: int | None) -> Outcome:
        """How it ended, as the gateway would have seen it."""
        first_s, served = self.first_token_at_s, status is Status.OK
        reason = "length" if self.truncated else "stop"
        return Outcome(
            status,
            started=first_s is not None,
            ttft_s=None if first_s is None else first_s - self.dispatched_at_s,
            e2e_s=now_s - self.dispatched_at_s,
            prompt_tokens=self.prompt_tokens,
            output_tokens=self.output_tokens if served else None,
            cached_tokens=self.cached_tokens,
            http_status=http_status,
            finish_reason=reason if served else None,
        )


def _within(value_s: float, limit_s: float | None) -> bool:
    return limit_s is None or value_s <= limit_s * (1 + 1e-9)
