"""Watching an answer go by without touching it: first token, tokens so far, how it ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from zeta_router.gateway.answer.reading import Reading, event_of, model_of

_PARSE_FIRST = 32
"""Events looked into while waiting for the first token; engines send one or two before it."""

_LINE_BYTES = 1 << 18
"""Longest line looked into while waiting for the first token."""

TAIL_BYTES = 16384
TAIL_OF_RESPONSE_BYTES = 256 << 10
"""The last event of a stream of ``/v1/responses`` says everything over again."""

_LAST_CHUNKS = 256
"""Chunks after which those that are kept for the end are joined: an engine may send single bytes,
and each takes 33 more."""

_LAST_EVENTS = 6
"""Events looked into at the end; the last token is followed by at most a reason, a usage and a
``[DONE]``."""

_MARK = b"\ndata:"
_EDGE = 1 - len(_MARK)


class SseWatcher:
    """Looks at server-sent events while their bytes pass by.

    Events are decoded until the first token has come and again at the end; in between only line
    starts are counted, because a stream has hundreds of events and each decoding costs
    microseconds that every token would pay.

    Attributes:
        model: The model's name as the engine wrote it; None until an event named it.

    Args:
        on_first_token: Called once, when the first event with output has passed.
        tail_bytes: What is kept to be read at the end, at least as much as the last event has.
    """

    def __init__(self, on_first_token: Callable[[], None], tail_bytes: int = TAIL_BYTES) -> None:
        self.reading = Reading()
        self.model: str | None = None
        self._on_first_token = on_first_token
        self._tail_bytes = tail_bytes
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
        last.append(chunk[-self._tail_bytes :])
        self._last_bytes += len(last[-1])
        while self._last_bytes - len(last[0]) >= self._tail_bytes:
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
        tail = b"".join(self._last)[-self._tail_bytes :]
        lines = [line for line in tail.split(b"\n") if line.startswith(b"data:")]
        done = any(line[5:].strip() == b"[DONE]" for line in lines[-2:])
        trailing = True
        for line in reversed(lines[-_LAST_EVENTS:]):
            trailing = trailing and not self._has_output(line)
            if trailing and reading.events > 0:
                reading.events -= 1
        for event in map(event_of, lines[-_LAST_EVENTS:]):
            if event is not None:
                reading.take(event)
        reading.only_ended = done and len(lines) == 1
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
        event = event_of(line)
        if event is not None:
            self.model = self.model or model_of(event)
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
        event = event_of(line)
        return event is not None and event.has_output
