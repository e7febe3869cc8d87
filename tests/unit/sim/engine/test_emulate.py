import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from zeta_router.sim.engine.emulate import (
    OUTPUT_FIELD,
    OUTPUT_HEADER,
    EmulateOptions,
    build_app,
    serve,
)
from zeta_router.sim.engine.job import Job
from zeta_router.sim.engine.model import Engine
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.kernel import Kernel

FAST = EngineSpec(prefill_tokens_per_s=1e6, step_s=0.0002, step_per_seq_s=0.0, slots=4)
SLOW = EngineSpec(prefill_tokens_per_s=1e6, step_s=0.05, step_per_seq_s=0.0, slots=1)
MESSAGES = [{"role": "user", "content": "What is two and two?"}]

Check = Callable[[TestClient[Any, Any]], Awaitable[None]]


def with_engine(spec: EngineSpec, check: Check) -> None:
    async def main() -> None:
        app = build_app(EmulateOptions("coder-7b", spec))
        async with TestClient(TestServer(app)) as client:
            await check(client)

    asyncio.run(main())


async def gauge(client: TestClient[Any, Any], name: str) -> float:
    text = await (await client.get("/metrics")).text()
    (line,) = [line for line in text.splitlines() if line.startswith(name + "{")]
    return float(line.rpartition(" ")[2])


def test_a_whole_answer_has_the_length_asked_for() -> None:
    async def check(client: TestClient[Any, Any]) -> None:
        answer = await client.post(
            "/v1/chat/completions", json={"messages": MESSAGES}, headers={OUTPUT_HEADER: "12"}
        )
        body = await answer.json()
        assert body["object"] == "chat.completion"
        assert body["model"] == "coder-7b"
        assert body["usage"]["completion_tokens"] == 12
        assert len(body["choices"][0]["message"]["content"].split()) == 12
        assert body["choices"][0]["finish_reason"] == "stop"

    with_engine(FAST, check)


@pytest.mark.parametrize("asked", [7, {"coder-7b": 7, "other": 99}])
def test_the_body_may_say_the_length_too_for_routers_that_pass_no_header(asked: Any) -> None:
    async def check(client: TestClient[Any, Any]) -> None:
        body = {"messages": MESSAGES, OUTPUT_FIELD: asked}
        answer = await (await client.post("/v1/chat/completions", json=body)).json()
        assert answer["usage"]["completion_tokens"] == 7
        both = await client.post("/v1/chat/completions", json=body, headers={OUTPUT_HEADER: "3"})
        assert (await both.json())["usage"]["completion_tokens"] == 3
        body[OUTPUT_FIELD] = {"other": 99}
        drawn = await (await client.post("/v1/chat/completions", json=body)).json()
        assert drawn["usage"]["completion_tokens"] > 0

    with_engine(FAST, check)


def test_a_limit_cuts_the_answer_and_says_so() -> None:
    async def check(client: TestClient[Any, Any]) -> None:
        answer = await client.post(
            "/v1/completions",
            json={"prompt": "Once upon", "max_tokens": 5},
            headers={OUTPUT_HEADER: "50"},
        )
        body = await answer.json()
        assert body["usage"]["completion_tokens"] == 5
        assert len(body["choices"][0]["text"].split()) == 5
        assert body["choices"][0]["finish_reason"] == "length"

    with_engine(FAST, check)


def test_a_stream_carries_the_same_answer_in_parts() -> None:
    async def check(client: TestClient[Any, Any]) -> None:
        answer = await client.post(
            "/v1/chat/completions",
            json={
                "messages": MESSAGES,
                "stream": True,
                "stream_options": {"include_usage": True},
            },
            headers={OUTPUT_HEADER: "400"},
        )
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        events = [line[6:] for line in (await answer.text()).splitlines() if line]
        assert events[-1] == "[DONE]"
        chunks = [json.loads(event) for event in events[:-1]]
        text = "".join(
            choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"]
        )
        assert len(text.split()) == 400
        assert len(chunks) > 3
        assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
        assert chunks[-1]["usage"]["completion_tokens"] == 400

    with_engine(FAST, check)


