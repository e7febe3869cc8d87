"""Which call a body stands for, where no path says it: that of a dry run."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from zeta_router.core.fleet import Model
from zeta_router.core.query import Operation, Task
from zeta_router.gateway.problems import RequestError
from zeta_router.gateway.reading.body import UNREADABLE

_SHAPES = {
    "messages": Operation.CHAT,
    "documents": Operation.RERANK,
    "prompt": Operation.COMPLETION,
    "input": Operation.EMBEDDING,
}
"""The field that a call requires; `/v1/embeddings` and `/v1/responses` require the same one."""

_OF_EMBEDDINGS = frozenset({"dimensions", "encoding_format"})
_OF_RESPONSES = frozenset(
    {
        "instructions",
        "max_output_tokens",
        "previous_response_id",
        "reasoning",
        "store",
        "stream",
        "temperature",
        "text",
        "tools",
        "top_p",
    }
)


def operation_of(raw: bytes, models: Mapping[str, Model]) -> Operation:
    """The call that `raw` would be the body of.

    What has an `input` is an embedding or a response. A field that only one of them has decides,
    or inputs that are objects, then whether the model embeds; for a model that the router chooses,
    whether any of the fleet does.

    Args:
        raw: The body.
        models: Those of the fleet, by name.

    Raises:
        RequestError: 400: it is no JSON object, or has none of the fields that tell.
    """
    try:
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except UNREADABLE as error:
        raise RequestError(400, f"the body is not a JSON object: {error}") from None
    for name, operation in _SHAPES.items():
        if name in fields:
            return operation if name != "input" else _of_input(fields, models)
    raise RequestError(
        400, "'messages', 'prompt', 'input' or 'documents' is required", param="messages"
    )


def _of_input(fields: Mapping[str, msgspec.Raw], models: Mapping[str, Model]) -> Operation:
    if not _OF_EMBEDDINGS.isdisjoint(fields):
        return Operation.EMBEDDING
    if not _OF_RESPONSES.isdisjoint(fields) or _holds_objects(fields["input"]):
        return Operation.RESPONSE
    model = models.get(_text(fields.get("model")))
    asked = models.values() if model is None else (model,)
    embeds = any(Task.EMBEDDING in each.tasks for each in asked)
    return Operation.EMBEDDING if embeds else Operation.RESPONSE


def _holds_objects(value: msgspec.Raw) -> bool:
    try:
        entries = msgspec.json.decode(value, type=list[msgspec.Raw])
    except UNREADABLE:
        return False
    return bool(entries) and bytes(entries[0]).lstrip().startswith(b"{")


def _text(value: msgspec.Raw | None) -> str:
    try:
        return "" if value is None else msgspec.json.decode(value, type=str)
    except UNREADABLE:
        return ""
