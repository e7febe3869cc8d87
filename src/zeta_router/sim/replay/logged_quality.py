"""Logged decisions as rows for off-policy estimates: what another policy would have chosen there.

Every logged decision is made again on what was logged of it: the candidates, the time, the task.
What a reward depends on beside the query is the model, so replicas of one model are one arm.

The decision that counts is the one that dispatched: what is compared is which of the models that
were free then each policy would have sent the query to. Policies may also hold a query for a model
that is full; then both are taken at their choice among the free ones, and a row is left out where
the target would hardly have dispatched at all. So this says how well a policy picks among what is
free, and not what its waiting is worth; that is for the replay.

Left out, too, are queries that pinned a model (no policy would have changed that), that were never
answered, and that the other policy would have refused: those have no answer to judge. All of them
are counted.

A view in the log lacks a few things that `joint` looks at (who is held for an endpoint, how fast
its price falls). So the logging policy is asked again, too, and rows on which it does not give the
logged propensity again take that one as it stands; `reproduced` says how many agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isclose

from zeta_router.core.decision import Decision
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.query import AUTO, Query, TopicShare
from zeta_router.core.snapshot import Candidate
from zeta_router.learn.offpolicy import Row
from zeta_router.policy.protocol import Context, Policy
from zeta_router.policy.registry import build
from zeta_router.sim.replay.logged import LoggedQuery, Traffic
from zeta_router.sim.replay.shares import Shares, shares_of

Quality = Callable[[tuple[TopicShare, ...], str], float]
"""Expected quality of a model's answer to a query of these topics."""


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """Rows, and what is not among them.

    Attributes:
        rows: One per query that was answered and that the target policy would have dispatched.
        query_ids: Whose row each is.
        refused: Answered queries that the target policy would have refused at that moment.
        held: Those that it would have held for a model that was full.
        reproduced: Share of the rows whose logged propensity the logging policy gave again.
    """

    rows: tuple[Row, ...]
    query_ids: tuple[str, ...]
    refused: int
    held: int
    reproduced: float


LEAST_DISPATCH = 0.01
"""Probability of dispatching at once below which the target counts as holding the query."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a policy is asked again."""

    query: Query
    candidates: tuple[Candidate, ...]
    context: Context


def judged_rows(
    traffic: Traffic,
    policy: Policy,
    quality: Quality | None = None,
    reward: Callable[[LoggedQuery], float | None] | None = None,
) -> JudgedRows:
    """What `policy` would have chosen for each answered query of the log.

    Args:
        traffic: The log.
        policy: The target, with its parameters.
        quality: What the target believes of models; None takes the predictions that were logged.
            The rows' own predictions stay the logged ones: they were made before the reward.
        reward: What an answer was worth; None takes explicit feedback alone.
    """
    logging = build(traffic.policy, traffic.fleet)
    earned = reward or _feedback
    rows: list[Row] = []
    ids: list[str] = []
    refused = held = reproduced = 0
    for each, decision in _answered(traffic):
        asked = _asked_again(each, decision, traffic.fleet)
        believed = asked if quality is None else _believing(asked, decision, quality)
        shares = shares_of(policy, believed.query, believed.candidates, believed.context)
        if shares.shed >= 1.0 - LEAST_DISPATCH:
            refused += 1
            continue
        wanted = _by_model(believed, shares)
        if not wanted:
            held += 1
            continue
        propensity, agrees = _propensity(logging, asked, decision)
        reproduced += agrees
        rows.append(_row(asked, decision, wanted, propensity, earned(each)))
        ids.append(each.query.id)
    return JudgedRows(
        tuple(rows), tuple(ids), refused, held, reproduced / len(rows) if rows else 0.0
    )


def _feedback(each: LoggedQuery) -> float | None:
    return each.reward


def _answered(traffic: Traffic) -> Iterator[tuple[LoggedQuery, Decision]]:
    for each in traffic.queries:
        if each.answered is not None and each.query.model_requested == AUTO:
            decision = each.dispatch
            if decision is not None:
                yield each, decision


def _asked_again(each: LoggedQuery, decision: Decision, fleet: FleetConfig) -> _Asked:
    """The decision's own question, with the facts of the fleet that a log leaves out."""
    query = each.query
    if decision.slo_scale != 1.0:
        query = query._replace(slo=query.slo.scaled(decision.slo_scale))
    known = fleet.models
    candidates = tuple(
        c._replace(view=c.view._replace(model=known.get(c.view.model.name, c.view.model)))
        for c in decision.candidates
    )
    context = Context(decision.decided_at_s, decision.task, fleet.routes)
    chosen = next(c for c in candidates if c.view.endpoint.id == decision.endpoint_id)
    if not context.is_open(chosen.view):
        context = context._replace(capped=False)  # a log that was written without admission
    return _Asked(query, candidates, context)


def _believing(asked: _Asked, decision: Decision, quality: Quality) -> _Asked:
    topics = decision.task.topics
    candidates = tuple(
        c._replace(quality=quality(topics, c.view.model.name)) for c in asked.candidates
    )
    return _Asked(asked.query, candidates, asked.context)


def _by_model(asked: _Asked, shares: Shares) -> Mapping[str, float]:
    """Probability of each free model given that one is chosen; empty when hardly any ever is."""
    free = [
        share if asked.context.is_open(candidate.view) else 0.0
        for candidate, share in zip(asked.candidates, shares.of, strict=True)
    ]
    total = sum(free)
    if total < LEAST_DISPATCH:
        return {}
    summed: dict[str, float] = {}
    for candidate, share in zip(asked.candidates, free, strict=True):
        model = candidate.view.model.name
        summed[model] = summed.get(model, 0.0) + share / total
    return summed


def _propensity(logging: Policy, asked: _Asked, decision: Decision) -> tuple[float, bool]:
    """Probability with which the logging policy chose the model, and whether it says so again."""
    shares = shares_of(logging, asked.query, asked.candidates, asked.context)
    chosen = next(
        i for i, c in enumerate(asked.candidates) if c.view.endpoint.id == decision.endpoint_id
    )
    if not isclose(shares.of[chosen], decision.propensity, rel_tol=0.02, abs_tol=1e-6):
        return decision.propensity, False
    model = asked.candidates[chosen].view.model.name
    share = _by_model(asked, shares).get(model, 0.0)
    if share <= 0.0:  # so rare a choice that it is as good as never made
        return decision.propensity, False
    return min(1.0, share), True


def _row(
    asked: _Asked,
    decision: Decision,
    wanted: Mapping[str, float],
    propensity: float,
    reward: float | None,
) -> Row:
    qualities: dict[str, float] = {}
    chosen = ""
    for logged in decision.candidates:
        qualities.setdefault(logged.view.model.name, logged.quality)
        if logged.view.endpoint.id == decision.endpoint_id:
            chosen = logged.view.model.name
    arms = tuple(qualities)
    return Row(
        arms,
        arms.index(chosen),
        propensity,
        tuple(wanted.get(arm, 0.0) for arm in arms),
        tuple(qualities[arm] for arm in arms),
        reward,
    )
