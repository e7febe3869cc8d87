"""Reading request bodies: only the fields that routing needs, everything else untouched.

A body is split once into its top-level fields as raw bytes. What is forwarded is those bytes, so
fields that nobody here has heard of reach the engine as they came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from zeta_router.core.query import Operation
from zeta_router.gateway.problems import RequestError

Fields = dict[str, msgspec.Raw]

_split = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Message(msgspec.Struct, gc=False):
    """A chat message; the content stays raw until somebody needs its text."""

    role: str
    content: msgspec.Raw = msgspec.Raw(b"null")


class Wanted(msgspec.Struct, gc=False):
    """The fields that routing reads, whatever the operation.

    Unknown fields are skipped by the decoder, not refused.
    """

    model: str = "auto"
    stream: bool | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    max_output_tokens: int | None = None
    tools: list[msgspec.Raw] | None = None
    response_format: dict[str, Any] | None = None
    user: str | None = None
    prompt_cache_key: str | None = None

    @property
    def output_limit(self) -> int | None:
        """The client's limit on the answer, in tokens."""
        for limit in (self.max_completion_tokens, self.max_tokens, self.max_output_tokens):
            if limit is not None:
                return limit
        return None


class _Chat(Wanted, gc=False, kw_only=True):
    messages: list[Message]


class _Completion(Wanted, gc=False, kw_only=True):
    prompt: str | list[str | int | list[int]]


class _Embedding(Wanted, gc=False, kw_only=True):
    input: str | list[str | list[int] | int]


class _Rerank(Wanted, gc=False, kw_only=True):
    query: str
    documents: list[msgspec.Raw]


class _Response(Wanted, gc=False, kw_only=True):
    input: str | list[dict[str, Any]]
    instructions: str | None = None


Body = _Chat | _Completion | _Embedding | _Rerank | _Response

_DECODE: dict[Operation, Callable[[bytes], Body]] = {
    Operation.CHAT: msgspec.json.Decoder(_Chat).decode,
    Operation.COMPLETION: msgspec.json.Decoder(_Completion).decode,
    Operation.EMBEDDING: msgspec.json.Decoder(_Embedding).decode,
    Operation.RERANK: msgspec.json.Decoder(_Rerank).decode,
    Operation.RESPONSE: msgspec.json.Decoder(_Response).decode,
}
_NOT_EMPTY = {
    Operation.CHAT: "messages",
    Operation.COMPLETION: "prompt",
    Operation.EMBEDDING: "input",
    Operation.RERANK: "documents",
    Operation.RESPONSE: "input",
}


def parse(operation: Operation, raw: bytes) -> Body:
    """The fields of `raw` that routing needs.

    Raises:
        RequestError: 400 with the path of the field that is missing or of a wrong type.
    """
    try:
        body = _DECODE[operation](raw)
    except msgspec.ValidationError as error:
        raise _named(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(400, f"the body is not valid JSON: {error}") from None
    name = _NOT_EMPTY[operation]
    if len(getattr(body, name)) == 0 and operation is not Operation.COMPLETION:
        raise RequestError(400, f"'{name}' must not be empty", param=name)
    limit = body.output_limit
    if limit is not None and limit < 0:
        raise RequestError(400, "the output limit must not be negative", param="max_tokens")
    return body


def with_model(raw: bytes, model: str) -> bytes:
    """The body with another model's name; every other field byte for byte as it came."""
    fields: Fields = _split.decode(raw)
    fields["model"] = msgspec.Raw(msgspec.json.encode(model))
    return msgspec.json.encode(fields)


def _named(error: str) -> RequestError:
    """Turn msgspec's ``… - at `$.messages[0].role` `` into OpenAI's `param`."""
    message, _, place = error.partition(" - at `")
    path = place.rstrip("`").removeprefix("$").removeprefix(".")
    if "missing required field" in message:
        missing = message.split("`")[1]
        path = f"{path}.{missing}" if path else missing
        return RequestError(400, f"'{path}' is required", param=path)
    where = f"'{path}': " if path else "the body: "
    return RequestError(400, where + message.replace("`", ""), param=path or None)
