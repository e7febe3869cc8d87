"""From views to candidates: hard filters, then predictions for this query on each endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zeta_router.control.filters import unavailable, unsuitable
from zeta_router.core.query import TopicShare
from zeta_router.core.reasons import Drop
from zeta_router.core.snapshot import Candidate, EndpointView, Health
from zeta_router.router.endpoint.state import EndpointState
from zeta_router.router.knowledge import Knowledge
from zeta_router.router.query.cases import Case

_new = tuple.__new__
"""Makes a named tuple at half the cost of calling its class."""

_UP = Health.UP
"""Looked up once: a member of an enum costs as much as a function call."""

PANIC_LEAST = 3
"""Ejected endpoints among which nobody is believed; two of three may well be bad."""

Dropped = tuple[tuple[str, Drop], ...]


def candidates_for(
    case: Case,
    views: Sequence[EndpointView],
    endpoints: Mapping[str, EndpointState],
    knowledge: Knowledge,
    switch_cost: float = 0.0,
    spared: bool = False,
) -> tuple[tuple[Candidate, ...], Dropped]:
    """Every endpoint that may serve the case, with predictions, and why the others may not.

    Ejected endpoints are left out as long as enough others are there (`spared` takes them in).
    What depends on the model alone (suitability, quality, length) is worked out once per model. The
    rest is what `LatencyHead.predict` and `work_s` would say, added up from each state's `Outlook`.
    It is one loop because it runs for every endpoint and query: a call costs as much as the sums.
    """
    verdicts: dict[str, Drop | tuple[float, float, float, float]] = {}
    found: list[Candidate] = []
    dropped: list[tuple[str, Drop]] = []
    failed = case.tries.failed
    query = case.query
    prompt_tokens, hashes = query.prompt_tokens, query.prefix_hashes
    uncached: float = prompt_tokens
    cached = moving = 0.0
    stays_at = case.stays_at if switch_cost else ""
    for view in views:
        name = view.model.name
        verdict = verdicts.get(name)
        if verdict is None:
            verdict = unsuitable(case.demand, view.model) or _expect(case, name, knowledge)
            verdicts[name] = verdict
        endpoint_id = view.endpoint.id
        if not isinstance(verdict, tuple):
            dropped.append((endpoint_id, verdict))
            continue
        if failed or view.health is not _UP:
            drop = unavailable(view, failed, spared)
            if drop is not None:
                dropped.append((endpoint_id, drop))
                continue
        state = endpoints[endpoint_id]
        if hashes:
            cached = state.prefixes.cached_tokens(hashes, prompt_tokens)
            uncached = prompt_tokens - cached
        if stays_at:
            moving = 0.0 if stays_at == endpoint_id else switch_cost
        quality, output_tokens, length_log_sigma, doubt = verdict
        (
            start_s,
            s_per_token,
            pending_tokens,
            step_s,
            wait_s,
            tpot_s,
            s_per_output,
            log_sigma,
            tpot_log_sigma,
            tpot_slope_s,
            stall_per_token_s,
        ) = state.outlook
        if view.trust != 1.0:
            quality *= view.trust
        fields = (
            view,
            quality,
            output_tokens,
            start_s + s_per_token * (pending_tokens + uncached) + step_s + wait_s,
            tpot_s,
            log_sigma,
            uncached * s_per_token + output_tokens * s_per_output,
            length_log_sigma,
            tpot_log_sigma,
            tpot_slope_s,
            cached,
            moving,
            uncached * stall_per_token_s,
            doubt,
        )
        found.append(_new(Candidate, fields))
    if dropped and not spared and _too_few(len(found), dropped):
        return candidates_for(case, views, endpoints, knowledge, switch_cost, spared=True)
    return tuple(found), tuple(dropped)


def _too_few(found: int, dropped: Sequence[tuple[str, Drop]]) -> bool:
    """Whether ejected endpoints have to be used: nothing else is left, or too many are out.

    Where most of those that could serve look bad at once, the fault is more likely to be elsewhere,
    and what is left would drown.
    """
    ejected = sum(drop is Drop.EJECTED for _, drop in dropped)
    return ejected > 0 and (found == 0 or (ejected >= PANIC_LEAST and ejected > found))


def _expect(case: Case, model: str, knowledge: Knowledge) -> tuple[float, float, float, float]:
    """Quality, answer tokens, their log spread and the doubt about a model."""
    topics: tuple[TopicShare, ...] = case.task.topics
    longest = case.query.max_output_tokens
    tokens, log_sigma = knowledge.length.expect(topics, model, longest, case.stretch)
    quality = knowledge.quality.mean(topics, model)
    if knowledge.residual.useful(model):
        quality = knowledge.residual.corrected(quality, model, case.query.features)
    return quality, tokens, log_sigma, knowledge.rewards.doubt(model)
