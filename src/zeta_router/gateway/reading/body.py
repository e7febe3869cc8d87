"""Reading request bodies: only the fields that routing needs.

What is forwarded is the body as it came, with at most its model's name exchanged (`splice`), so
fields that nobody here has heard of reach the engine untouched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from zeta_router.core.query import Operation
from zeta_router.gateway.problems import RequestError

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding other people's JSON may raise: it is malformed, no UTF-8, or too deep."""

_decode_name = msgspec.json.Decoder(str).decode
_decode_parts = msgspec.json.Decoder(list[msgspec.Raw]).decode


_NAME_CHARS = 1024
"""Longest name of a model: it is kept in every record of the query, and told in the error."""

MOST_ENTRIES = 10_000
"""Most messages, inputs or documents of a request, and most parts of all its messages together:
each takes up to 5 µs of everybody's time."""

MOST_TOKEN_IDS = 1_000_000
"""Most tokens of a prompt that is given as numbers."""

NO_LIMIT = -1
_LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")


class Message(msgspec.Struct, gc=False):
    """A chat message; the content stays raw until somebody needs its text."""

    role: str
    content: msgspec.Raw = msgspec.Raw(b"null")


class Wanted(msgspec.Struct, gc=False):
    """The fields that routing reads, whatever the operation.

    Unknown fields are skipped by the decoder, not refused. `written_model` stays raw, because it
    tells where in the body the name stands (`splice`).
    """

    written_model: msgspec.Raw | msgspec.UnsetType = msgspec.field(
        name="model", default=msgspec.UNSET
    )
    stream: bool | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    max_output_tokens: int | None = None
    tools: list[msgspec.Raw] | None = None
    response_format: dict[str, Any] | None = None
    user: str | None = None
    prompt_cache_key: str | None = None

    @property
    def model(self) -> str:
        """The model asked for; "auto" when none was named."""
        written = self.written_model
        return "auto" if isinstance(written, msgspec.UnsetType) else _decode_name(written)

    @property
    def output_limit(self) -> int | None:
        """The client's limit on the answer, in tokens.

        -1 is no limit: llama.cpp and LM Studio take it for that, and their users write it.
        """
        for name in _LIMITS:
            limit: int | None = getattr(self, name)
            if limit is not None:
                return limit if limit != NO_LIMIT else None
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
        RequestError: 400 with the path of the field that is missing or of a wrong type, or because
            the body is not JSON in UTF-8. The encoding is checked here, over the whole body, since
            engines answer 500 to a wrong one, and three of those take an engine out of service.
    """
    try:
        if not raw.isascii():
            raw.decode()
        body = _DECODE[operation](raw)
    except msgspec.ValidationError as error:
        raise _named(str(error)) from None
    except UNREADABLE as error:
        raise RequestError(400, f"the body is not valid JSON: {error}") from None
    _check_model(body)
    name = _NOT_EMPTY[operation]
    entries = getattr(body, name)
    if len(entries) == 0 and operation is not Operation.COMPLETION:
        raise RequestError(400, f"'{name}' must not be empty", param=name)
    if isinstance(entries, list) and entries and len(raw) > 2 * MOST_ENTRIES:
        _check_count(name, entries)
        if not isinstance(entries[0], int) and raw.count(b",") >= MOST_ENTRIES:
            _check_parts(name, entries)
    _check_limits(body)
    return body


def _check_model(body: Body) -> None:
    try:
        name = body.model
    except msgspec.ValidationError as error:
        message = str(error).replace("`", "")
        raise RequestError(400, f"'model': {message}", param="model") from None
    if len(name) > _NAME_CHARS:
        raise RequestError(400, f"'model' is longer than {_NAME_CHARS} characters", param="model")


def _check_count(name: str, entries: list[Any]) -> None:
    most = MOST_TOKEN_IDS if isinstance(entries[0], int) else MOST_ENTRIES
    if len(entries) > most:
        problem = f"'{name}' has {len(entries)} entries, at most {most} are taken"
        raise RequestError(400, problem, param=name, code="array_above_max_length")


def _check_parts(name: str, entries: list[Any]) -> None:
    """Whether the entries have too many parts; called where there are commas enough for that."""
    count = sum(map(_parts_in, entries))
    if count > MOST_ENTRIES:
        problem = f"'{name}' has {count} parts of content, at most {MOST_ENTRIES} are taken"
        raise RequestError(400, problem, param=name, code="array_above_max_length")


def _parts_in(entry: Any) -> int:
    if isinstance(entry, Message):
        if bytes(memoryview(entry.content)[:1]) != b"[":
            return 0
        try:
            return len(_decode_parts(entry.content))
        except UNREADABLE:  # the engine may know what it is
            return 0
    if isinstance(entry, dict):
        return sum(len(value) for value in entry.values() if isinstance(value, list))
    return 0


def _check_limits(body: Body) -> None:
    for name in _LIMITS:
        limit: int | None = getattr(body, name)
        if limit is not None and limit < NO_LIMIT:
            raise RequestError(400, f"'{name}' must not be negative", param=name)


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
