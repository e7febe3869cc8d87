"""Watching an answer go by without touching it: first token, tokens so far, how it ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

_PARSE_FIRST = 32
"""Events looked into while waiting for the first token; engines send one or two before it."""

_TAIL_BYTES = 16384


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
    text: str | None = None

    @property
    def has_output(self) -> bool:
        if self.text:
            return True
        delta = self.delta or {}
        return any(delta.get(key) for key in ("content", "reasoning_content", "tool_calls"))


class _Event(msgspec.Struct, gc=False):
    choices: list[_Choice] = []
    usage: Usage | None = None
    model: str | None = None


_decode = msgspec.json.Decoder(_Event).decode


class Reading:
    """What is known of an answer.

    Attributes:
        output_tokens: The engine's count, else the number of events that carried output.
        finish_reason: As the engine put it; None when it did not say.
        complete: Whether the answer ended as its format demands.
    """

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self.events = 0
        self.complete = False

    @property
    def output_tokens(self) -> int | None:
        """Tokens of the answer, as well as they are known."""
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


def read_whole(body: bytes) -> Reading:
    """What a body that came in one piece says; a body of another shape says nothing."""
    reading = Reading()
    reading.complete = True
    try:
        event = _decode(body)
    except msgspec.MsgspecError:
        return reading
    reading.usage = event.usage
    if event.choices:
        reading.finish_reason = event.choices[0].finish_reason
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
        self._on_first_token = on_first_token
        self._waiting_first = True
        self._seen = 0
        self._partial = b""
        self._tail = b""
        self.model: str | None = None

    def feed(self, chunk: bytes) -> None:
        """Take note of a chunk; chunks may split events anywhere."""
        if self._waiting_first:
            self._look_for_first(chunk)
        else:
            self.reading.events += chunk.count(b"data: {")
        self._tail = (self._tail + chunk)[-_TAIL_BYTES:]

    def end(self) -> Reading:
        """The stream is over: read usage and finish reason from its last events."""
        lines = [line for line in self._tail.split(b"\n") if line.startswith(b"data:")]
        self.reading.complete = any(line[5:].strip() == b"[DONE]" for line in lines[-2:])
        for line in lines[-6:]:
            event = _event(line)
            if event is None:
                continue
            if event.usage is not None:
                self.reading.usage = event.usage
            for choice in event.choices:
                self.reading.finish_reason = choice.finish_reason or self.reading.finish_reason
        return self.reading

    def _look_for_first(self, chunk: bytes) -> None:
        lines = (self._partial + chunk).split(b"\n")
        self._partial = lines.pop()
        for line in lines:
            if not line.startswith(b"data:") or not self._counts(line):
                continue
            self.reading.events += 1
            if self._waiting_first:
                self._waiting_first = False
                self._on_first_token()

    def _counts(self, line: bytes) -> bool:
        """Whether an event carries output; after many without, its kind is one we cannot read."""
        self._seen += 1
        event = _event(line)
        if event is None:
            return False
        self.model = self.model or event.model
        return self._seen >= _PARSE_FIRST or any(choice.has_output for choice in event.choices)


def _event(line: bytes) -> _Event | None:
    try:
        return _decode(line[5:])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
