"""What was decided for a query, with everything needed to explain it afterwards."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from zeta_router.core.query import Lane, TaskEstimate
from zeta_router.core.reasons import Drop, Reason
from zeta_router.core.snapshot import Candidate


class Verdict(StrEnum):
    """The three things that can happen to a query."""

    DISPATCH = "dispatch"
    WAIT = "wait"
    REJECT = "reject"


class Standing(NamedTuple):
    """Where a held query stands in the waiting line, and why there.

    Attributes:
        lane: The lane it stands in: the one asked for, or one up after half of its patience.
        density: What an answer in time is worth per engine-second, as of this decision.
        ageing: What waiting has multiplied that by, >= 1.
        tenant_work_s: Engine-seconds on its tenant's counter; the least goes first in a lane.
        ahead: How many have the better claim.
        waiting: How many wait in all, itself included.
    """

    lane: Lane
    density: float
    ageing: float
    tenant_work_s: float
    ahead: int
    waiting: int


class Decision(NamedTuple):
    """One decision. A query that waits or is retried has several, told apart by `number`.

    Attributes:
        propensity: Probability with which the policy chooses this endpoint for this query and
            snapshot, over its draws. Logged because without it no other policy can be judged
            from the log.
        candidates: Every endpoint that was compared, in the fleet's order.
        scores: One per candidate, higher is better; NaN where the policy gave none.
        dropped: The other endpoints, with the filter that removed them.
        retry_after_s: For a rejection: when it is worth asking again.
        standing: Its place in the waiting line; None for a query that was not held.
        slo_scale: What the objectives were multiplied by, because no endpoint could meet them
            even when idle; 1 otherwise.
    """

    query_id: str
    number: int
    decided_at_s: float
    verdict: Verdict
    reason: Reason
    policy: str
    task: TaskEstimate
    endpoint_id: str | None = None
    propensity: float = 1.0
    candidates: tuple[Candidate, ...] = ()
    scores: tuple[float, ...] = ()
    dropped: tuple[tuple[str, Drop], ...] = ()
    snapshot_version: int = 0
    retry_after_s: float | None = None
    standing: Standing | None = None
    slo_scale: float = 1.0
