"""Asking an engine for one answer, bounded, greedy and streamed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import aiohttp

from zeta_router.app.calibrate.stream import MESSAGE_CHARS, AskError, Stream
from zeta_router.app.calibrate.target import Target
from zeta_router.learn.latency.calibration_windows import Heard

SILENCE_S = 80.0
"""Longest wait for the next token."""

_PLAIN: dict[str, Any] = {"temperature": 0, "stream": True}
_EXTRAS: dict[str, dict[str, Any]] = {
    "llamacpp": {"cache_prompt": False, "ignore_eos": True},
    "vllm": {"ignore_eos": True},
    "sglang": {"ignore_eos": True},
}
"""What an engine understands beyond OpenAI's protocol: nothing reused, answers of full length."""


def new_session() -> aiohttp.ClientSession:
    """Connections of their own for every request.

    A kept connection that the engine closes in the same moment fails the request (seen with
    llama.cpp), and a request sent twice would spoil the run.
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
            raise AskError(f"HTTP {response.status}: {' '.join(start.split())[:MESSAGE_CHARS]}")
        if response.content_type != "text/event-stream":
            raise AskError(f"it does not stream: the answer is {response.content_type}")

    async def _read(self, response: aiohttp.ClientResponse) -> Stream:
        stream = Stream()
        async for line in response.content:
            if line.startswith(b"data:"):
                stream.take(line[5:].strip(), self._clock())
        return stream
