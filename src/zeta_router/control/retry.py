"""Whether a query that failed somewhere gets another try.

Never after the client has received a byte: a second answer glued to the first is worse than an
error. A connection that was refused carried nothing, so it costs no try; the deadline bounds those.
A request that was sent and failed counts, because a query that kills engines must not tour them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from zeta_router.core.outcome import Outcome, Status, Teaches

MOST_REFUSALS = 10
"""Refused connections per query that cost no try; more are a fault that a probe does not see."""


@dataclass(slots=True)
class Tries:
    """What has been tried for one query.

    Attributes:
        spent: Attempts that count against the limit.
        refused: Connections that were refused.
        failed: Endpoints that answered with an error and will not be asked again for this query.
        denied: Those of them that denied it; at fault where another one does not.
    """

    spent: int = 0
    refused: int = 0
    failed: set[str] = field(default_factory=set)
    denied: list[str] = field(default_factory=list)
    last_status: Status | None = None

    def may_retry(self, outcome: Outcome, endpoint_id: str, limit: int) -> bool:
        """Record how an attempt ended; True when another one is allowed.

        `limit` is the number of attempts per query, >= 1; refused connections and "busy" answers
        do not count, and neither do denials: each endpoint gives one at most.
        """
        self.last_status = outcome.status
        if outcome.started:
            return False
        if outcome.status is Status.UPSTREAM_DENIED:
            self.failed.add(endpoint_id)
            self.denied.append(endpoint_id)
            return True
        lesson = outcome.status.teaches
        if lesson is Teaches.BACKPRESSURE:
            return True
        if lesson is not Teaches.FAILURE:
            return False
        if outcome.status is Status.UPSTREAM_UNREACHABLE and self.refused < MOST_REFUSALS:
            self.refused += 1
            return True
        self.spent += 1
        if outcome.http_status is not None or outcome.status is Status.UPSTREAM_TIMEOUT:
            self.failed.add(endpoint_id)
        return self.spent < limit
