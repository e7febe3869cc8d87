"""What an answer costs the key that asked for it, told from the router's records.

A client pays for what it got: an answer, or the part of one that it could read. What failed before
that is the engine's loss, whether another engine is tried or not; so is the slower of two copies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from zeta_router.core.decision import Verdict
from zeta_router.core.outcome import Outcome, Status, Teaches
from zeta_router.core.query import Query
from zeta_router.router.commands import DecisionRecord, OutcomeRecord, Record

_DISPATCH, _REJECT = Verdict.DISPATCH, Verdict.REJECT
_OK, _DENIED = Status.OK, Status.UPSTREAM_DENIED
_FREE = (Status.CLIENT_ERROR, Status.HEDGE_LOST)
_ANOTHER_MAY_FOLLOW = (Teaches.FAILURE, Teaches.BACKPRESSURE)
"""Looked up once: a member of an enum costs as much as a function call."""


class Charge(NamedTuple):
    """Tokens, read and written, and the name of the key that they are charged to."""

    key_name: str
    tokens: int


class Spending:
    """Remembers queries from their first dispatch until they are over.

    A query is over when it is refused, when a client has had a byte of it, or when it ended in a
    way that no further attempt follows (`control.retry`). Any other end is followed by another
    decision: a dispatch, a wait or a refusal. A query that is given up while it waits ends without
    an endpoint.

    Args:
        is_limited: Whether the tokens of the key of that name are counted at all.
    """

    def __init__(self, is_limited: Callable[[str], bool]) -> None:
        self._is_limited = is_limited
        self._under_way: dict[str, Query] = {}

    def __len__(self) -> int:
        """Queries that may still be charged."""
        return len(self._under_way)

    def charge_of(self, record: Record) -> Charge | None:
        """What a record costs whom; None where it costs nothing."""
        if isinstance(record, DecisionRecord):
            self._decided(record)
        elif isinstance(record, OutcomeRecord) and self._under_way:
            return self._ended(record)
        return None

    def _decided(self, record: DecisionRecord) -> None:
        query, verdict = record.query, record.decision.verdict
        if verdict is _DISPATCH:
            if self._is_limited(query.tenant):
                self._under_way[query.id] = query
        elif verdict is _REJECT:
            self._under_way.pop(query.id, None)

    def _ended(self, record: OutcomeRecord) -> Charge | None:
        query = self._under_way.get(record.query_id)
        if query is None:
            return None
        if _is_over(record):
            del self._under_way[record.query_id]
        tokens = _tokens(record.outcome, query.prompt_tokens)
        return Charge(query.tenant, tokens) if tokens else None


def _is_over(record: OutcomeRecord) -> bool:
    """Whether the router says no more of the query, but for a copy of it that was slower."""
    outcome = record.outcome
    if outcome.started or record.endpoint_id is None:
        return True
    return outcome.status is not _DENIED and outcome.status.teaches not in _ANOTHER_MAY_FOLLOW


def _tokens(outcome: Outcome, estimated_prompt_tokens: int) -> int:
    """Tokens of an attempt that are charged; the prompt's are estimated where no count came.

    Counts below nothing count as nothing: an engine cannot give a key back what it has spent.
    """
    status = outcome.status
    if status in _FREE or not (outcome.started or status is _OK):
        return 0
    prompt_tokens = max(0, outcome.prompt_tokens or 0) or estimated_prompt_tokens
    return prompt_tokens + max(0, outcome.output_tokens or 0)
