"""How a query ended, and what that teaches about the endpoint.

Three values, not two. A client's own mistake or cancel says nothing about the engine; an engine
that says "busy" is healthy and full; only the rest are failures. Treating 4xx as failures opens
breakers on healthy engines, which is how several routers took their fleets down.

A 401, 403, 404 or 405 may be either's mistake: an engine without the model answers so, or one that
wants another key. Another engine tells: where it answers the same query, the first one is at fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Teaches(StrEnum):
    """What an outcome says about the endpoint that produced it."""

    SUCCESS = "success"
    BACKPRESSURE = "backpressure"
    FAILURE = "failure"
    NOTHING = "nothing"


class Status(StrEnum):
    """How it ended."""

    OK = "ok"
    CLIENT_ERROR = "client_error"
    CLIENT_GONE = "client_gone"
    UPSTREAM_BUSY = "upstream_busy"
    UPSTREAM_DENIED = "upstream_denied"
    UPSTREAM_ERROR = "upstream_error"
    UPSTREAM_UNREACHABLE = "upstream_unreachable"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    HEDGE_LOST = "hedge_lost"

    @property
    def teaches(self) -> Teaches:
        """The lesson, for health and for every estimate."""
        return _LESSONS[self]


_LESSONS = {
    Status.OK: Teaches.SUCCESS,
    Status.CLIENT_ERROR: Teaches.NOTHING,
    Status.CLIENT_GONE: Teaches.NOTHING,
    Status.HEDGE_LOST: Teaches.NOTHING,
    Status.UPSTREAM_BUSY: Teaches.BACKPRESSURE,
    Status.UPSTREAM_DENIED: Teaches.NOTHING,
    Status.UPSTREAM_ERROR: Teaches.FAILURE,
    Status.UPSTREAM_UNREACHABLE: Teaches.FAILURE,
    Status.UPSTREAM_TIMEOUT: Teaches.FAILURE,
}


_FINAL = (Status.OK, Status.CLIENT_ERROR, Status.CLIENT_GONE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt on one endpoint: the last byte, not the headers.

    Attributes:
        started: Whether the client had received a byte; after that nothing is ever retried.
        ttft_s: Dispatch to first token at this endpoint; None when no token came.
        e2e_s: Dispatch to end.
        prompt_tokens, output_tokens, cached_tokens: As counted by the engine; None when it does
            not say. `output_tokens` includes reasoning tokens.
        http_status: What the engine answered; None when it did not.
        finish_reason: ``stop``, ``length`` …; None when unknown.
        retry_after_s: The engine's own word on when to come back.
    """

    status: Status
    started: bool = False
    ttft_s: float | None = None
    e2e_s: float | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    http_status: int | None = None
    finish_reason: str | None = None
    retry_after_s: float | None = None

    @property
    def is_final(self) -> bool:
        """Whether the query ends with it; after others it is tried again, held or refused."""
        return self.started or self.status in _FINAL

    @property
    def tpot_s(self) -> float | None:
        """Seconds per output token after the first; None below two tokens, never 0."""
        if self.ttft_s is None or self.e2e_s is None or (self.output_tokens or 0) < 2:
            return None
        return (self.e2e_s - self.ttft_s) / ((self.output_tokens or 0) - 1)
