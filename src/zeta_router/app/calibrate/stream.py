"""An answer as it streams: when each of its tokens came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from zeta_router.learn.latency.calibration_windows import Heard
from zeta_router.learn.task.ask import estimate_tokens

MESSAGE_CHARS = 200
"""Of an engine's own words, no more than this are repeated."""

_OUTPUT = ("content", "reasoning_content", "reasoning")


class AskError(Exception):
    """One request got no usable answer; the message says why."""


class Stream:
    """What came of one answer so far."""

    def __init__(self) -> None:
        self._pieces: list[tuple[float, int]] = []  # when, how many characters
        self._end_at_s: float | None = None
        self._usage: dict[str, Any] = {}

    def take(self, data: bytes, at_s: float) -> None:
        """Note one event; what cannot be read is passed over."""
        try:
            event = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if not isinstance(event, dict):
            return
        if "error" in event:
            raise AskError(f"it broke off: {str(event['error'])[:MESSAGE_CHARS]}")
        self._usage = _mapping(event.get("usage")) or self._usage
        choices = event.get("choices")
        for choice in map(_mapping, choices if isinstance(choices, list) else ()):
            delta = _mapping(choice.get("delta"))
            written = [text for key in _OUTPUT if isinstance(text := delta.get(key), str)]
            if chars := sum(map(len, written)):
                self._pieces.append((at_s, chars))
            if choice.get("finish_reason"):
                self._end_at_s = at_s

    def heard(self, sent_at_s: float, text: str) -> Heard:
        """The whole answer.

        Raises:
            AskError: There were no tokens, or all of many came at once.
        """
        pieces = self._pieces
        if not pieces:
            raise AskError("the answer has no text in it")
        tokens = _whole(self._usage.get("completion_tokens")) or len(pieces)
        if len(pieces) < 2 <= tokens // 4:
            raise AskError(f"it does not stream: {tokens} tokens came at once")
        details = _mapping(self._usage.get("prompt_tokens_details"))
        cached = _whole(details.get("cached_tokens")) or 0
        prompt = _whole(self._usage.get("prompt_tokens")) or estimate_tokens(text)
        end_at_s = max(self._end_at_s or 0.0, pieces[-1][0])
        return Heard(sent_at_s, token_times(pieces, tokens, end_at_s), max(1, prompt - cached))


def token_times(
    pieces: Sequence[tuple[float, int]], tokens: int, end_at_s: float
) -> tuple[float, ...]:
    """When each of `tokens` came, given when how many characters came.

    With a piece per token that is when the pieces came. Otherwise tokens are dealt to pieces by
    their characters, and those of one piece are spread over the time since the piece before. The
    last one came at the end: llama.cpp sends tokens without text, and nothing for them.
    """
    if len(pieces) == tokens:
        return tuple(at_s for at_s, _ in pieces)
    rest = max(1, sum(chars for _, chars in pieces[1:]))
    times = [pieces[0][0]]
    before_s, told = pieces[0][0], 0
    for at_s, chars in pieces[1:]:
        told += chars
        due = 1 + round((tokens - 1) * told / rest)
        new = due - len(times)
        times += [before_s + (at_s - before_s) * (n + 1) / new for n in range(new)]
        before_s = at_s
    times += [times[-1]] * (tokens - len(times))
    if tokens > 1:
        times[-1] = max(end_at_s, times[-1])
    return tuple(times[:tokens])


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
