"""Watching an answer go by without touching it: first token, tokens so far, how it ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from zeta_router.gateway.reading.body import UNREADABLE

_PARSE_FIRST = 32
"""Events looked into while waiting for the first token; engines send one or two before it."""

_LINE_BYTES = 1 << 18
"""Longest line looked into while waiting for the first token."""

_TAIL_BYTES = 16384
_LAST_CHUNKS = 256
"""Chunks after which those that are kept for the end are joined: an engine may send single bytes,
and each takes 33 more."""

_LAST_EVENTS = 6
"""Events looked into at the end; the last token is followed by at most a reason, a usage and a
``[DONE]``."""

_MARK = b"\ndata:"
_EDGE = 1 - len(_MARK)
_OUTPUT = (
    "content",
    "reasoning_content",  # SGLang, llama.cpp, vLLM before 0.12
    "reasoning",  # vLLM from 0.12, Ollama
    "tool_calls",
    "function_call",
    "refusal",
)
"""Where a chunk of a chat completion carries what the model wrote."""

_ENDS = {"response.completed": "stop", "response.incomplete": "length"}
"""Last events of a stream of ``/v1/responses``, and what they mean in the other calls' words."""


class Usage(msgspec.Struct, gc=False):
    """The engine's own token counts."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: dict[str, Any] | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None

    @property
    def cached_tokens(self) -> int | None:
        """Prompt tokens that the engine did not have to compute."""
        value = (self.prompt_tokens_details or {}).get("cached_tokens")
        return value if isinstance(value, int) else None


class _Choice(msgspec.Struct, gc=False):
    finish_reason: str | None = None
    delta: dict[str, Any] | None = None
    message: dict[str, Any] | None = None
    text: str | None = None

    @property
    def has_output(self) -> bool:
        if self.text:
            return True
        said = self.delta or self.message or {}
        return any(said.get(key) for key in _OUTPUT)


class _Response(msgspec.Struct, gc=False):
    usage: Usage | None = None
    model: str | None = None


class _Event(msgspec.Struct, gc=False):
    choices: list[_Choice] = []
    usage: Usage | None = None
    model: str | None = None
    type: str | None = None
    response: _Response | None = None
    data: msgspec.Raw = msgspec.Raw(b"")

    @property
    def has_output(self) -> bool:
        if self.type is not None and self.type.endswith(".delta"):
            return True
        return any(choice.has_output for choice in self.choices)


_decode = msgspec.json.Decoder(_Event).decode
_validate = msgspec.json.Decoder(msgspec.Raw).decode


class Reading:
    """What is known of an answer.

    Attributes:
        events: Events with output so far. Exact at the end of a stream, but for events without
            output between two with it; up to then the last few may have had none.
        finish_reason: As the engine put it; None when it did not say.
        model: The model's name as the engine wrote it; None when it did not.
        complete: Whether the answer ended as its format demands.
        choices: Whether there was anything that could have held a text.
        said: Whether something was in it.
        no_vectors: Whether it is a list of embeddings without one.
    """

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self.model: str | None = None
        self.events = 0
        self.complete = False
        self.choices = False
        self.said = False
        self.no_vectors = False

    @property
    def says_nothing(self) -> bool:
        """Whether it is the answer of a model that produced no token, by all that can be seen.

        A model may have nothing to say, but then it has written its end, which is a token.
        """
        reasons = (None, "stop", "length")
        silent = self.choices and not self.said and not self.output_tokens
        return silent and self.finish_reason in reasons

    @property
    def output_tokens(self) -> int | None:
        """Tokens of the answer: the engine's count, else the number of events with output."""
        usage = self.usage
        if usage is not None:
            for count in (usage.completion_tokens, usage.output_tokens):
                if count is not None:
                    return count
        return self.events or None

    @property
    def prompt_tokens(self) -> int | None:
        """Tokens of the prompt by the engine's count."""
        if self.usage is None:
            return None
        if self.usage.prompt_tokens is not None:
            return self.usage.prompt_tokens
        return self.usage.input_tokens

    def take(self, event: _Event) -> None:
        """Note what an event, or a whole answer, says about itself."""
        usage = event.usage or (event.response.usage if event.response is not None else None)
        self.usage = usage or self.usage
        self.model = event.model or self.model
        self.choices = self.choices or bool(event.choices)
        self.said = self.said or event.has_output
        self.no_vectors = memoryview(event.data)[:3].tobytes() in (b"[]", b"nul")
        for choice in event.choices:
            self.finish_reason = choice.finish_reason or self.finish_reason
        self.finish_reason = _ENDS.get(event.type or "") or self.finish_reason


