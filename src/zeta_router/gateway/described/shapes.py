"""Shapes of bodies as JSON Schemas: requests from the types that read them, answers by hand.

Answers state what can be relied on; more fields may be there, and more may come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from msgspec import inspect

from zeta_router.core.condition import Axis, Condition
from zeta_router.core.query import Lane, Operation
from zeta_router.gateway.problems import HTTP_OF_REASON
from zeta_router.gateway.reading.body import Body

Schema = dict[str, Any]

NUMBER: Schema = {"type": "number"}
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
MAYBE_NUMBER: Schema = {"type": ["number", "null"]}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}

_FIELDS = {
    Operation.CHAT: {"messages"},
    Operation.COMPLETION: {"prompt"},
    Operation.EMBEDDING: {"input"},
    Operation.RERANK: {"query", "documents"},
    Operation.RESPONSE: {"input", "instructions"},
}
"""What tells the type of an operation's body from the others: the fields that only it has."""

_PLAIN: dict[type[inspect.Type], Schema] = {
    inspect.StrType: TEXT,
    inspect.IntType: {"type": "integer"},
    inspect.FloatType: NUMBER,
    inspect.BoolType: FLAG,
    inspect.NoneType: {"type": "null"},
}


def request_name(operation: Operation) -> str:
    """Name of the schema of an operation's body."""
    return f"{operation.value.capitalize()}Request"


def requests() -> dict[str, Schema]:
    """Schemas of the routed calls' bodies: the fields that routing reads, others pass through."""
    kinds = [_struct(kind) for kind in get_args(Body)]
    common = set.intersection(*({field.encode_name for field in kind.fields} for kind in kinds))
    return {
        request_name(operation): _request(kind)
        for operation, own in _FIELDS.items()
        for kind in kinds
        if {field.encode_name for field in kind.fields} - common == own
    }


def _struct(kind: type) -> inspect.StructType:
    found = inspect.type_info(kind)
    assert isinstance(found, inspect.StructType)  # noqa: S101 - bodies are such
    return found


def _request(kind: inspect.StructType) -> Schema:
    """The schema of a body, and what its type cannot say."""
    whole = _schema(kind)
    whole["description"] = "Fields that routing reads. All others reach the engine as they are."
    whole["properties"]["model"] = {
        "type": "string",
        "default": "auto",
        "description": "`auto` or `zeta` is routed, `auto:code` states the task, a model's own "
        "name pins the model and balances its replicas.",
    }
    return whole


def _schema(kind: inspect.Type) -> Schema:
    """A type as a JSON Schema; what is read raw may be anything."""
    if isinstance(kind, inspect.StructType):
        named = {field.encode_name: field for field in kind.fields}
        needed = [name for name, field in named.items() if field.required]
        properties = {name: _schema(field.type) for name, field in named.items()}
        return {"type": "object", "properties": properties} | (
            {"required": needed} if needed else {}
        )
    if isinstance(kind, inspect.ListType):
        return array(_schema(kind.item_type))
    if isinstance(kind, inspect.UnionType):
        return {"anyOf": [_schema(each) for each in kind.types]}
    return dict(_PLAIN.get(type(kind), {"type": "object"} if _is_mapping(kind) else {}))


def _is_mapping(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.DictType)


def of(required: Mapping[str, Schema], description: str = "") -> Schema:
    """An object with at least these fields."""
    schema: Schema = {
        "type": "object",
        "properties": dict(required),
        "required": list(required),
    }
    return schema | ({"description": description} if description else {})


