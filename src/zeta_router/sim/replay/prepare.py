"""A log made ready to be replayed: engines as fast as it says they were, queries as long.

An endpoint that hardly answered gets its configured speed, else that of its fellows; one of which
neither is known is left out. What had to be assumed is in the notes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import DEFAULT_SLOTS, Endpoint, FleetConfig
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.replay.fit import LEAST_REQUESTS, Fit, Seen, fit_engine, typical
from zeta_router.sim.replay.hearsay import topic_of
from zeta_router.sim.replay.logged import LoggedQuery, Traffic
from zeta_router.sim.replay.logged_work import LoggedLengths, prompt_tokens, tokens_ratio
from zeta_router.sim.workload.queries import Card, Outcome, Played
from zeta_router.sim.workload.tables import Prompt

PREFIX_BLOCKS = 500
"""Blocks of an engine's prefix cache where the log shows that it has one."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A log made ready to be replayed with any policy.

    Attributes:
        fleet: The logged fleet without the endpoints that nothing is known about.
        specs: Each endpoint's engine.
        fits: How each was fitted; endpoints that were not are absent.
        played: The queries, by arrival.
        notes: The log's, and what preparing it had to assume.
    """

    traffic: Traffic
    fleet: FleetConfig
    specs: Mapping[str, EngineSpec]
    fits: Mapping[str, Fit]
    played: tuple[Played, ...]
    notes: tuple[str, ...]


def prepare(traffic: Traffic) -> Prepared:
    """Fit engines and lengths to a log.

    Raises:
        ConfigError: Too little in it was answered, so that no engine's speed is known.
    """
    slots = _slots(traffic)
    fits: dict[str, Fit] = {}
    seen = _seen(traffic)
    for endpoint in traffic.fleet.endpoints:
        fit = fit_engine(seen.get(endpoint.id, ()), slots[endpoint.id])
        if fit is not None:
            fits[endpoint.id] = fit
    specs, notes = _specs(traffic, fits, slots)
    if not specs:
        most = max(map(len, seen.values()), default=0)
        raise ConfigError(
            "",
            "no endpoint of the log answered enough to know how fast it is: "
            f"{LEAST_REQUESTS} answers of one are needed, the most here are {most}",
            "let it serve for longer, or give endpoints a `simulate` section with --config",
        )
    fleet = replace(
        traffic.fleet,
        endpoints=tuple(
            replace(endpoint, slots=slots[endpoint.id])
            for endpoint in traffic.fleet.endpoints
            if endpoint.id in specs
        ),
    )
    lengths = LoggedLengths(traffic)
    ratio = tokens_ratio(traffic.queries)
    models = [*fleet.models]
    played = tuple(_played(each, models, lengths, ratio) for each in traffic.queries)
    return Prepared(traffic, fleet, specs, fits, played, (*traffic.notes, *notes))


def _slots(traffic: Traffic) -> dict[str, int]:
    """Slots of each endpoint: configured, else as the log saw them last."""
    seen: dict[str, int] = {}
    for each in traffic.queries:
        for decision in each.decisions:
            for candidate in decision.candidates:
                seen[candidate.view.endpoint.id] = candidate.view.slots
    return {
        endpoint.id: endpoint.slots or seen.get(endpoint.id, DEFAULT_SLOTS)
        for endpoint in traffic.fleet.endpoints
    }


def _seen(traffic: Traffic) -> dict[str, list[Seen]]:
    """What each endpoint served, with the prompt tokens that it had to compute."""
    ratio = tokens_ratio(traffic.queries)
    seen: dict[str, list[Seen]] = {}
    for each in traffic.queries:
        answered = each.answered
        if answered is None or not answered.outcome.e2e_s:
            continue
        outcome = answered.outcome
        prompt = prompt_tokens(each, ratio) - (outcome.cached_tokens or 0)
        seen.setdefault(answered.endpoint_id, []).append(
            Seen(
                answered.dispatched_at_s,
                max(1, prompt),
                max(1, outcome.output_tokens or 1),
                outcome.ttft_s if each.query.stream else None,
                answered.outcome.e2e_s or 0.0,
            )
        )
    return seen


def _specs(
    traffic: Traffic, fits: Mapping[str, Fit], slots: Mapping[str, int]
) -> tuple[dict[str, EngineSpec], list[str]]:
    caching = {
        attempt.endpoint_id
        for each in traffic.queries
        for attempt in each.attempts
        if attempt.outcome.cached_tokens
    }
    specs: dict[str, EngineSpec] = {}
    notes = []
    few = f"has fewer than the {LEAST_REQUESTS} answers in this log that a fit needs"
    for endpoint in traffic.fleet.endpoints:
        fit = fits.get(endpoint.id)
        spec = fit.spec if fit is not None else _like(endpoint, traffic.fleet, fits, slots)
        if fit is None and spec is not None:
            notes.append(f"{endpoint.id} {few}; its speed is assumed")
        if spec is None:
            notes.append(f"{endpoint.id} {few}; it is left out of the replay")
            continue
        specs[endpoint.id] = replace(
            spec, prefix_blocks=PREFIX_BLOCKS if endpoint.id in caching else 0
        )
    return specs, notes


def _like(
    endpoint: Endpoint, fleet: FleetConfig, fits: Mapping[str, Fit], slots: Mapping[str, int]
) -> EngineSpec | None:
    """What is known of an endpoint that was not fitted: its configured speed, else its fellows'."""
    told = endpoint.simulate
    if told is not None:
        return EngineSpec(told.prefill_tokens_per_s, told.step_s, told.step_per_seq_s, told.slots)
    fellows = [e.id for e in fleet.endpoints if e.model == endpoint.model]
    return typical([fits[key] for key in fellows if key in fits], slots[endpoint.id])


def _played(
    each: LoggedQuery, models: Sequence[str], lengths: LoggedLengths, ratio: float
) -> Played:
    decision, query = each.decisions[0], each.query
    believed = {c.view.model.name: c.quality for c in decision.candidates}
    outcomes = {
        model: Outcome(_usable(believed.get(model, 0.0)), lengths.tokens(each, model))
        for model in models
    }
    topic = topic_of(each)
    tokens = prompt_tokens(each, ratio)
    card = Card(
        Prompt(query.id, topic, "", tokens, {}),
        topic,
        decision.task.task,
        decision.task,
        query.features,
        query.slo,
        outcomes,
    )
    return Played(
        query.id, query.arrived_at_s, card, tokens, outcomes, query.prefix_hashes, query.tenant
    )


def _usable(quality: float) -> float:
    return quality if 0.0 <= quality <= 1.0 else 0.0
