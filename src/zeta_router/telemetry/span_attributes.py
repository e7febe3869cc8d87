"""What a trace says of a query, under the names of OpenTelemetry's conventions for generative AI.

No text of a query and no key is among it. What the conventions have no name for begins with
``zeta.``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from urllib.parse import urlsplit

from zeta_router.core.decision import Decision
from zeta_router.core.fleet import Endpoint
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Operation, Query
from zeta_router.core.snapshot import Candidate

Value = str | bool | int | float | Sequence[str]
Attributes = dict[str, Value]

OPERATION_NAME = {
    Operation.CHAT: "chat",
    Operation.RESPONSE: "chat",
    Operation.COMPLETION: "text_completion",
    Operation.EMBEDDING: "embeddings",
    Operation.RERANK: "rerank",
}
"""Values of ``gen_ai.operation.name``; the conventions know no reranking."""

PROVIDER = "zeta_router"
"""``gen_ai.provider.name`` of what a client sees; an attempt's is the engine."""


def of_query(query: Query) -> Attributes:
    """What was asked, as far as it can be told without its text."""
    told: Attributes = {
        "gen_ai.operation.name": OPERATION_NAME[query.operation],
        "gen_ai.provider.name": PROVIDER,
        "gen_ai.request.model": query.model_requested,
        "gen_ai.request.stream": query.stream,
        "zeta.decision.id": query.id,
        "zeta.lane": query.lane.value,
    }
    if query.max_output_tokens is not None:
        told["gen_ai.request.max_tokens"] = query.max_output_tokens
    if query.session_id:
        told["gen_ai.conversation.id"] = query.session_id
    return told


def of_decision(decision: Decision) -> Attributes:
    """What was decided, and why."""
    told: Attributes = {
        "zeta.decision.number": decision.number,
        "zeta.verdict": decision.verdict.value,
        "zeta.reason": decision.reason.value,
        "zeta.policy": decision.policy,
        "zeta.task": decision.task.task.value,
        "zeta.candidates": len(decision.candidates),
        "zeta.dropped": len(decision.dropped),
    }
    if decision.endpoint_id is not None:
        told["zeta.endpoint"] = decision.endpoint_id
        told["zeta.propensity"] = decision.propensity
    score = _score(decision)
    if score is not None:
        told["zeta.score"] = score
    if decision.retry_after_s is not None:
        told["zeta.retry_after_s"] = decision.retry_after_s
    return told


def of_attempt(query: Query, chosen: Candidate, number: int) -> Attributes:
    """What is sent where."""
    endpoint, model = chosen.view.endpoint, chosen.view.model
    return {
        "gen_ai.operation.name": OPERATION_NAME[query.operation],
        "gen_ai.provider.name": endpoint.engine,
        "gen_ai.request.model": endpoint.upstream_model or model.name,
        **_address(endpoint),
        "zeta.endpoint": endpoint.id,
        "zeta.attempt": number,
        "zeta.predicted.ttft_s": chosen.ttft_s,
        "zeta.predicted.output_tokens": chosen.output_tokens,
        "zeta.predicted.quality": chosen.quality,
    }


def of_outcome(outcome: Outcome) -> Attributes:
    """How it ended, with what the engine counted; what it did not say is left out."""
    told: Attributes = {"zeta.status": outcome.status.value}
    counted = {
        "gen_ai.usage.input_tokens": outcome.prompt_tokens,
        "gen_ai.usage.output_tokens": outcome.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": outcome.cached_tokens,
        "gen_ai.response.time_to_first_chunk": outcome.ttft_s,
        "http.response.status_code": outcome.http_status,
    }
    told.update({name: value for name, value in counted.items() if value is not None})
    if outcome.finish_reason is not None:
        told["gen_ai.response.finish_reasons"] = (outcome.finish_reason,)
    if outcome.status is not Status.OK:
        told["error.type"] = outcome.status.value
    return told


def candidate_of(decision: Decision) -> Candidate | None:
    """The candidate that was chosen."""
    for candidate in decision.candidates:
        if candidate.view.endpoint.id == decision.endpoint_id:
            return candidate
    return None


def _score(decision: Decision) -> float | None:
    """The chosen one's score; None where the policy gave none."""
    for candidate, score in zip(decision.candidates, decision.scores, strict=False):
        if candidate.view.endpoint.id == decision.endpoint_id:
            return None if isnan(score) else score
    return None


def _address(endpoint: Endpoint) -> Attributes:
    parts = urlsplit(endpoint.url)
    told: Attributes = {"server.address": parts.hostname or ""}
    if parts.port is not None:
        told["server.port"] = parts.port
    return told
