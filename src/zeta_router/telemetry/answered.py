"""Who answered a query, how it ended and how long it was held, from its records."""

from __future__ import annotations

from collections.abc import Sequence

from zeta_router.core.decision import Verdict
from zeta_router.core.outcome import Status
from zeta_router.core.reasons import Reason
from zeta_router.router.commands import DecisionRecord, OutcomeRecord
from zeta_router.router.events import Answered
from zeta_router.router.query.judging import is_housekeeping
from zeta_router.telemetry.recent import Story


def ending_of(
    decisions: Sequence[DecisionRecord], outcomes: Sequence[OutcomeRecord]
) -> OutcomeRecord | None:
    """How a query ended, or its last attempt where it was refused; None while it goes on.

    A failed attempt is no end where the query is sent again, is held, or has another copy. The
    slower of two copies ends last, and says nothing of it.
    """
    told = [record for record in outcomes if record.outcome.status is not Status.HEDGE_LOST]
    if decisions[-1].decision.verdict is Verdict.REJECT:
        return told[-1] if told else None
    return next((record for record in reversed(told) if record.outcome.is_final), None)


def sent_by(decisions: Sequence[DecisionRecord], ending: OutcomeRecord | None) -> DecisionRecord:
    """The decision that counts: the last one, but of two copies the one that ended the query."""
    last = decisions[-1]
    if ending is None or last.decision.reason is not Reason.HEDGED:
        return last
    sent = (each for each in reversed(decisions) if each.decision.endpoint_id == ending.endpoint_id)
    return next(sent, last)


def held_s(decisions: Sequence[DecisionRecord], outcomes: Sequence[OutcomeRecord]) -> float:
    """Time in the router's queue up to the last decision or end; being served is not part of it."""
    query, last = decisions[-1]
    if not outcomes:
        return last.decided_at_s - query.arrived_at_s
    return outcomes[-1].queue_wait_s + max(0.0, last.decided_at_s - outcomes[-1].at_s)


def answered_by(story: Story) -> Answered | None:
    """Model, topics and asker of an answered query; None for one without an answer that counts."""
    endpoint_id = next(
        (r.endpoint_id for r in reversed(story.outcomes) if r.outcome.status is Status.OK), None
    )
    if endpoint_id is None:
        return None
    for record in reversed(story.decisions):
        query, decision = record.query, record.decision
        for candidate in decision.candidates if decision.endpoint_id == endpoint_id else ():
            if candidate.view.endpoint.id == endpoint_id and not is_housekeeping(query):
                asker = query.asker or query.tenant
                model = candidate.view.model.name
                return Answered(model, decision.task.topics, asker, query.features)
    return None
