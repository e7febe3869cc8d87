"""What every address does, in words: the one table that the description is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zeta_router.core.query import Lane, Operation
from zeta_router.gateway.described.shapes import request_name
from zeta_router.gateway.keys.access import Access
from zeta_router.gateway.relay import PATH_OF_OPERATION

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of the path, of the query or a header."""

    name: str
    place: str
    text: str
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Described:
    """One address.

    Attributes:
        path: With names in braces, e.g. ``/zeta/decisions/{id}``.
        tag: What it belongs to.
        summary: What it does, in one line.
        answer: Name of the answer's schema; empty where the engine's answer is passed on.
        body: Name of the schema of what is sent.
        content_type: Of the answer.
        problems: Status of each refusal, and when it is given.
    """

    method: str
    path: str
    tag: str
    summary: str
    answer: str = ""
    body: str = ""
    content_type: str = JSON
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[tuple[int, str], ...] = ()


_TEXT = {"type": "string"}
_MS = {"type": "number", "exclusiveMinimum": 0}
_LANES = {"type": "string", "enum": [lane.value for lane in Lane], "default": Lane.NORMAL.value}

HINTS = (
    Parameter("x-zeta-priority", "header", "Lane of the waiting line.", _LANES),
    Parameter("x-zeta-tenant", "header", "Whose query it is; else the API key, hashed.", _TEXT),
    Parameter(
        "x-zeta-session",
        "header",
        "The conversation; also x-session-id, x-conversation-id, X-OpenWebUI-Chat-Id, and `user` "
        "or `prompt_cache_key` in the body.",
        _TEXT,
    ),
    Parameter(
        "x-zeta-weight",
        "header",
        "What a good answer is worth, relative to 1.",
        {"type": "number", "exclusiveMinimum": 0, "maximum": 100, "default": 1},
    ),
    Parameter("x-zeta-slo-ttft-ms", "header", "Objective: time to the first token.", _MS),
    Parameter("x-zeta-slo-tpot-ms", "header", "Objective: time per token after it.", _MS),
    Parameter("x-zeta-slo-e2e-ms", "header", "Objective: time to the last token.", _MS),
    Parameter(
        "x-openwebui-task",
        "header",
        "Housekeeping of a chat program (titles, tags): a simple task, nobody waits for it.",
        _TEXT,
    ),
)
"""Headers that every routed call takes."""

TOLD = {
    "x-zeta-decision-id": "For `/v1/feedback` and `/zeta/decisions/{id}`.",
    "x-zeta-model": "The model that answered.",
    "x-zeta-endpoint": "The endpoint that answered.",
    "x-zeta-task": "The task acted on.",
    "x-zeta-reason": "Why it went there; docs/reference/reasons.md.",
    "x-zeta-queue-ms": "Milliseconds held in the router.",
    "x-zeta-overhead-ms": "Milliseconds of the router's own work.",
    "x-zeta-attempts": "Endpoints tried.",
}
"""Headers of every routed answer, refusals included where they apply."""

_SLIPPED_IN = (403, "A page of another site sent a body that is not declared as JSON.")

_REFUSALS = (
    (400, "The body or a header is wrong, or no model of the fleet can do this."),
    _SLIPPED_IN,
    (404, "The model named does not exist here."),
    (408, "The body came too slowly, by `limits.body_stall_s` or `body_bytes_per_s`."),
    (413, "The body is larger than `limits.body_bytes`."),
    (429, "No capacity in time; `Retry-After` says when to come back."),
    (502, "The engines that were tried failed."),
    (503, "No endpoint that could answer is up."),
    (504, "The engine did not answer in time."),
)
KEY_PROBLEMS: dict[Access, tuple[tuple[int, str], ...]] = {
    Access.OPEN: (),
    Access.READ: ((401, "No key that is known."),),
    Access.QUERY: (
        (401, "No key that is known."),
        (403, "Or the key is not for queries."),
        (429, "Or the key has used what it may."),
    ),
    Access.WRITE: ((401, "No key that is known."), (403, "The key may not change the fleet.")),
}
"""What is refused where there are keys, by what an address asks of its caller."""

_UNKNOWN = ((404, "It is unknown, or forgotten."),)
_ID = Parameter("id", "path", "", _TEXT)

