"""What the router holds and has learned, as values for people to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zeta_router.core.condition import Finding
from zeta_router.core.decision import Standing
from zeta_router.router.decision.foresight import Foreseen
from zeta_router.router.decision.placement import Placement
from zeta_router.router.decision.waiting import standing_of
from zeta_router.router.endpoint.state import EndpointState

SHOWN = 100
"""Held queries that are listed; the rest is only counted."""


@dataclass(frozen=True, slots=True)
class Held:
    """One query in the waiting line, and why it stands where it stands."""

    query_id: str
    task: str
    tenant: str
    waited_s: float
    patience_left_s: float
    standing: Standing


@dataclass(frozen=True, slots=True)
class Learned:
    """What one endpoint is believed to be.

    Attributes:
        price: Quality per engine-second.
        tpot_idle_s, tpot_full_s: Seconds per token alone, and with every slot in use.
        tpot_slope_s: What one more sequence adds to that.
        prefill_tokens_per_s: Prompt tokens read per second.
        rates: By how much TTFT and TPOT are slower than what was fitted, of late.
        prefix_trust: Share of what was believed cached that turned out to be.
        findings: How well it does, on every axis.
    """

    endpoint_id: str
    observations: int
    price: float
    tpot_idle_s: float
    tpot_full_s: float
    tpot_slope_s: float
    prefill_tokens_per_s: float | None
    rates: tuple[float, float]
    prefix_trust: float
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Inside:
    """The state of a router at one moment: the line in the order in which it is served."""

    now_s: float
    policy: str
    open_cases: int
    sessions: int
    line: tuple[Held, ...]
    tenants_work_s: Mapping[str, float]
    learned: tuple[Learned, ...]
    foreseen: Foreseen


def look_inside(placement: Placement, foreseen: Foreseen, now_s: float) -> Inside:
    """The state of the moment; changes nothing."""
    line = placement.line
    held = tuple(
        Held(
            entry.query_id,
            entry.item.task.task.value,
            entry.tenant,
            now_s - entry.since_s,
            entry.deadline_s - now_s,
            standing_of(entry, line, placement.tenants, now_s),
        )
        for entry in line.in_order(SHOWN, now_s)
    )
    states = placement.fleet.endpoints.values()
    return Inside(
        now_s,
        placement.setting.policy.name,
        len(placement.cases),
        len(placement.sessions),
        held,
        placement.tenants.active(),
        tuple(_learned(state, now_s) for state in states),
        foreseen,
    )


def _learned(state: EndpointState, now_s: float) -> Learned:
    head = state.latency
    base_s, idle_s = head.predict(prompt_tokens=0, batch=0, slots=state.slots)
    _, full_s = head.predict(prompt_tokens=0, batch=state.slots - 1, slots=state.slots)
    long_s, _ = head.predict(prompt_tokens=1000, batch=0, slots=state.slots)
    read_s = (long_s - base_s) / 1000.0
    return Learned(
        state.endpoint.id,
        head.observations,
        state.price.at(now_s),
        idle_s,
        full_s,
        head.tpot_slope_s,
        1.0 / read_s if read_s > 0.0 else None,
        head.rates,
        state.prefixes.trust,
        state.findings(now_s),
    )