def test_the_length_of_an_answer_depends_on_the_prompt_alone() -> None:
    async def check(client: TestClient[Any, Any]) -> None:
        lengths = []
        for text in ("one", "two", "one"):
            body = {"messages": [{"role": "user", "content": text}]}
            answer = await (await client.post("/v1/chat/completions", json=body)).json()
            lengths.append(answer["usage"]["completion_tokens"])
        assert lengths[0] == lengths[2] != lengths[1]

    with_engine(FAST, check)


def test_the_metrics_have_vllm_s_names_and_a_client_that_leaves_frees_its_slot() -> None:
    async def check(client: TestClient[Any, Any]) -> None:
        body = {"messages": MESSAGES, "stream": True}
        first = await client.post(
            "/v1/chat/completions", json=body, headers={OUTPUT_HEADER: "2000"}
        )
        await first.content.readany()
        second = asyncio.create_task(
            client.post("/v1/chat/completions", json=body, headers={OUTPUT_HEADER: "1"})
        )
        while await gauge(client, "vllm:num_requests_waiting") != 1:
            pass
        assert await gauge(client, "vllm:num_requests_running") == 1
        first.close()
        answer = await second
        assert "[DONE]" in await answer.text()
        assert await gauge(client, "vllm:num_requests_running") == 0
        assert await gauge(client, "vllm:request_success_total") == 1

    with_engine(SLOW, check)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", b"{"),
        ("/v1/chat/completions", b"[]"),
        ("/v1/chat/completions", b"{}"),
        ("/v1/completions", b'{"prompt": "a", "max_tokens": "many"}'),
        ("/v1/completions", b'{"prompt": "a", "emulate_output_tokens": "many"}'),
        ("/v1/completions", b'{"prompt": "a", "emulate_output_tokens": [1]}'),
    ],
)
def test_what_cannot_be_read_is_a_400_in_openai_s_shape(path: str, body: bytes) -> None:
    async def check(client: TestClient[Any, Any]) -> None:
        answer = await client.post(path, data=body)
        assert answer.status == 400
        assert (await answer.json())["error"]["type"] == "invalid_request_error"

    with_engine(FAST, check)


def test_a_prompt_beyond_the_memory_is_a_400() -> None:
    async def check(client: TestClient[Any, Any]) -> None:
        answer = await client.post("/v1/completions", json={"prompt": "word " * 500})
        assert answer.status == 400

    with_engine(EngineSpec(1e6, 0.001, 0.0, 1, kv_tokens=100), check)


def test_it_says_what_it_is() -> None:
    async def check(client: TestClient[Any, Any]) -> None:
        models = await (await client.get("/v1/models")).json()
        assert [(m["id"], m["owned_by"]) for m in models["data"]] == [("coder-7b", "vllm")]
        assert (await client.get("/health")).status == 200
        assert "version" in await (await client.get("/version")).json()

    with_engine(FAST, check)


def test_serving_tells_the_port_and_stops_when_cancelled() -> None:
    async def main() -> None:
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        options = EmulateOptions("m", FAST)
        server = asyncio.create_task(serve(options, "127.0.0.1", 0, port.set_result))
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{await port}/health"
            async with session.get(url) as answer:
                assert answer.status == 200
        server.cancel()
        with pytest.raises(asyncio.CancelledError):
            await server

    asyncio.run(main())


class Nobody:
    def first_token(self, job: Job) -> None: ...

    def finished(self, job: Job) -> None: ...

    def failed(self, job: Job) -> None: ...


def test_tokens_are_counted_between_boundaries() -> None:
    kernel = Kernel()
    engine = Engine(kernel, EngineSpec(1e9, 0.01, 0.0, 4), Nobody())
    job = Job("a", 0, 10)
    engine.submit(job)
    seen = []
    for at_s in (0.005, 0.015, 0.055, 0.099):
        kernel.run(until_s=at_s)
        seen.append(engine.produced_tokens(job, at_s))
    assert seen == [0, 1, 5, 9]
