"""From views to candidates: hard filters, then predictions for this query on each endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zeta_router.control.filters import unavailable, unsuitable
from zeta_router.core.query import TopicShare
from zeta_router.core.reasons import Drop
from zeta_router.core.snapshot import Candidate, EndpointView
from zeta_router.router.cases import Case
from zeta_router.router.endpoint_state import EndpointState
from zeta_router.router.knowledge import Knowledge

Dropped = tuple[tuple[str, Drop], ...]


def candidates_for(
    case: Case,
    views: Sequence[EndpointView],
    endpoints: Mapping[str, EndpointState],
    knowledge: Knowledge,
    switch_cost: float = 0.0,
) -> tuple[tuple[Candidate, ...], Dropped]:
    """Every endpoint that may serve the case, with predictions, and why the others may not.

    What depends on the model alone (suitability, quality, length) is worked out once per model.
    """
    verdicts: dict[str, Drop | tuple[float, float, float]] = {}
    found: list[Candidate] = []
    dropped: list[tuple[str, Drop]] = []
    for view in views:
        model = view.model
        verdict = verdicts.get(model.name)
        if verdict is None:
            verdict = unsuitable(case.demand, model) or _expect(case, model.name, knowledge)
            verdicts[model.name] = verdict
        if isinstance(verdict, Drop):
            dropped.append((view.endpoint.id, verdict))
            continue
        drop = unavailable(view, case.tries.failed)
        if drop is not None:
            dropped.append((view.endpoint.id, drop))
            continue
        found.append(_predict(case, view, endpoints[view.endpoint.id], verdict, switch_cost))
    return tuple(found), tuple(dropped)


def _expect(case: Case, model: str, knowledge: Knowledge) -> tuple[float, float, float]:
    """Quality, answer tokens and their log spread on a model."""
    topics: tuple[TopicShare, ...] = case.task.topics
    tokens, log_sigma = knowledge.length.expect(topics, model, case.query.max_output_tokens)
    return knowledge.quality.mean(topics, model), tokens, log_sigma


def _predict(
    case: Case,
    view: EndpointView,
    state: EndpointState,
    expected: tuple[float, float, float],
    switch_cost: float,
) -> Candidate:
    quality, output_tokens, length_sigma = expected
    latency = state.latency
    query = case.query
    cached = 0.0
    if query.prefix_hashes:
        cached = state.prefixes.cached_tokens(query.prefix_hashes, query.prompt_tokens)
    batch = view.in_flight + view.foreign_in_flight
    beyond = batch - view.slots
    ttft_s, tpot_s = latency.predict(
        prompt_tokens=query.prompt_tokens,
        cached_tokens=cached,
        batch=batch,
        pending_prefill_tokens=view.pending_prefill_tokens,
        waiting_output_tokens=view.remaining_output_tokens * beyond / batch if beyond > 0 else 0.0,
        slots=view.slots,
    )
    return Candidate(
        view,
        quality,
        output_tokens,
        ttft_s,
        tpot_s,
        latency.log_sigma,
        latency.work_s(query.prompt_tokens - cached, output_tokens),
        length_sigma,
        latency.tpot_log_sigma,
        latency.tpot_slope_s,
        cached,
        switch_cost if case.stays_at and case.stays_at != view.endpoint.id else 0.0,
    )
