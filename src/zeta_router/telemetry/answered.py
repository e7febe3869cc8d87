"""Who answered a query, and how it ended, from its records."""

from __future__ import annotations

from collections.abc import Sequence

from zeta_router.core.outcome import Status
from zeta_router.router.commands import OutcomeRecord
from zeta_router.router.events import Answered
from zeta_router.router.query.judging import is_housekeeping
from zeta_router.telemetry.recent import Story


def ending_of(outcomes: Sequence[OutcomeRecord]) -> OutcomeRecord | None:
    """What became of a query; None before anything did.

    The slower of two copies ends last, and says nothing of it.
    """
    for record in reversed(outcomes):
        if record.outcome.status is not Status.HEDGE_LOST:
            return record
    return outcomes[-1] if outcomes else None


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