def array(items: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": items}


def mapping(values: Schema) -> Schema:
    """An object with names of the fleet as keys."""
    return {"type": "object", "additionalProperties": values}


def ref(name: str) -> Schema:
    """A schema of this description."""
    return {"$ref": f"#/components/schemas/{name}"}


_CODES = sorted({code for _, _, code in HTTP_OF_REASON.values()})

_DEPTHS = of({lane.value: {"type": "integer"} for lane in Lane}, "Queries that wait, by lane.")

ANSWERS: dict[str, Schema] = {
    "Error": of(
        {
            "error": of(
                {
                    "message": TEXT,
                    "type": TEXT,
                    "param": MAYBE_TEXT,
                    "code": MAYBE_TEXT,
                },
                f"OpenAI's shape. Codes of refusals: {', '.join(_CODES)}.",
            )
        }
    ),
    "Model": of({"id": TEXT, "object": TEXT, "created": {"type": "integer"}, "owned_by": TEXT}),
    "Models": of({"object": TEXT, "data": array(ref("Model"))}),
    "Signal": of(
        {"value": MAYBE_NUMBER, "age_s": MAYBE_NUMBER, "source": TEXT},
        "A reading. Absent is null, never 0; `source` says where it is from, or why it is absent.",
    ),
    "Endpoint": of(
        {
            "id": TEXT,
            "url": TEXT,
            "model": TEXT,
            "engine": TEXT,
            "state": TEXT,
            "in_flight": {"type": "integer"},
            "foreign_in_flight": NUMBER,
            "queue_depth": MAYBE_NUMBER,
            "slots": {"type": "integer"},
            "price": NUMBER,
            "ttft_ewma_s": MAYBE_NUMBER,
            "resident": {"type": ["array", "null"], "items": TEXT},
            "signals": mapping(ref("Signal")),
        }
    ),
    "Fleet": of(
        {
            "policy": TEXT,
            "version": {"type": "integer"},
            "now_s": NUMBER,
            "queued": _DEPTHS,
            "endpoints": array(ref("Endpoint")),
        }
    ),
    "Finding": of(
        {
            "state": {"type": "string", "enum": [each.value for each in Condition]},
            "since_s": NUMBER,
            "value": NUMBER,
            "text": TEXT,
        }
    ),
    "Pace": of(
        {
            "answers": {"type": "integer"},
            "ttft_p50_s": MAYBE_NUMBER,
            "ttft_p95_s": MAYBE_NUMBER,
            "ttft_used_p95_ratio": MAYBE_NUMBER,
            "tpot_p50_s": MAYBE_NUMBER,
            "tpot_p95_s": MAYBE_NUMBER,
            "in_time_ratio": MAYBE_NUMBER,
            "output_tokens_per_s": MAYBE_NUMBER,
        },
        "Of the last two minutes, from arrival; `used` is the share of each query's objective.",
    ),
    "Learned": of(
        {
            "id": TEXT,
            "model": TEXT,
            "state": TEXT,
            "in_flight": {"type": "integer"},
            "slots": {"type": "integer"},
            "signals": mapping(ref("Signal")),
            "in_memory": {"type": ["boolean", "null"]},
            "pace": ref("Pace"),
            "gpu": mapping(MAYBE_NUMBER),
            "circuit": TEXT,
            "slowdown": NUMBER,
            "fall": MAYBE_NUMBER,
            "canaries_failing": {"type": ["integer", "null"]},
            "memory_slope_bytes_per_h": MAYBE_NUMBER,
            "price": NUMBER,
            "observations": {"type": "integer"},
            "tpot_idle_s": NUMBER,
            "tpot_full_s": NUMBER,
            "prefill_tokens_per_s": MAYBE_NUMBER,
            "condition": of({axis.value: ref("Finding") for axis in Axis}),
        }
    ),
    "State": of(
        {
            "now_s": NUMBER,
            "wall_s": NUMBER,
            "uptime_s": NUMBER,
            "version": TEXT,
            "policy": TEXT,
            "recent": mapping(MAYBE_NUMBER),
            "fleet": {"type": "object"},
            "open": {"type": "integer"},
            "sessions": {"type": "integer"},
            "queue": of({"order": TEXT, "depth": _DEPTHS, "next": array({"type": "object"})}),
            "tenants": array(of({"tenant": TEXT, "work_s": NUMBER})),
            "endpoints": array(ref("Learned")),
            "forecast": {"type": "object"},
        }
    ),
    "Decision": of(
        {
            "decision_id": TEXT,
            "decided_at_s": NUMBER,
            "task": TEXT,
            "verdict": {"type": "string", "enum": ["dispatch", "wait", "reject"]},
            "reason": TEXT,
            "endpoint": MAYBE_TEXT,
            "status": MAYBE_TEXT,
            "sent_after_s": NUMBER,
            "queue_wait_s": MAYBE_NUMBER,
            "ttft_s": MAYBE_NUMBER,
            "e2e_s": MAYBE_NUMBER,
            "output_tokens": {"type": ["integer", "null"]},
        }
    ),
    "Decisions": of({"decisions": array(ref("Decision"))}),
    "Explanation": of(
        {
            "version": {"type": "integer"},
            "query_id": TEXT,
            "summary": TEXT,
            "asked": {"type": "object"},
            "decisions": array(
                of(
                    {
                        "verdict": TEXT,
                        "reason": TEXT,
                        "sentence": TEXT,
                        "policy": TEXT,
                        "candidates": array({"type": "object"}),
                        "dropped": array(of({"endpoint": TEXT, "reason": TEXT, "sentence": TEXT})),
                    }
                )
            ),
            "attempts": array({"type": "object"}),
        },
        "Every candidate with its terms, what was filtered out and why, and what came of it.",
    ),
    "Feedback": of({"status": TEXT, "decision_id": TEXT, "score": NUMBER}),
    "FeedbackRequest": {
        "type": "object",
        "properties": {
            "decision_id": {**TEXT, "description": "Header x-zeta-decision-id of the answer."},
            "score": {"type": "number", "minimum": 0, "maximum": 1},
            "thumbs": {"enum": ["up", "down", True, False]},
        },
        "required": ["decision_id"],
        "anyOf": [{"required": ["score"]}, {"required": ["thumbs"]}],
    },
    "Health": of(
        {"status": TEXT, "version": TEXT, "log_trouble": MAYBE_TEXT, "memory_trouble": MAYBE_TEXT}
    ),
    "Ready": of({"ready": FLAG, "endpoints": mapping(TEXT)}),
    "Draining": of({"id": TEXT, "draining": FLAG}),
    "Anything": {"type": ["object", "array"], "description": "Made for the dashboard; may change."},
}
