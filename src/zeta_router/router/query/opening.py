"""Opening a case: what a query asks for, what was promised for it, what it demands."""

from __future__ import annotations

from zeta_router.control.filters import demand_of
from zeta_router.control.sessions import Sessions
from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.query import AUTO, NO_SLO, Query, Slo, TaskEstimate
from zeta_router.core.reasons import Reason
from zeta_router.router.query.cases import Case


def open_case(query: Query, task: TaskEstimate, config: FleetConfig, sessions: Sessions) -> Case:
    """The case of a query that names a model of this fleet, or none."""
    slo = query.slo.or_else(config.slo.get(task.task, NO_SLO))
    if slo is not query.slo:
        query = _with_slo(query, slo)
    wait_s = query.max_wait_s if query.max_wait_s is not None else config.limits.max_wait_s
    demand = demand_of(query, task.task, config)
    stays_at = sessions.place(query.tenant, query.session_id, query.arrived_at_s)
    return Case(query, task, demand, max_wait_s=wait_s, stays_at=stays_at)


_SLO = Query._fields.index("slo")
_new = tuple.__new__


def _with_slo(query: Query, slo: Slo) -> Query:
    """What `Query._replace` would make, at a tenth of the cost."""
    return _new(Query, (*query[:_SLO], slo, *query[_SLO + 1 :]))


def names_unknown_model(query: Query, config: FleetConfig) -> bool:
    """Whether it names a model that this fleet does not have."""
    return query.model_requested != AUTO and query.model_requested not in config.models


def unknown_model(
    query: Query, task: TaskEstimate, policy: str, number: int, now_s: float
) -> Decision:
    """The refusal of a query that names such a model; `number` is its place among decisions."""
    return Decision(
        query_id=query.id,
        number=number,
        decided_at_s=now_s,
        verdict=Verdict.REJECT,
        reason=Reason.UNKNOWN_MODEL,
        policy=policy,
        task=task,
    )
