"""One decision: a pure function of the case, the fleet's views and the policy.

Nothing here changes anything, so the same function answers a dry run (`POST /v1/route`), a live
query and a replayed one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.draws import Draws
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.query import AUTO, Task
from zeta_router.core.reasons import LASTING_DROPS, Drop, Reason
from zeta_router.core.snapshot import Candidate, Snapshot
from zeta_router.policy.protocol import Choice, Context, Policy
from zeta_router.router.decision.attainable import slo_scale
from zeta_router.router.decision.candidates import Dropped, candidates_for
from zeta_router.router.decision.spot import at_spot_price
from zeta_router.router.endpoint.state import EndpointState
from zeta_router.router.knowledge import Knowledge
from zeta_router.router.query.cases import Case

_BY_RULE = frozenset({Reason.ROUTE, Reason.BALANCED})

_DISPATCH, _WAIT, _WAIT_SLOT = Verdict.DISPATCH, Verdict.WAIT, Reason.WAIT_SLOT
"""Looked up once: a member of an enum costs as much as a function call."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a decision depends on besides the case: the rules, the policy and what was learned."""

    fleet: FleetConfig
    policy: Policy
    knowledge: Knowledge
    endpoints: Mapping[str, EndpointState]
    seed: int
    capped: bool = True


def decide(
    case: Case, snapshot: Snapshot, setting: Setting, share: float = 1.0, *, last: bool = False
) -> Decision:
    """Dispatch, wait or reject; deadlines and the queue's bound are the caller's business.

    `share` is the part of an endpoint's slots that the query may fill, `last` tells that it has
    waited in vain (`Context`).
    """
    candidates, dropped = candidates_for(
        case,
        snapshot.views,
        setting.endpoints,
        setting.knowledge,
        setting.fleet.joint.switch_cost,
    )
    if not candidates:
        verdict, reason = _without_candidates(dropped, denied=bool(case.tries.denied))
        return _decision(case, snapshot, setting, verdict, reason, dropped=dropped)
    query = case.query
    seed_id = query.id if case.decisions == 0 else f"{query.id}#{case.decisions}"
    routes = _routes(case, setting.fleet)
    context = Context(snapshot.now_s, case.task, routes, setting.capped, share, last)
    draws = Draws(setting.seed, seed_id)
    choice = setting.policy.choose(query, candidates, draws, context)
    if choice.shed and setting.fleet.joint.forecast_floor > 0.0:
        candidates = at_spot_price(candidates, setting.endpoints, snapshot.now_s)
        choice = setting.policy.choose(query, candidates, draws, context)
    scale = 1.0
    if choice.shed:
        scale = slo_scale(query, candidates, setting.endpoints)
        if scale > 1.0:
            query = query._replace(slo=query.slo.scaled(scale))
            choice = setting.policy.choose(query, candidates, draws, context)
    verdict, reason = _verdict(case, candidates, choice, context)
    return _decision(case, snapshot, setting, verdict, reason, candidates, choice, dropped, scale)


def _routes(case: Case, fleet: FleetConfig) -> Mapping[Task, str]:
    """The static rules, with the model that was named in place of the rule for this task."""
    if case.demand.model is None:
        return fleet.routes
    return {**fleet.routes, case.task.task: case.demand.model}


def _verdict(
    case: Case, candidates: tuple[Candidate, ...], choice: Choice, context: Context
) -> tuple[Verdict, Reason]:
    if choice.shed:
        return Verdict.REJECT, Reason.SHED
    if choice.index is None:
        return _WAIT, _WAIT_SLOT
    if choice.reason is _WAIT_SLOT or not context.is_open(candidates[choice.index].view):
        return _WAIT, _WAIT_SLOT
    if case.query.model_requested != AUTO and choice.reason in _BY_RULE:
        return _DISPATCH, Reason.PINNED
    return _DISPATCH, choice.reason


def _without_candidates(dropped: Dropped, *, denied: bool) -> tuple[Verdict, Reason]:
    """Wait where an endpoint may come back; a model that no endpoint serves never does.

    A query that was denied does not wait for another opinion: there is an answer to it.
    """
    passing = {drop for _, drop in dropped} - LASTING_DROPS
    if passing and denied:
        return Verdict.REJECT, Reason.DENIED
    if passing - {Drop.ALREADY_FAILED}:
        return Verdict.WAIT, Reason.WAIT_ENDPOINT
    if passing:
        return Verdict.REJECT, Reason.UPSTREAM_FAILED
    return Verdict.REJECT, Reason.NO_CAPABLE_MODEL


def _decision(
    case: Case,
    snapshot: Snapshot,
    setting: Setting,
    verdict: Verdict,
    reason: Reason,
    candidates: tuple[Candidate, ...] = (),
    choice: Choice | None = None,
    dropped: Dropped = (),
    scale: float = 1.0,
) -> Decision:
    chosen = None
    if choice is not None and choice.index is not None:
        chosen = candidates[choice.index].view.endpoint.id
    return Decision(
        query_id=case.query.id,
        number=case.decisions,
        decided_at_s=snapshot.now_s,
        verdict=verdict,
        reason=reason,
        policy=setting.policy.name,
        task=case.task,
        endpoint_id=chosen,
        propensity=choice.propensity if choice is not None else 1.0,
        candidates=candidates,
        scores=choice.scores if choice is not None else (),
        dropped=dropped,
        snapshot_version=snapshot.version,
        retry_after_s=choice.retry_after_s if choice is not None else None,
        slo_scale=scale,
    )
