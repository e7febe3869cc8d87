"""An embeddings address on loopback, on a thread of its own, that answers as a test says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

Answering = Callable[[dict[str, Any]], web.Response]


@contextmanager
def embedding_server(answer: Answering) -> Iterator[str]:
    """Its address; every posted JSON object is answered with `answer(body)`."""
    ready, stop = threading.Event(), asyncio.Event()
    found: list[Any] = []

    async def embeddings(request: web.Request) -> web.Response:
        return answer(await request.json())

    async def models(_request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "first"}, {"id": "second"}]})

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/v1/embeddings", embeddings)
        app.router.add_get("/v1/models", models)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.extend((asyncio.get_running_loop(), runner.addresses[0][1]))
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    try:
        yield f"http://127.0.0.1:{found[1]}"
    finally:
        found[0].call_soon_threadsafe(stop.set)
        thread.join()


def vectors(of: Callable[[str], list[float]]) -> Answering:
    """Answers with `of(text)` for every text, last first: the index says which is which."""

    def answer(body: dict[str, Any]) -> web.Response:
        rows = [{"index": i, "embedding": of(text)} for i, text in enumerate(body["input"])]
        return web.json_response({"data": rows[::-1], "model": body["model"]})

    return answer
