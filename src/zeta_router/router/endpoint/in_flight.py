"""What is on one endpoint by our own count: attempts, and the tokens that they still need.

In-flight is not a counter but the set of attempts that have not ended, so it cannot go negative
and cannot leak: whatever ends an attempt takes exactly that attempt out.
"""

from __future__ import annotations

from zeta_router.router.query.cases import Attempt


class InFlight:
    """The attempts on one endpoint.

    Attributes:
        attempts: By query.
        pending_prefill_tokens: Prompt tokens whose first token has not come.
        remaining_tokens: Output tokens expected from all of them.
    """

    __slots__ = (
        "_counted_at_s",
        "_prefilled_tokens",
        "_running_s",
        "attempts",
        "pending_prefill_tokens",
        "remaining_tokens",
    )

    def __init__(self) -> None:
        self.attempts: dict[str, Attempt] = {}
        self.pending_prefill_tokens = 0
        self.remaining_tokens = 0.0
        self._prefilled_tokens = 0
        self._running_s = 0.0
        self._counted_at_s = 0.0

    def begin(self, query_id: str, attempt: Attempt) -> None:
        """An attempt was sent."""
        self._sum_up(attempt.dispatched_at_s)
        attempt.running_s_before = self._running_s
        attempt.prefilled_before = self._prefilled_tokens
        self.attempts[query_id] = attempt
        self.pending_prefill_tokens += attempt.uncached_tokens
        self.remaining_tokens += attempt.remaining_tokens

    def first_token(self, attempt: Attempt, at_s: float) -> None:
        """An attempt's prompt has been read."""
        self._sum_up(at_s)
        attempt.first_token_at_s = at_s
        self.pending_prefill_tokens -= attempt.uncached_tokens
        self._prefilled_tokens += attempt.uncached_tokens
        attempt.running_s_before = self._running_s
        attempt.prefilled_before = self._prefilled_tokens

    def progress(self, attempt: Attempt, output_tokens: int, left_tokens: float | None) -> None:
        """An attempt has produced so many tokens; see `EndpointState.progress`."""
        before = attempt.remaining_tokens
        attempt.emitted_tokens = max(attempt.emitted_tokens, output_tokens)
        if left_tokens is not None:
            attempt.left_tokens, attempt.left_at_tokens = left_tokens, output_tokens
        self.remaining_tokens += attempt.remaining_tokens - before

    def end(self, query_id: str, at_s: float) -> None:
        """An attempt has ended, one way or another."""
        self._sum_up(at_s)
        attempt = self.attempts.pop(query_id, None)
        if attempt is None:
            return
        if not self.attempts:  # an empty endpoint has exactly nothing left, whatever was rounded
            self.pending_prefill_tokens, self.remaining_tokens = 0, 0.0
            return
        if attempt.first_token_at_s is None:
            self.pending_prefill_tokens -= attempt.uncached_tokens
        self.remaining_tokens -= attempt.remaining_tokens

    def company(self, attempt: Attempt, at_s: float) -> tuple[float, int]:
        """What an attempt had beside it since its first token, or its dispatch if none was seen.

        That is the mean batch, itself included, and the prompt tokens of others read meanwhile.
        """
        self._sum_up(at_s)
        since_s = attempt.first_token_at_s
        decoded_s = at_s - (attempt.dispatched_at_s if since_s is None else since_s)
        others = self._prefilled_tokens - attempt.prefilled_before
        if decoded_s <= 0.0:
            return float(len(self.attempts)), others
        return (self._running_s - attempt.running_s_before) / decoded_s, others

    def _sum_up(self, now_s: float) -> None:
        """Carry the integral of in-flight over time up to now."""
        self._running_s += len(self.attempts) * max(0.0, now_s - self._counted_at_s)
        self._counted_at_s = max(self._counted_at_s, now_s)
