"""Asking an engine for one answer and noting when each token came."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
import msgspec

from zeta_router.app.calibrate.target import Target
from zeta_router.learn.calibration_windows import Heard
from zeta_router.learn.features import estimate_tokens

SILENCE_S = 80.0
"""Longest wait for the next token."""

_PLAIN: dict[str, Any] = {"temperature": 0, "stream": True}
_EXTRAS: dict[str, dict[str, Any]] = {
    "llamacpp": {"cache_prompt": False, "ignore_eos": True},
    "vllm": {"ignore_eos": True},
    "sglang": {"ignore_eos": True},
}
"""What an engine understands beyond OpenAI's protocol: nothing reused, answers of full length."""

_OUTPUT = ("content", "reasoning_content", "reasoning")
_MESSAGE_CHARS = 200


class AskError(Exception):
    """One request got no usable answer; the message says why."""


def new_session() -> aiohttp.ClientSession:
    """Connections of their own for every request.

    A kept connection that the engine closes in the same moment fails the request: once in a
    handful with llama.cpp.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=5.0, sock_read=SILENCE_S),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


class Wire:
    """Asks one engine.

    Args:
        session: Whoever made it closes it.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        target: Target,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._session = session
        self._target = target
        self._clock = clock
        self._extras = {
            "stream_options": {"include_usage": True},
            **_EXTRAS.get(target.engine, {}),
        }
        self._proven = False

    async def ask(self, text: str, output_tokens: int) -> Heard:
        """One answer of at most `output_tokens`.

        A server that refuses the first request is asked again with nothing but OpenAI's oldest
        fields, and from then on.

        Raises:
            AskError: The engine refused, broke off, or does not stream.
        """
        try:
            heard = await self._once(text, output_tokens)
        except AskError as error:
            if self._proven or not str(error).startswith(("HTTP 400", "HTTP 422")):
                raise
            self._extras = {}
            heard = await self._once(text, output_tokens)
        self._proven = True
        return heard

    async def _once(self, text: str, output_tokens: int) -> Heard:
        body = {
            "model": self._target.model,
            "messages": [{"role": "user", "content": text}],
            "max_tokens": output_tokens,
            **_PLAIN,
            **self._extras,
        }
        key = self._target.api_key
        headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
        sent_at_s = self._clock()
        try:
            async with self._session.post(
                f"{self._target.url}/v1/chat/completions",
                json=body,
                headers=headers,
                allow_redirects=False,
            ) as response:
                await self._require_stream(response)
                stream = await self._read(response)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise AskError(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        return stream.heard(sent_at_s, text)

    async def _require_stream(self, response: aiohttp.ClientResponse) -> None:
        if response.status != 200:
            start = (await response.content.read(4096)).decode("utf-8", "replace")
            raise AskError(f"HTTP {response.status}: {' '.join(start.split())[:_MESSAGE_CHARS]}")
        if response.content_type != "text/event-stream":
            raise AskError(f"it does not stream: the answer is {response.content_type}")

    async def _read(self, response: aiohttp.ClientResponse) -> _Stream:
        stream = _Stream()
        async for line in response.content:
            if line.startswith(b"data:"):
                stream.take(line[5:].strip(), self._clock())
        return stream


class _Stream:
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
            raise AskError(f"it broke off: {str(event['error'])[:_MESSAGE_CHARS]}")
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
