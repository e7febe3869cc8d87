"""What a driver has to do. Commands are data, so a test compares them."""

from __future__ import annotations

from typing import NamedTuple

from zeta_router.core.checks import Checks
from zeta_router.core.decision import Decision
from zeta_router.core.fleet import Endpoint
from zeta_router.core.outcome import Outcome
from zeta_router.core.query import Operation, Query


class Dispatch(NamedTuple):
    """Send the query to the endpoint; report back with this `attempt` number (1, 2, …)."""

    query_id: str
    attempt: int
    endpoint: Endpoint
    decision: Decision
    queue_wait_s: float


class Hedge(NamedTuple):
    """Send the query to this endpoint as well; the first good answer of the two is the answer.

    Report both under their own `attempt` numbers. `Cancel` names the one that was slower.
    """

    query_id: str
    attempt: int
    endpoint: Endpoint
    decision: Decision
    queue_wait_s: float


class Reject(NamedTuple):
    """Answer the client with an honest error; `decision.reason` says which."""

    query_id: str
    decision: Decision
    queue_wait_s: float


class StartProbe(NamedTuple):
    """Ask the endpoint whether it is alive and answer with `Probed`.

    With `by`, through the smallest real call of that kind: whether it can be reached says nothing
    about what it answers.
    """

    endpoint: Endpoint
    generation: int
    by: Operation | None = None


class Prewarm(NamedTuple):
    """Have the endpoint load its model, by the smallest call of that kind; nothing is reported.

    The next poll tells whether it is in memory.
    """

    endpoint: Endpoint
    by: Operation


class StartCanary(NamedTuple):
    """Ask the endpoint a golden prompt and answer with `CanaryAnswered`.

    Without a `number`: ask for a round of first-token log-probabilities.
    """

    endpoint: Endpoint
    generation: int
    number: int | None


class Cancel(NamedTuple):
    """Give up an attempt that has produced nothing; report it ended, as given up by us.

    One whose first byte has come in the meantime goes on.
    """

    query_id: str
    attempt: int


class SetTimer(NamedTuple):
    """Send `Timer(key)` at `due_at_s`; a later `SetTimer` of the same key replaces it."""

    key: str
    due_at_s: float


class DecisionRecord(NamedTuple):
    """A decision was made: for the log, metrics and explanations."""

    query: Query
    decision: Decision


class OutcomeRecord(NamedTuple):
    """An attempt ended, or the client of a held query left (`endpoint_id` None, `attempt` 0)."""

    at_s: float
    query_id: str
    attempt: int
    endpoint_id: str | None
    outcome: Outcome
    queue_wait_s: float


class ChecksRecord(NamedTuple):
    """What was found of a model's answer without a judge."""

    at_s: float
    query_id: str
    model: str
    checks: Checks


Record = DecisionRecord | OutcomeRecord | ChecksRecord
"""What the router tells telemetry."""


class Emit(NamedTuple):
    """Hand a record to telemetry."""

    record: Record


Command = Dispatch | Hedge | Reject | Cancel | StartProbe | StartCanary | Prewarm | SetTimer | Emit
