"""What a driver has to do. Commands are data, so a test compares them."""

from __future__ import annotations

from dataclasses import dataclass

from zeta_router.core.decision import Decision
from zeta_router.core.fleet import Endpoint
from zeta_router.core.outcome import Outcome
from zeta_router.core.query import Query


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Send the query to the endpoint; report back with this `attempt` number (1, 2, …)."""

    query_id: str
    attempt: int
    endpoint: Endpoint
    decision: Decision
    queue_wait_s: float


@dataclass(frozen=True, slots=True)
class Reject:
    """Answer the client with an honest error; `decision.reason` says which."""

    query_id: str
    decision: Decision
    queue_wait_s: float


@dataclass(frozen=True, slots=True)
class StartProbe:
    """Ask the endpoint whether it is alive and answer with `Probed`."""

    endpoint: Endpoint
    generation: int


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Send `Timer(key)` at `due_at_s`; a later `SetTimer` of the same key replaces it."""

    key: str
    due_at_s: float


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A decision was made: for the log, metrics and explanations."""

    query: Query
    decision: Decision


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """An attempt ended, or the query ended without one (`endpoint_id` None, `attempt` 0)."""

    at_s: float
    query_id: str
    attempt: int
    endpoint_id: str | None
    outcome: Outcome
    queue_wait_s: float


@dataclass(frozen=True, slots=True)
class Emit:
    """Hand a record to telemetry."""

    record: DecisionRecord | OutcomeRecord


Command = Dispatch | Reject | StartProbe | SetTimer | Emit
