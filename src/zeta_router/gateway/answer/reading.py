"""What an answer, or an event of a stream, says of itself: tokens, ending, whether it failed."""

from __future__ import annotations

from typing import Any

import msgspec

from zeta_router.gateway.reading.body import UNREADABLE

_NO_OUTPUT = ("role", "id", "name")
"""What a chunk of a chat completion carries beside what the model wrote.

Engines name that differently: content, refusal, tool_calls, reasoning_content (SGLang, llama.cpp,
vLLM before 0.12), reasoning (vLLM from 0.12, Ollama), and more to come.
"""

_NULL = msgspec.Raw(b"null")
_FAILURES = ("error", "response.failed")
"""Types of events by which ``/v1/responses`` says that it failed."""

_ENDS = {"response.completed": "stop", "response.incomplete": "length"}
"""Last events of a stream of ``/v1/responses``, and what they mean in the other calls' words."""


_MOST_TOKENS = 1 << 40


def _count(said: Any) -> int | None:
    """A count of tokens; None for what cannot be one, whatever an engine says."""
    return said if isinstance(said, int) and 0 <= said < _MOST_TOKENS else None


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
        return _count((self.prompt_tokens_details or {}).get("cached_tokens"))


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
        return any(value for key, value in said.items() if key not in _NO_OUTPUT)


class _Error(msgspec.Struct, gc=False):
    code: Any = None


class _Response(msgspec.Struct, gc=False):
    usage: Usage | None = None
    model: str | None = None


class Event(msgspec.Struct, gc=False):
    """An event of a stream, or a whole answer, as far as it is of interest here."""

    choices: list[_Choice] = []
    error: msgspec.Raw = _NULL
    usage: Usage | None = None
    model: str | None = None
    type: str | None = None
    response: _Response | None = None
    data: msgspec.Raw = msgspec.Raw(b"")

    @property
    def has_output(self) -> bool:
        """Whether it carries a token."""
        if self.type is not None and self.type.endswith(".delta"):
            return True
        return any(choice.has_output for choice in self.choices)

    @property
    def has_failed(self) -> bool:
        """Whether it tells of an error."""
        return bytes(self.error) != b"null" or self.type in _FAILURES

    @property
    def blames_client(self) -> bool:
        """Whether that error has a code of 400 to 499."""
        try:
            code = _decode_error(self.error).code
        except UNREADABLE:
            return False
        return isinstance(code, int) and 400 <= code < 500


_decode = msgspec.json.Decoder(Event).decode
_decode_error = msgspec.json.Decoder(_Error).decode
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
        only_ended: Whether a stream has nothing but its ``[DONE]``.
        no_vectors: Whether it is a list of embeddings without one.
        failed: Whether it says, under a status of success, that the engine failed.
        blames_client: Whether it says so of the client, by a code of 400 to 499.
    """

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self.model: str | None = None
        self.events = 0
        self.complete = False
        self.choices = False
        self.said = False
        self.only_ended = False
        self.no_vectors = False
        self.failed = False
        self.blames_client = False

    @property
    def says_nothing(self) -> bool:
        """Whether it is the answer of a model that produced no token, by all that can be seen.

        A model may have nothing to say, but then it has written its end, which is a token.
        """
        reasons = (None, "stop", "length")
        shown = self.choices or self.only_ended
        silent = shown and not self.said and not self.output_tokens
        return silent and self.finish_reason in reasons

    @property
    def output_tokens(self) -> int | None:
        """Tokens of the answer: the engine's count, else the number of events with output."""
        usage = self.usage
        if usage is not None:
            for said in (usage.completion_tokens, usage.output_tokens):
                count = _count(said)
                if count is not None:
                    return count
        return self.events or None

    @property
    def prompt_tokens(self) -> int | None:
        """Tokens of the prompt by the engine's count."""
        if self.usage is None:
            return None
        count = _count(self.usage.prompt_tokens)
        return _count(self.usage.input_tokens) if count is None else count

    def take(self, event: Event) -> None:
        """Note what an event, or a whole answer, says about itself."""
        usage = event.usage or (event.response.usage if event.response is not None else None)
        self.usage = usage or self.usage
        self.model = event.model or self.model
        self.choices = self.choices or bool(event.choices)
        self.said = self.said or event.has_output
        self.no_vectors = memoryview(event.data)[:3].tobytes() in (b"[]", b"nul")
        if event.has_failed:
            self.blames_client = event.blames_client
            self.failed = not self.blames_client
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


def model_of(event: Event) -> str | None:
    """The model that an event names."""
    return event.model or (event.response.model if event.response is not None else None)


def event_of(line: bytes) -> Event | None:
    """An event, by its line; None where it cannot be read."""
    try:
        return _decode(line[5:])
    except UNREADABLE:
        return None
