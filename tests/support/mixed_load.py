"""A small fleet in which everything happens, and clients that make it happen."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections.abc import Iterator
from typing import Any

import aiohttp
from aiohttp import web

from zeta_router.sim.engine.emulate import EmulateOptions, build_app
from zeta_router.sim.engine.spec import EngineSpec

SPECS = {
    "coder-7b": EngineSpec(8000, 0.010, 0.001, 2, kv_tokens=4000),
    "reasoner-14b": EngineSpec(4000, 0.020, 0.002, 3, kv_tokens=4000),
}
FLEET = """
models:
  coder-7b: {{tasks: {{simple: 0.7, code: 0.75, reasoning: 0.45}}, params_b: 7}}
  reasoner-14b: {{tasks: {{simple: 0.8, code: 0.75, reasoning: 0.75}}, params_b: 14}}
  embedder-4b: {{tasks: {{embedding: 1.0}}, params_b: 4, embedding_space: e5-small-384}}
endpoints:
  - {{id: coder, url: "{coder-7b}", model: coder-7b, engine: vllm, slots: 2, resources: auto}}
  - {{id: dead, url: "http://127.0.0.1:9", model: coder-7b, engine: vllm, slots: 2}}
  - {{id: reasoner, url: "{reasoner-14b}", model: reasoner-14b, engine: vllm, slots: 3}}
  - {{id: embedder, url: "{embedder-4b}", model: embedder-4b, engine: openai, slots: 8}}
routes: {{simple: coder-7b, code: coder-7b, reasoning: reasoner-14b, embedding: embedder-4b}}
slo:
  simple: {{ttft_s: 1, e2e_s: 2}}
  code: {{ttft_s: 1, e2e_s: 2}}
  reasoning: {{ttft_s: 2, e2e_s: 5}}
  embedding: {{e2e_s: 0.5}}
limits: {{queue: 6, max_wait_s: 1}}
policy: threshold
"""


async def _embed(request: web.Request) -> web.Response:
    vector = {"object": "embedding", "index": 0, "embedding": [0.5] * 8}
    usage = {"prompt_tokens": 4, "total_tokens": 4}
    return web.json_response({"object": "list", "model": "e5", "data": [vector], "usage": usage})


def _embedder() -> web.Application:
    app = web.Application()
    app.router.add_post("/v1/embeddings", _embed)
    models = {"object": "list", "data": [{"id": "embedder-4b", "object": "model"}]}

    async def list_models(request: web.Request) -> web.Response:
        return web.json_response(models)

    app.router.add_get("/v1/models", list_models)
    app.router.add_get("/health", list_models)
    return app


@contextlib.contextmanager
def emulated_fleet() -> Iterator[str]:
    """Two emulated vLLMs and an embedder on a thread; the gateway's configuration."""
    urls: dict[str, str] = {}
    up = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        apps = {name: build_app(EmulateOptions(name, spec, 60)) for name, spec in SPECS.items()}
        async with contextlib.AsyncExitStack() as stack:
            for name, app in {**apps, "embedder-4b": _embedder()}.items():
                runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
                await runner.setup()
                stack.push_async_callback(runner.cleanup)
                await web.TCPSite(runner, "127.0.0.1", 0).start()
                urls[name] = f"http://127.0.0.1:{runner.addresses[0][1]}"
            up.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert up.wait(20)
        yield FLEET.format(**urls)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


class MixedLoad:
    """Clients on a thread: every task, streamed and whole, too many at times, some that leave.

    Args:
        url: The gateway.
        per_s: Requests per second; every fifth second three times as many.
    """

    def __init__(self, url: str, per_s: float) -> None:
        self._url = url
        self._per_s = per_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._play()))
        self.ended = 0

    def __enter__(self) -> MixedLoad:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join(30)

    async def _play(self) -> None:
        luck = random.Random(5)
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        timeout = aiohttp.ClientTimeout(total=20)
        async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as tasks:
            while not self._stop.is_set():
                number = luck.randrange(1000)
                tasks.create_task(self._one(session, number))
                rush = 3.0 if int(loop.time() - start_s) % 5 == 0 else 1.0
                await asyncio.sleep(luck.expovariate(self._per_s * rush))

    async def _one(self, session: aiohttp.ClientSession, number: int) -> None:
        path, body = self._request(number)
        leaves_after_s = 0.05 if number % 17 == 0 else None
        with contextlib.suppress(TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(leaves_after_s):
                async with session.post(self._url + path, json=body) as answer:
                    await answer.read()
                    await self._judge(session, number, answer)
        self.ended += 1

    def _request(self, number: int) -> tuple[str, dict[str, Any]]:
        if number % 11 == 0:
            return "/v1/chat/completions", {"model": "nobody", "messages": []}
        if number % 5 == 0:
            return "/v1/embeddings", {"model": "auto", "input": f"text {number}"}
        task = ("simple", "code", "reasoning")[number % 3]
        return "/v1/chat/completions", {
            "model": f"auto:{task}",
            "messages": [{"role": "user", "content": f"Question {number}"}],
            "stream": number % 2 == 0,
            "stream_options": {"include_usage": True},
            "max_tokens": 60,
        }

    async def _judge(
        self, session: aiohttp.ClientSession, number: int, answer: aiohttp.ClientResponse
    ) -> None:
        if answer.status == 200 and number % 4 == 0:
            body = {"decision_id": answer.headers["x-zeta-decision-id"], "score": 0.9}
            async with session.post(f"{self._url}/v1/feedback", json=body) as told:
                await told.read()
