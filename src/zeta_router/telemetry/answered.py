"""Who answered a query, from its records: for a judgement that comes after a restart."""

from __future__ import annotations

from zeta_router.core.outcome import Status
from zeta_router.router.events import Answered
from zeta_router.router.query.judging import is_housekeeping
from zeta_router.telemetry.recent import Story


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