_SUMMARIES = {
    Operation.CHAT: "Chat, streamed or not",
    Operation.COMPLETION: "Completion of a prompt",
    Operation.EMBEDDING: "Embeddings, within one vector space",
    Operation.RERANK: "Documents ranked for a query",
    Operation.RESPONSE: "OpenAI's responses call",
}


def _routed(operation: Operation, path: str) -> Described:
    return Described(
        "POST", path, "routed", _SUMMARIES[operation], body=request_name(operation),
        parameters=HINTS, problems=_REFUSALS,
    )  # fmt: skip


OPERATIONS: tuple[Described, ...] = (
    *(_routed(operation, path) for operation, path in PATH_OF_OPERATION.items()),
    _routed(Operation.RERANK, "/rerank"),
    Described("GET", "/v1/models", "models", "Models that are up, and the virtual ones", "Models"),
    Described(
        "GET", "/v1/models/{id}", "models", "One of them", "Model", parameters=(_ID,),
        problems=_UNKNOWN,
    ),
    Described(
        "POST", "/v1/route", "decisions",
        "Where a request would go, and why, without sending it; takes the body of any routed call",
        "Explanation", "Request", parameters=HINTS,
        problems=((400, "As for the call itself."), _SLIPPED_IN),
    ),
    Described(
        "POST", "/v1/feedback", "decisions", "How good an answer was", "Feedback",
        "FeedbackRequest",
        problems=(
            (400, "Neither a score from 0 to 1 nor thumbs."),
            _SLIPPED_IN,
            (404, "The decision is unknown."),
            (409, "It was judged before; the first judgement counts."),
        ),
    ),
    Described(
        "GET", "/zeta/decisions", "decisions", "The latest queries, newest first", "Decisions",
        parameters=(
            Parameter(
                "limit", "query", "How many.",
                {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50},
            ),
        ),
        problems=((400, "`limit` is no number from 1 to 1000."),),
    ),
    Described(
        "GET", "/zeta/decisions/{id}", "decisions", "One query, explained", "Explanation",
        parameters=(_ID,), problems=_UNKNOWN,
    ),
    Described("GET", "/zeta/fleet", "fleet", "Every endpoint with its state and signals", "Fleet"),
    Described(
        "GET", "/zeta/state", "fleet",
        "Who waits in which order, tenants, prices, speeds, conditions, forecast", "State",
    ),
    Described(
        "POST", "/zeta/endpoints/{id}/drain", "fleet", "Give an endpoint no new queries",
        "Draining", parameters=(_ID,),
        problems=((403, "A page of another site asked."), (404, "There is no such endpoint.")),
    ),
    Described(
        "POST", "/zeta/endpoints/{id}/undrain", "fleet", "Take it back into service", "Draining",
        parameters=(_ID,),
        problems=((403, "A page of another site asked."), (404, "There is no such endpoint.")),
    ),
    Described(
        "GET", "/health", "monitoring", "Whether the router runs, and what troubles it", "Health"
    ),
    Described(
        "GET", "/ready", "monitoring", "Whether some endpoint could answer", "Ready",
        problems=((503, "None could; the body is the same."),),
    ),
    Described(
        "GET", "/metrics", "monitoring", "Prometheus' text format; docs/reference/metrics.md",
        content_type="text/plain",
    ),
    Described("GET", "/openapi.json", "monitoring", "This description", "Anything"),
    Described(
        "GET", "/zeta/stream", "dashboard", "The state of the moment, as server-sent events",
        content_type="text/event-stream",
    ),
    Described("GET", "/zeta/past", "dashboard", "The last minutes, sampled", "Anything"),
    Described("GET", "/zeta/learned", "dashboard", "What was learned of models", "Anything"),
    Described("GET", "/zeta/promotions", "dashboard", "What retraining promoted", "Anything"),
    Described("GET", "/zeta/experiments", "dashboard", "Reports of experiments", "Anything"),
    Described(
        "GET", "/", "dashboard", "The dashboard; its files are under /dashboard/",
        content_type="text/html",
    ),
)  # fmt: skip
"""Every address of the gateway, except the dashboard's own files."""
