"""What a held query looks like to the waiting line: its entry, its standing, what it waits for."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, isfinite, log2

from zeta_router.control.fairness import TenantCounters
from zeta_router.control.lane_order import ageing, lane_of, value_density
from zeta_router.control.queue import Entry, WaitingLine
from zeta_router.core.decision import Decision, Standing
from zeta_router.core.fleet import Model
from zeta_router.router.query.cases import Case

IN_VAIN = 3.0
"""Predicted waits after which one for a better endpoint has been in vain."""

LEAST_PATIENCE_S = 1.0


def is_timeless(case: Case) -> bool:
    """Whether no time was promised for its answer, so that no wait makes it worth less."""
    slo = case.query.slo
    return slo.ttft_s is None and slo.e2e_s is None


def patience_s(case: Case, decision: Decision) -> float:
    """How long to wait for a better endpoint while another is open; inf where that has its bound.

    The price of waiting is in the score, but only where a time was promised.
    """
    if not is_timeless(case) or not any(one.view.is_open for one in decision.candidates):
        return inf
    for one in decision.candidates:
        if one.view.endpoint.id == decision.endpoint_id and isfinite(one.ttft_s):
            return max(LEAST_PATIENCE_S, IN_VAIN * one.ttft_s)
    return inf


def entry_of(case: Case, decision: Decision, now_s: float) -> Entry[Case]:
    """The entry of a case that begins to wait."""
    query = case.query
    return Entry(
        query.id,
        query.lane,
        case.deadline_s(now_s),
        case,
        now_s,
        query.tenant,
        density_of(decision),
        settles_at_s=now_s + patience_s(case, decision),
    )


def density_of(decision: Decision) -> float:
    """What an answer in time is worth per engine-second, at the endpoint that was chosen.

    The price is added back: it orders endpoints, and all who wait for one pay the same.
    """
    chosen = decision.endpoint_id
    for candidate, score in zip(decision.candidates, decision.scores, strict=False):
        if candidate.view.endpoint.id == chosen and isfinite(score):
            value = score + candidate.view.price * candidate.work_s + candidate.switch_cost
            return value_density(value, candidate.work_s)
    return 0.0


def standing_of(
    entry: Entry[Case], line: WaitingLine[Case], tenants: TenantCounters, now_s: float
) -> Standing:
    """Where an entry of the line stands at `now_s`, and why."""
    return Standing(
        lane=lane_of(entry, now_s),
        density=entry.density,
        ageing=ageing(entry, now_s),
        tenant_work_s=tenants.work_s(entry.tenant),
        ahead=line.ahead_of(entry, now_s),
        waiting=len(line),
    )


def wish(case: Case, models: Iterable[Model]) -> object:
    """What decides where a case goes; equal for cases that want about the same.

    Of its topics only the likeliest counts, as no two posteriors read from text are equal; of what
    makes its work, which a dear endpoint is paid for, the power of two. The SLO and the endpoint
    that it would rather stay at belong to it: a patient query waits for what an impatient one
    cannot wait for.
    """
    demand, topics = case.demand, case.task.topics
    too_small = sum(1 for model in models if demand.tokens > (model.context_tokens or inf))
    return (
        case.task.task,
        topics[0].topic if topics else "",
        demand.model,
        demand.space,
        too_small,
        demand.query.needs,
        demand.query.lane,
        demand.query.prompt_tokens.bit_length(),
        (demand.query.max_output_tokens or 0).bit_length(),
        round(log2(case.stretch)) if case.stretch > 0.0 else 0,
        demand.query.weight,
        case.query.slo,
        case.stays_at,
        frozenset(case.tries.failed),
    )
