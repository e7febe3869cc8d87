"""Logged decisions as rows for off-policy estimates: what another policy would have chosen there.

Every logged decision is made again on what was logged of it: the candidates, the time, the task.
What a reward depends on beside the query is the model, so replicas of one model are one arm.

The choice that counts is the first one that named an endpoint, whether to dispatch to it or to
wait for it, with its logged propensity; what followed is what that choice led to. A policy that
would wait for whichever is free first is taken to choose what it would if all were free.

Left out are queries that pinned a model (no policy would have changed that), that were never
answered, and that the other policy would have refused: those have no answer to judge, and are
counted instead.

A view in the log lacks a few things that `joint` looks at (who is held for an endpoint, how fast
its price falls). So the logging policy is asked again, too, and rows on which it does not give the
logged propensity again take that one as it stands; `reproduced` says how many agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose

from zeta_router.core.decision import Decision
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.query import AUTO, Query, TopicShare
from zeta_router.core.snapshot import Candidate
from zeta_router.learn.offpolicy import Row
from zeta_router.policy.protocol import Context, Policy
from zeta_router.policy.registry import build
from zeta_router.sim.logged import LoggedQuery, Traffic
from zeta_router.sim.shares import shares_of

Quality = Callable[[tuple[TopicShare, ...], str], float]
"""Expected quality of a model's answer to a query of these topics."""


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """Rows, and what is not among them.

    Attributes:
        rows: One per query that was answered and would have been by the target policy.
        query_ids: Whose row each is.
        refused: Answered queries that the target policy would have refused.
        reproduced: Share of the rows whose logged propensity the logging policy gave again.
    """

    rows: tuple[Row, ...]
    query_ids: tuple[str, ...]
    refused: int
    reproduced: float


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
    refused = reproduced = 0
    for each, decision in _answered(traffic):
        asked = _asked_again(each, decision, traffic.fleet)
        believed = asked if quality is None else _believing(asked, decision, quality)
        wanted = _by_model(policy, believed)
        if not wanted:
            refused += 1
            continue
        propensity, agrees = _propensity(logging, asked, decision)
        reproduced += agrees
        rows.append(_row(asked, decision, wanted, propensity, earned(each)))
        ids.append(each.query.id)
    return JudgedRows(tuple(rows), tuple(ids), refused, reproduced / len(rows) if rows else 0.0)


def _feedback(each: LoggedQuery) -> float | None:
    return each.reward


def _answered(traffic: Traffic) -> Iterator[tuple[LoggedQuery, Decision]]:
    for each in traffic.queries:
        if each.answered is not None and each.query.model_requested == AUTO:
            decision = each.choice
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
    return _Asked(query, candidates, Context(decision.decided_at_s, decision.task, fleet.routes))


def _believing(asked: _Asked, decision: Decision, quality: Quality) -> _Asked:
    topics = decision.task.topics
    candidates = tuple(
        c._replace(quality=quality(topics, c.view.model.name)) for c in asked.candidates
    )
    return _Asked(asked.query, candidates, asked.context)


def _by_model(policy: Policy, asked: _Asked) -> Mapping[str, float]:
    """The policy's probability of each model, given that it refuses not; empty if it refuses."""
    shares = shares_of(policy, asked.query, asked.candidates, asked.context)
    if shares.shed >= 1.0 - 1e-9:
        return {}
    of = shares.of
    if shares.anybody > 0.0:
        free = asked.context._replace(capped=False)
        then = shares_of(policy, asked.query, asked.candidates, free)
        of = tuple(a + shares.anybody * b for a, b in zip(of, then.of, strict=True))
    return _summed(asked.candidates, of)


def _summed(candidates: Sequence[Candidate], of: Sequence[float]) -> Mapping[str, float]:
    """Shares by model, scaled to 1; empty when there is none."""
    total = sum(of)
    summed: dict[str, float] = {}
    for candidate, share in zip(candidates, of, strict=True):
        model = candidate.view.model.name
        summed[model] = summed.get(model, 0.0) + (share / total if total else 0.0)
    return summed if total else {}


def _propensity(logging: Policy, asked: _Asked, decision: Decision) -> tuple[float, bool]:
    """Probability with which the logging policy chose the model, and whether it says so again."""
    shares = shares_of(logging, asked.query, asked.candidates, asked.context)
    chosen = next(
        i for i, c in enumerate(asked.candidates) if c.view.endpoint.id == decision.endpoint_id
    )
    if not isclose(shares.of[chosen], decision.propensity, rel_tol=0.02, abs_tol=1e-6):
        return decision.propensity, False
    model = asked.candidates[chosen].view.model.name
    mine = sum(
        share
        for candidate, share in zip(asked.candidates, shares.of, strict=True)
        if candidate.view.model.name == model
    )
    return min(1.0, mine), True


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
