"""An engine that does not exist, behind a real address: for live tests of a fleet one does not own.

It takes as long as the simulator's engine model says, answers with filler words, and speaks the
part of vLLM's HTTP interface that the gateway and its monitor use, with vLLM's metric names. An
answer is as long as the header ``x-emulate-output-tokens`` says, or the body's
``emulate_output_tokens`` (a number, or one for each model's name: a router passes it on without
knowing what it means), else as a draw from a log-normal law that depends on the prompt alone;
``max_tokens`` cuts it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import exp, log
from random import Random
from typing import Any

from aiohttp import web

from zeta_router.learn.task.ask import estimate_tokens
from zeta_router.sim.engine.realtime import RealTimeEngine, Stage, Ticket
from zeta_router.sim.engine.shapes import Chat, Shape, Text
from zeta_router.sim.engine.spec import EngineSpec

TICK_S = 0.05
"""How often a stream is topped up; the first and the last token come exactly when they are due."""

OUTPUT_HEADER = "x-emulate-output-tokens"
OUTPUT_FIELD = "emulate_output_tokens"

_ENGINE = web.AppKey("engine", RealTimeEngine)


@dataclass(frozen=True, slots=True)
class EmulateOptions:
    """What to pretend to be.

    Attributes:
        model: The model's name.
        spec: The engine's speeds.
        mean_output_tokens: Mean answer length where the request does not bound it.
        log_sigma: Spread of its logarithm.
    """

    model: str
    spec: EngineSpec
    mean_output_tokens: float = 150.0
    log_sigma: float = 0.8


def build_app(options: EmulateOptions) -> web.Application:
    """The application; run it on a loop of its own or within a test."""
    return _Emulator(options).app()


async def serve(
    options: EmulateOptions, host: str, port: int, ready: Callable[[int], None] | None = None
) -> None:
    """Serve until cancelled; `ready` is told the port once it listens (0 takes a free one)."""
    runner = web.AppRunner(build_app(options), handler_cancellation=True, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        if ready is not None:
            ready(runner.addresses[0][1])
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


class _Emulator:
    def __init__(self, options: EmulateOptions) -> None:
        self._options = options
        self._served = 0
        self._prompt_tokens = 0
        self._serial = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.on_startup.append(self._start)
        app.on_cleanup.append(self._stop)
        app.add_routes(
            [
                web.post("/v1/chat/completions", self._answering(Chat)),
                web.post("/v1/completions", self._answering(Text)),
                web.get("/v1/models", self._models),
                web.get("/metrics", self._metrics),
                web.get("/health", self._health),
                web.get("/version", self._version),
            ]
        )
        return app

    async def _start(self, app: web.Application) -> None:
        app[_ENGINE] = RealTimeEngine(self._options.spec)

    async def _stop(self, app: web.Application) -> None:
        app[_ENGINE].close()

    def _answering(
        self, shape: type[Shape]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                body = json.loads(await request.read())
                ticket = self._ticket(request, shape, body)
            except (ValueError, TypeError, AttributeError, LookupError) as error:
                return _problem(400, f"cannot be read: {error}")
            engine = request.app[_ENGINE]
            if not engine.submit(ticket):
                return _problem(400, "the prompt does not fit into the model's context")
            try:
                answer = shape(self._options.model, ticket, body)
                if body.get("stream"):
                    return await self._stream(request, engine, ticket, answer)
                await ticket.whole_answer.wait()
                return web.json_response(answer.whole())
            finally:
                if ticket.stage is Stage.DONE:
                    self._served += 1
                    self._prompt_tokens += ticket.prompt_tokens
                else:
                    engine.cancel(ticket)

        return handle

    def _ticket(self, request: web.Request, shape: type[Shape], body: dict[str, Any]) -> Ticket:
        text = shape.prompt_of(body)
        asked = body.get(OUTPUT_FIELD)
        if isinstance(asked, dict):
            asked = asked.get(self._options.model)
        natural = self._natural_length(text, request.headers.get(OUTPUT_HEADER, asked))
        limit = body.get("max_completion_tokens") or body.get("max_tokens") or natural
        self._serial += 1
        ticket = Ticket(
            f"emulated-{self._serial}", estimate_tokens(text), max(1, min(natural, int(limit)))
        )
        ticket.truncated = natural > int(limit)
        return ticket

    def _natural_length(self, text: str, asked: str | int | None) -> int:
        """Tokens that the answer would have without a limit; at least 1."""
        if asked is not None:
            return max(1, int(asked))
        spread = self._options.log_sigma
        centre = log(self._options.mean_output_tokens) - spread * spread / 2
        return max(1, round(exp(Random(text).gauss(centre, spread))))

    async def _stream(
        self, request: web.Request, engine: RealTimeEngine, ticket: Ticket, answer: Shape
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await ticket.first_token.wait()
        sent = 0
        while sent < ticket.output_tokens:
            ready = engine.produced_tokens(ticket)
            if ready > sent:
                await response.write(_event(answer.chunk(answer.words(sent, ready - sent), None)))
                sent = ready
            elif ticket.stage is not Stage.DONE:
                await _until(ticket.whole_answer, TICK_S)
        await response.write(_event(answer.chunk("", answer.finish_reason)))
        if (answer.body.get("stream_options") or {}).get("include_usage"):
            await response.write(_event(answer.usage_chunk()))
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _models(self, request: web.Request) -> web.Response:
        model = {"id": self._options.model, "object": "model", "owned_by": "vllm"}
        return web.json_response({"object": "list", "data": [model]})

    async def _health(self, request: web.Request) -> web.Response:
        return web.Response()

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": "0-emulated"})

    async def _metrics(self, request: web.Request) -> web.Response:
        engine = request.app[_ENGINE].engine
        capacity = engine.spec.kv_tokens
        gauges = {
            "vllm:num_requests_running": engine.running,
            "vllm:num_requests_waiting": engine.waiting,
            "vllm:kv_cache_usage_perc": engine.kv_used_tokens / capacity if capacity else 0.0,
        }
        counters = {
            "vllm:prompt_tokens_total": self._prompt_tokens,
            "vllm:generation_tokens_total": engine.served_tokens,
            "vllm:request_success_total": self._served,
        }
        label = f'{{engine="0",model_name="{self._options.model}"}}'
        lines = []
        for kind, values in (("gauge", gauges), ("counter", counters)):
            for name, value in values.items():
                lines += [f"# TYPE {name} {kind}", f"{name}{label} {value:g}"]
        return web.Response(text="\n".join(lines) + "\n", content_type="text/plain")


async def _until(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but not longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n"


def _problem(status: int, message: str) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return web.json_response({"error": error}, status=status)