def read_whole(body: bytes) -> Reading:
    """What a body that came in one piece says; one of another shape says only that it is JSON."""
    reading = Reading()
    try:
        _validate(body)
        reading.complete = True
        reading.take(_decode(body))
    except UNREADABLE:
        pass
    return reading


class SseWatcher:
    """Looks at server-sent events while their bytes pass by.

    Events are decoded until the first token has come and again at the end; in between only line
    starts are counted, because a stream has hundreds of events and each decoding costs
    microseconds that every token would pay.

    Attributes:
        model: The model's name as the engine wrote it; None until an event named it.

    Args:
        on_first_token: Called once, when the first event with output has passed.
    """

    def __init__(self, on_first_token: Callable[[], None]) -> None:
        self.reading = Reading()
        self.model: str | None = None
        self._on_first_token = on_first_token
        self._waiting_first = True
        self._readable = True
        self._seen = 0
        self._partial = b""
        self._edge = b""
        self._last: deque[bytes] = deque()
        self._last_bytes = 0

    @property
    def waits(self) -> bool:
        """Whether nothing but preliminaries has passed: who speaks, keep-alives, empty pieces."""
        return self._waiting_first

    def feed(self, chunk: bytes) -> None:
        """Take note of a chunk; chunks may split events anywhere."""
        last = self._last
        last.append(chunk[-_TAIL_BYTES:])
        self._last_bytes += len(last[-1])
        while self._last_bytes - len(last[0]) >= _TAIL_BYTES:
            self._last_bytes -= len(last.popleft())
        if len(last) > _LAST_CHUNKS:
            self._last = deque((b"".join(last),))
        if self._waiting_first:
            chunk = self._look_for_first(chunk)
        passing = self._edge + chunk
        self.reading.events += passing.count(_MARK)
        self._edge = passing[_EDGE:]

    def end(self) -> Reading:
        """The stream is over: read usage and finish reason from its last events."""
        reading = self.reading
        tail = b"".join(self._last)[-_TAIL_BYTES:]
        lines = [line for line in tail.split(b"\n") if line.startswith(b"data:")]
        done = any(line[5:].strip() == b"[DONE]" for line in lines[-2:])
        trailing = True
        for line in reversed(lines[-_LAST_EVENTS:]):
            trailing = trailing and not self._has_output(line)
            if trailing and reading.events > 0:
                reading.events -= 1
        for event in map(_event, lines[-_LAST_EVENTS:]):
            if event is not None:
                reading.take(event)
        reading.complete = done or reading.finish_reason is not None
        return reading

    def _look_for_first(self, chunk: bytes) -> bytes:
        """Decode events up to the first with output; what follows it, from the end of its line."""
        lines = (self._partial + chunk).split(b"\n")
        for number, line in enumerate(lines[:-1]):
            if line.startswith(b"data:") and self._is_first(line):
                return b"\n" + b"\n".join(lines[number + 1 :])
        self._partial = lines[-1]
        if len(self._partial) > _LINE_BYTES:
            self._found(readable=False)
        return b""

    def _is_first(self, line: bytes) -> bool:
        """Whether an event is the first with output; after many without, one we cannot read is."""
        self._seen += 1
        event = _event(line)
        if event is not None:
            self.model = self.model or _model_of(event)
            if event.has_output:
                self._found(readable=True)
        if self._waiting_first and self._seen >= _PARSE_FIRST:
            self._found(readable=False)
        return not self._waiting_first

    def _found(self, *, readable: bool) -> None:
        self._readable = readable
        self._waiting_first = False
        self._partial = b""
        self.reading.events = 1
        self.reading.said = True
        self._on_first_token()

    def _has_output(self, line: bytes) -> bool:
        """Whether a late event counts; where we cannot read them, all but ``[DONE]`` do."""
        if not self._readable:
            return line[5:].strip() != b"[DONE]"
        event = _event(line)
        return event is not None and event.has_output


def _model_of(event: _Event) -> str | None:
    return event.model or (event.response.model if event.response is not None else None)


def _event(line: bytes) -> _Event | None:
    try:
        return _decode(line[5:])
    except UNREADABLE:
        return None
