"""A log learned again: what a router would have believed, with another head from a time on.

A mind is the product's own knowledge and judging, taught by the answers and judgements of a log in
the order in which they came. Two minds that differ in one head, and go on learning, are what a
challenger and a champion are: both are asked what they believe of every model at the moment of each
logged decision, before its reward was seen.

Left out, because the log does not keep them with the answers: findings of checks, asking again and
silence. They count for both sides alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from zeta_router.core.decision import Decision
from zeta_router.core.query import AUTO, Query, TopicShare
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.router.events import Feedback
from zeta_router.router.knowledge import Knowledge
from zeta_router.router.query.judging import Judging
from zeta_router.sim.replay.logged import LoggedQuery, Served, Traffic, first_beliefs

Topics = tuple[TopicShare, ...]
Graft = Callable[[Knowledge], None]
"""Puts a head into a mind."""

_DECIDED, _ENDED, _JUDGED = 0, 1, 2


class Mind:
    """What a router over this fleet would know, from the beliefs with which the log begins."""

    def __init__(self, traffic: Traffic) -> None:
        self.knowledge = Knowledge.of(traffic.fleet, RuleClassifier())
        for share, told in first_beliefs(traffic):
            model = told.view.model.name
            self.knowledge.quality.seed(share.topic, model, told.quality)
        self._judging = Judging(self.knowledge)

    def quality(self, query: Query, topics: Topics, model: str) -> float:
        """What it expects of a model's answer (as in `router.decision.candidates`)."""
        mean = self.knowledge.quality.mean(topics, model)
        return self.knowledge.residual.corrected(mean, model, query.features)

    def answered(self, each: LoggedQuery, decision: Decision, by: Served, model: str) -> None:
        """An answer came to its end."""
        ended_s = by.dispatched_at_s + (by.outcome.e2e_s or 0.0)
        self._judging.ended(each.query, decision.task, model, by.outcome, ended_s)

    def judged(self, each: LoggedQuery) -> None:
        """Somebody said how good it was."""
        if each.reward is not None:
            self._judging.judged(Feedback(each.judged_at_s, each.query.id, each.reward))


@dataclass(slots=True)
class Moment:
    """One answered query of a log, and what was believed of it before.

    Attributes:
        index: Its place among the log's queries.
        model: Who answered.
        beliefs: Expected quality by model, one mapping per mind.
        cell: What the first mind's cells, uncorrected, expected of `model` when it was judged.
    """

    index: int
    each: LoggedQuery
    decision: Decision
    model: str
    beliefs: tuple[dict[str, float], ...]
    cell: float = 0.0


def moments(
    traffic: Traffic, minds: list[Mind], grafts: list[tuple[float, int, Graft]]
) -> Iterator[Moment]:
    """Teach `minds` the log; each answered query as it is judged, or at the end when it never is.

    Args:
        traffic: The log.
        minds: All of them are taught everything.
        grafts: At which time of the log which mind gets which head.
    """
    waiting = sorted(grafts, key=lambda graft: graft[0])
    open_moments: dict[int, Moment] = {}
    for at_s, kind, index in _course(traffic):
        while waiting and waiting[0][0] <= at_s:
            _, place, graft = waiting.pop(0)
            graft(minds[place].knowledge)
        each = traffic.queries[index]
        decision, by = each.dispatch, each.answered
        if decision is None or by is None:
            continue
        if kind == _DECIDED:
            model = each.model_of(by.endpoint_id)
            if model is not None:
                beliefs = tuple(_beliefs(mind, each.query, decision) for mind in minds)
                open_moments[index] = Moment(index, each, decision, model, beliefs)
        elif index in open_moments:
            moment = open_moments[index]
            if kind == _ENDED:
                for mind in minds:
                    mind.answered(each, decision, by, moment.model)
                continue
            moment.cell = minds[0].knowledge.quality.mean(decision.task.topics, moment.model)
            for mind in minds:
                mind.judged(each)
            yield open_moments.pop(index)
    yield from open_moments.values()


def _beliefs(mind: Mind, query: Query, decision: Decision) -> dict[str, float]:
    names = {candidate.view.model.name for candidate in decision.candidates}
    return {name: mind.quality(query, decision.task.topics, name) for name in names}


def _course(traffic: Traffic) -> list[tuple[float, int, int]]:
    """What happened when, in order: time, kind, place of the query."""
    course = []
    for index, each in enumerate(traffic.queries):
        decision, by = each.dispatch, each.answered
        if decision is None or by is None or each.query.model_requested != AUTO:
            continue
        ended_s = by.dispatched_at_s + (by.outcome.e2e_s or 0.0)
        course.append((decision.decided_at_s, _DECIDED, index))
        course.append((ended_s, _ENDED, index))
        if each.reward is not None:
            course.append((max(ended_s, each.judged_at_s), _JUDGED, index))
    return sorted(course)
