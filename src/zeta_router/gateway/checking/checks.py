"""What is plainly wrong with an answer: looked at after its last byte, from what was kept of it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from zeta_router.core.checks import Checks
from zeta_router.core.query import Operation, Query
from zeta_router.gateway.checking.code import code_parses
from zeta_router.gateway.checking.degeneration import circles_in
from zeta_router.gateway.checking.kept_text import Kept
from zeta_router.gateway.checking.schema import fits
from zeta_router.gateway.reading.body import UNREADABLE
from zeta_router.learn.task.ask import FEATURE_NAMES

GENEROUS_TOKENS = 256
"""A client's limit from which on running into it is the answer's fault, and not the client's wish
for a few words. Below it a model that thinks first may have said nothing yet."""

_REFUSAL_CHARS = 1500
"""Longer answers that begin like a refusal go on with something else."""

_REFUSAL = re.compile(
    r"(?:(?:i['’]?m|i am) (?:\w+ )?sorry,? (?:but )?(?:i |as an )"
    r"|sorry,? (?:but )?i (?:can|am|['’]m)"
    r"|(?:unfortunately,? )?i (?:can(?:not|['’]t|['’]?t)|am unable to|['’]m unable to|won['’]t)"
    r"(?: \w+)? (?:assist|help|provide|fulfil|comply|create|generate|do|answer|engage|share|write"
    r"|support|discuss|access)|as an ai\b|es tut mir leid,? aber|je suis désolée?,? mais"
    r"|lo siento,? pero|desculpe,? mas|mi dispiace,? ma|извините,? но|к сожалению,? я не"
    r"|(?:很|非常)?抱歉|对不起,?|申し訳(?:ありません|ございません)|죄송(?:합니다|하지만))",
    re.IGNORECASE,
)
_NON_ASCII = FEATURE_NAMES.index("non_ascii_ratio")
_MOSTLY, _HARDLY = 0.5, 0.05
_ENOUGH_CHARS = 80


class Form(msgspec.Struct, frozen=True):
    """What form a client asked for.

    Attributes:
        json: Whether the answer has to be JSON.
        schema: And of which schema; None for any.
        choices: How many answers it asked for.
    """

    json: bool = False
    schema: dict[str, Any] | None = None
    choices: int = 1


class _Format(msgspec.Struct):
    type: str = ""
    json_schema: dict[str, Any] | None = None
    schema: dict[str, Any] | None = None


class _Text(msgspec.Struct):
    format: _Format | None = None


class _Body(msgspec.Struct):
    response_format: _Format | None = None
    text: _Text | None = None
    n: int | None = None


def form_of(raw: bytes) -> Form:
    """The form that a request's body asks for; the plain one where it cannot be read."""
    try:
        body = msgspec.json.decode(raw, type=_Body)
    except UNREADABLE:
        return Form()
    wanted = body.response_format or (body.text.format if body.text is not None else None)
    if wanted is None or wanted.type not in ("json_object", "json_schema"):
        return Form(choices=body.n or 1)
    schema = wanted.schema
    if schema is None and wanted.json_schema is not None:
        inner = wanted.json_schema.get("schema")
        schema = inner if isinstance(inner, dict) else None
    return Form(True, schema, body.n or 1)


def checks_of(kept: Kept, form: Form, query: Query, finish_reason: str | None) -> Checks:
    """What can be told of an answer. About 0.1 ms for prose of 2 kB, up to 1 ms for Python."""
    if form.choices > 1:
        return Checks(text_bytes=kept.size_bytes)  # several texts, mixed
    text = kept.head
    circles = circles_in(kept.head + kept.tail)
    tools = kept.calls_tool or finish_reason in ("tool_calls", "function_call")
    json_valid, schema_valid = _json_fits(kept, form) if not tools else (None, None)
    limit = query.max_output_tokens
    ran_out = finish_reason == "length"
    generous = limit is None or limit >= GENEROUS_TOKENS
    return Checks(
        empty=not text.strip() and not tools and (generous or not ran_out),
        refusal=kept.size_bytes <= _REFUSAL_CHARS and _REFUSAL.match(text.lstrip()) is not None,
        cut=ran_out and generous,
        json_valid=json_valid,
        schema_valid=schema_valid,
        code_parses=code_parses(text) if "```" in text and not ran_out else None,
        compression_ratio=circles.compression_ratio if circles else None,
        distinct_trigrams_ratio=circles.distinct_trigrams_ratio if circles else None,
        repeated_lines_ratio=circles.repeated_lines_ratio if circles else None,
        degeneration=circles.degeneration if circles else None,
        other_script=_other_script(text, query),
        text_bytes=kept.size_bytes,
    )


def is_looked_at(operation: Operation) -> bool:
    """Whether answers of an operation are texts."""
    return operation in (Operation.CHAT, Operation.COMPLETION, Operation.RESPONSE)


def _json_fits(kept: Kept, form: Form) -> tuple[bool | None, bool | None]:
    """Whether the text is JSON, and of the schema; None where that was not asked or is unknown."""
    if not form.json or not kept.whole:
        return None, None
    try:
        value = msgspec.json.decode(kept.head.encode("utf-8", "replace"))
    except UNREADABLE:
        return False, False if form.schema is not None else None
    return True, fits(value, form.schema) if form.schema is not None else None


def _other_script(text: str, query: Query) -> bool | None:
    """Whether ASCII was asked and hardly any of it came, or the reverse; None for short texts."""
    features = query.features
    if len(features) != len(FEATURE_NAMES) or len(text) < _ENOUGH_CHARS or "```" in text:
        return None
    sample = text[:1024]
    came = 1.0 - len(sample.encode("ascii", "ignore")) / len(sample)
    asked = features[_NON_ASCII]
    return (asked >= _MOSTLY and came < _HARDLY) or (asked < _HARDLY and came >= _MOSTLY)
