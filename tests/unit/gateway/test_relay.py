"""What reaches the engine and what comes back, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import replace
from typing import Any

import pytest

from support.gateways import CHAT, MESSAGES, Gateway, gateway, on_loopback
from support.scripted import (
    COMPLETION,
    LAST_CHUNK,
    STREAM_HEAD,
    Line,
    ScriptedEngine,
    answer,
    chunk,
    delta,
    event,
    head,
    say,
    say_and_close,
    spoken,
    stream,
    stream_bytes,
    when,
    whole,
)
from zeta_router.core.outcome import Status
from zeta_router.router.commands import OutcomeRecord
from zeta_router.router.events import ConfigChanged, DrainRequested

USAGE = {"prompt_tokens": 5, "completion_tokens": 2}
TEXTS: dict[str, dict[str, Any]] = {
    CHAT: {"messages": MESSAGES},
    "/v1/completions": {"prompt": "def add(a, b):"},
    "/v1/responses": {"input": "Write a Python function that adds two numbers"},
}


class TestRequest:
    def test_the_engine_gets_the_body_with_its_own_name_for_the_model(self) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(otherwise=whole())
            async with gateway(("c", "coder", engine), upstream_model="file.gguf") as made:
                raw = json.dumps({"messages": MESSAGES, "model": "auto"}, indent=1).encode()
                raw = raw.replace(b"{", b'{"b" : 1.50,"b":2, "\\u00e9":"\\u00e9",', 1)
                assert (await made.ask(raw=raw)).status == 200
                assert engine.asked[0].body == raw.replace(b'"auto"', b'"file.gguf"')
                assert engine.asked[0].path == CHAT

        on_loopback(scenario)

    def test_a_body_that_names_the_model_as_the_engine_does_passes_as_it_is(self) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(otherwise=whole())
            async with gateway(("c", "coder", engine)) as made:
                raw = b' {"model" : "c\\u006fder","model":"coder","messages":%b} ' % (
                    json.dumps(MESSAGES).encode()
                )
                await made.ask(raw=raw)
                assert engine.asked[0].body == raw

        on_loopback(scenario)

    @pytest.mark.parametrize("named", [{}, {"model": "zeta"}, {"model": "auto:code"}])
    def test_a_model_that_the_engine_calls_auto_is_named_so(self, named: dict[str, str]) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(otherwise=whole())
            async with gateway(("c", "coder", engine), upstream_model="auto") as made:
                await made.ask({**named, "messages": MESSAGES})
                assert engine.asked[0].json["model"] == "auto"

        on_loopback(scenario)

    @pytest.mark.parametrize("path", [*TEXTS, "/v1/rerank", "/rerank", "/v1/embeddings"])
    def test_each_call_reaches_its_own_address(self, path: str) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(otherwise=whole())
            rank = {"query": "q", "documents": ["d"], "model": "coder"}
            body = {**TEXTS, "/v1/embeddings": {"input": "x"}}.get(path, rank)
            model = "embedder" if path == "/v1/embeddings" else "coder"
            async with gateway(("c", model, engine)) as made:
                assert (await made.ask(body, path)).status == 200
                assert engine.asked[0].path == ("/v1/rerank" if path == "/rerank" else path)

        on_loopback(scenario)

    def test_only_listed_headers_and_the_engine_s_key_reach_it(self) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(otherwise=whole())
            key_of = {"c": "engine-key"}.get
            async with gateway(("c", "coder", engine), key_of=key_of) as made:
                sent = {
                    "authorization": "Bearer client-key",
                    "proxy-authorization": "Basic x",
                    "cookie": "a=b",
                    "x-api-key": "client-key",
                    "te": "trailers",
                    "keep-alive": "timeout=5",
                    "x-forwarded-for": "10.0.0.1",
                    "accept-encoding": "gzip, br",
                    "x-zeta-session": "s",
                    "traceparent": "00-a-b-01",
                    "x-request-id": "r1",
                    "accept": "text/event-stream",
                }
                await made.ask({"messages": MESSAGES}, headers=sent)
                (asked,) = engine.asked
                assert {name for name, _ in asked.headers} == {
                    "host",
                    "content-type",
                    "content-length",
                    "accept",
                    "accept-encoding",
                    "authorization",
                    "traceparent",
                    "x-request-id",
                    "user-agent",
                }
                assert asked.header("authorization") == "Bearer engine-key"
                assert asked.header("accept-encoding") == "identity"
                assert asked.header("host") == f"127.0.0.1:{engine.port}"
                assert "client-key" not in repr(asked)

        on_loopback(scenario)

    @pytest.mark.parametrize("given", [[1, 2, 3], [[1, 2], [3]], ["a", "b"], "a"])
    def test_embeddings_of_tokens_and_texts(self, given: Any) -> None:
        async def scenario() -> None:
            rows = {"object": "list", "model": "e5.onnx", "data": [{"embedding": [0.25, -1e-7]}]}
            engine = ScriptedEngine(otherwise=whole(rows))
            async with gateway(("e", "embedder", engine)) as made:
                got = await made.ask({"input": given, "dimensions": 2}, "/v1/embeddings")
                assert engine.asked[0].json == {
                    "model": "embedder",
                    "input": given,
                    "dimensions": 2,
                }
                assert got.json == {**rows, "model": "embedder"}
                assert got.headers["x-zeta-task"] == "embedding"

        on_loopback(scenario)

    def test_a_batch_of_embeddings_longer_than_the_model_s_context(self) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(otherwise=whole({"data": []}))
            async with gateway(("e", "embedder", engine)) as made:
                got = await made.ask({"input": ["x" * 360] * 200}, "/v1/embeddings")
                assert got.status == 200

        on_loopback(scenario)

    def test_the_text_is_handed_on_when_prompts_are_kept(self) -> None:
        async def scenario() -> None:
            kept: list[tuple[str, bytes]] = []
            engine = ScriptedEngine(otherwise=whole())
            async with gateway(
                ("c", "coder", engine), on_text=lambda id_, raw: kept.append((id_, raw))
            ) as made:
                got = await made.chat()
                assert kept == [(got.headers["x-zeta-decision-id"], kept[0][1])]
                assert json.loads(kept[0][1])["messages"] == MESSAGES

        on_loopback(scenario)


class TestWholeAnswer:
    def test_unknown_fields_come_back_byte_for_byte(self) -> None:
        async def scenario() -> None:
            body = (
                b'{ "timings":{"x":1.50}, "a":1,"a":2, "model" : "m.gguf" ,"n":1e400,"\\u00e9":0}\n'
            )
            engine = ScriptedEngine(otherwise=whole(body))
            async with gateway(("c", "coder", engine)) as made:
                assert (await made.chat()).body == body.replace(b"m.gguf", b"coder")

        on_loopback(scenario)

    def test_its_headers_say_what_was_decided(self) -> None:
        async def scenario() -> None:
            own = {"x_request_id": "r9", "set_cookie": "a=b", "server": "x", "cache_control": "no"}
            engine = ScriptedEngine(otherwise=whole(**own))
            async with gateway(("c", "coder", engine)) as made:
                headers = (await made.chat()).headers
                assert headers["x-zeta-decision-id"] == "q1"
                assert headers["x-zeta-endpoint"] == "c"
                assert headers["x-zeta-model"] == "coder"
                assert headers["x-zeta-task"] == "code"
                assert headers["x-zeta-reason"] == "route"
                assert headers["x-zeta-attempts"] == "1"
                assert float(headers["x-zeta-queue-ms"]) == 0.0
                assert float(headers["x-zeta-overhead-ms"]) >= 0.0
                assert (headers["x-request-id"], headers["cache-control"]) == ("r9", "no")
                assert "set-cookie" not in headers
                assert headers["server"] != "x"
                assert len(made.overheads) == 1

        on_loopback(scenario)

    @pytest.mark.parametrize(
        "data",
        [
            answer(json.dumps(COMPLETION).encode()),
            head(content_type="application/json", transfer_encoding="chunked")
            + b"".join(chunk(bytes([byte])) for byte in json.dumps(COMPLETION).encode())
            + chunk(b""),
            b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
            + answer(json.dumps(COMPLETION).encode()),
        ],
    )
    def test_however_it_is_framed(self, data: bytes) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(otherwise=say(data))
            async with gateway(("c", "coder", engine)) as made:
                assert (await made.chat()).json == {**COMPLETION, "model": "coder"}
                (outcome,) = made.outcomes
                assert outcome.status is Status.OK
                assert (outcome.prompt_tokens, outcome.output_tokens) == (5, 2)
                assert (outcome.finish_reason, outcome.http_status) == ("stop", 200)

        on_loopback(scenario)

    def test_framed_by_the_end_of_the_connection(self) -> None:
        async def scenario() -> None:
            data = head(content_type="application/json") + json.dumps(COMPLETION).encode()
            engine = ScriptedEngine(otherwise=say_and_close(data))
            async with gateway(("c", "coder", engine)) as made:
                assert (await made.chat()).json == {**COMPLETION, "model": "coder"}

        on_loopback(scenario)

    def test_compressed_against_our_wish_it_passes_as_it_is(self) -> None:
        async def scenario() -> None:
            body = gzip.compress(json.dumps(COMPLETION).encode())
            engine = ScriptedEngine(otherwise=whole(body, content_encoding="gzip"))
            async with gateway(("c", "coder", engine)) as made:
                got = await made.chat()
                assert (got.body, got.headers["content-encoding"]) == (body, "gzip")

        on_loopback(scenario)

    @pytest.mark.parametrize("status", [400, 408, 413, 422])
    def test_a_client_s_error_comes_back_byte_for_byte_and_teaches_nothing(
        self, status: int
    ) -> None:
        async def scenario() -> None:
            body = b'{"error": {"message" : "no", "x":1.0}, "model":"m.gguf"}\n'
            engine = ScriptedEngine(otherwise=whole(body, status))
            other = ScriptedEngine(otherwise=whole(body, status))
            async with gateway(("c", "coder", engine), ("c2", "coder", other)) as made:
                for _ in range(5):
                    got = await made.chat()
                    assert (got.status, got.body) == (status, body)
                    assert got.headers["x-zeta-attempts"] == "1"
                assert {o.status for o in made.outcomes} == {Status.CLIENT_ERROR}
                assert set(made.states().values()) == {"up"}

        on_loopback(scenario)

    @pytest.mark.parametrize(
        "body", [b'{"model":"\xff"}', b'{"a":' + b"[" * 50_000, b"\x00\x01", b"plain", b"[1]"]
    )
    def test_what_is_no_readable_json_passes_as_it_is(self, body: bytes) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(otherwise=whole(body))
            async with gateway(("c", "coder", engine)) as made:
                got = await made.chat()
                assert (got.status, got.body) == (200, body.replace(b'"\xff"', b'"coder"'))

        on_loopback(scenario)


class TestStream:
    def test_every_byte_and_event_in_order_with_the_fleet_s_name(self) -> None:
        async def scenario() -> None:
            events = spoken("def", " add", usage=USAGE)
            engine = ScriptedEngine(otherwise=stream(events))
            async with gateway(("c", "coder", engine)) as made:
                got = await made.chat(stream=True)
                assert got.status == 200
                assert got.headers["content-type"] == "text/event-stream"
                assert got.headers["x-zeta-endpoint"] == "c"
                assert got.body == b"".join(events).replace(b"engine-file.gguf", b"coder")
                (outcome,) = made.outcomes
                assert (outcome.status, outcome.output_tokens) == (Status.OK, 2)
                assert outcome.ttft_s is not None
                assert outcome.e2e_s is not None
                assert outcome.ttft_s <= outcome.e2e_s
                assert (outcome.finish_reason, outcome.started) == ("stop", True)

        on_loopback(scenario)

    def test_split_at_every_byte_nothing_is_lost_or_moved(self) -> None:
        async def scenario() -> None:
            events = [event(delta(word, "coder")) for word in ("é", "😀", "data: {")]
            events.append(event("[DONE]"))
            engine = ScriptedEngine(otherwise=stream(events, pieces=1))
            async with gateway(("c", "coder", engine)) as made:
                assert (await made.chat(stream=True)).body == b"".join(events)
                assert made.outcomes[0].output_tokens == 3

        on_loopback(scenario)

    def test_a_chunk_is_passed_on_before_the_next_one_comes(self) -> None:
        async def scenario() -> None:
            gate = asyncio.Event()
            first, second = event(delta("a", "coder")), event("[DONE]")

            async def step(line: Line) -> None:
                await line.send(stream_bytes([first])[:-5])
                await gate.wait()
                await line.send(stream_bytes([second])[len(stream_bytes([])) - 5 :])

            engine = ScriptedEngine(otherwise=step)
            async with gateway(("c", "coder", engine)) as made:
                reader, writer = await made.begin(stream=True)
                await reader.readuntil(first)
                assert made.outcomes == []
                assert made.in_flight() == {"c": 1}
                gate.set()
                await reader.readuntil(second)
                await made.until(lambda: made.outcomes)
                writer.close()

        on_loopback(scenario)

    def test_the_first_token_and_progress_reach_the_router_while_it_streams(self) -> None:
        async def scenario() -> None:
            words = [event(delta(f"w{n}", "coder")) for n in range(40)]
            read = asyncio.Semaphore(0)

            async def step(line: Line) -> None:
                await line.send(STREAM_HEAD)
                for word in words:
                    await line.send(chunk(word))
                    await read.acquire()
                await line.gone()

            engine = ScriptedEngine([step])
            async with gateway(("c", "coder", engine)) as made:
                reader, writer = await made.begin(stream=True)
                await reader.readuntil(words[0])
                before = made.view("c")
                assert before.pending_prefill_tokens == 0
                assert before.peak_ewma_s is not None
                for word in words[1:]:
                    read.release()
                    await reader.readuntil(word)
                after = made.view("c")
                assert after.remaining_output_tokens <= before.remaining_output_tokens - 32
                writer.close()
                read.release()
                await made.until(lambda: engine.left)

        on_loopback(scenario)

    def test_the_times_are_those_of_the_engine(self) -> None:
        """Held 2 s here, 3 s to the first token, 4 s more to the last."""

        async def scenario() -> None:
            busy, first, last = asyncio.Event(), asyncio.Event(), asyncio.Event()

            async def step(line: Line) -> None:
                await first.wait()
                await line.send(STREAM_HEAD + chunk(event(delta("a", "coder"))))
                await last.wait()
                await line.send(chunk(event(delta("b", "coder")) + event("[DONE]")) + LAST_CHUNK)

            engine = ScriptedEngine([when(busy, whole()), step])
            async with gateway(("c", "coder", engine), slots=1) as made:
                blocking = asyncio.create_task(made.chat())
                await made.until(lambda: engine.asked)
                reader, writer = await made.begin(stream=True)
                await made.until(lambda: made.queued)
                made.move(2.0)
                busy.set()
                await made.until(lambda: len(engine.asked) == 2)
                made.move(3.0)
                first.set()
                await reader.readuntil(b'"a"')
                made.move(4.0)
                last.set()
                await made.until(lambda: len(made.outcomes) == 2)
                outcome = made.outcomes[1]
                assert outcome.ttft_s == pytest.approx(3.0, abs=0.9)
                assert outcome.e2e_s == pytest.approx(7.0, abs=0.9)
                assert outcome.tpot_s == pytest.approx(4.0, abs=0.9)
                last_record = [one for one in made.records if isinstance(one, OutcomeRecord)][-1]
                assert last_record.queue_wait_s == pytest.approx(2.0, abs=0.9)
                await blocking
                writer.close()

        on_loopback(scenario)

    def test_goes_on_when_its_endpoint_is_taken_out_of_the_configuration(self) -> None:
        async def scenario() -> None:
            gate = asyncio.Event()

            async def step(line: Line) -> None:
                await line.send(STREAM_HEAD + chunk(event(delta("a", "coder"))))
                await gate.wait()
                await line.send(chunk(event("[DONE]")) + LAST_CHUNK)

            old, new = ScriptedEngine([step]), ScriptedEngine(otherwise=whole())
            async with gateway(("old", "coder", old), ("new", "coder", new)) as made:
                made.driver.submit(DrainRequested(made.driver.clock(), "new", draining=True))
                reader, writer = await made.begin(stream=True)
                await reader.readuntil(b'"a"')
                config = made.driver.router.config
                kept = replace(config, endpoints=config.endpoints[1:])
                made.driver.submit(ConfigChanged(made.driver.clock(), kept))
                made.driver.submit(DrainRequested(made.driver.clock(), "new", draining=False))
                assert (await made.chat()).headers["x-zeta-endpoint"] == "new"
                gate.set()
                assert b"[DONE]" in await reader.readuntil(b"0\r\n\r\n")
                await made.until(lambda: len(made.outcomes) == 2)
                writer.close()

        on_loopback(scenario)

    @pytest.mark.parametrize("kind", ["TEXT/Event-Stream", "text/event-stream; charset=utf-8"])
    def test_is_known_by_its_type_however_that_is_written(self, kind: str) -> None:
        async def scenario() -> None:
            sent = STREAM_HEAD.replace(b"text/event-stream", kind.encode())
            data = b"".join(map(chunk, spoken("a"))) + LAST_CHUNK
            engine = ScriptedEngine(otherwise=say(sent + data))
            async with gateway(("c", "coder", engine)) as made:
                assert (await made.chat(stream=True)).events[-1] == "[DONE]"
                assert made.outcomes[0].ttft_s is not None

        on_loopback(scenario)

    def test_a_gzipped_stream_passes_as_it_is(self) -> None:
        async def scenario() -> None:
            data = gzip.compress(b"".join(spoken("a")))
            sent = head(
                content_type="text/event-stream",
                content_encoding="gzip",
                content_length=str(len(data)),
            )
            engine = ScriptedEngine(otherwise=say(sent + data))
            async with gateway(("c", "coder", engine)) as made:
                got = await made.chat(stream=True)
                assert (got.body, got.headers["content-encoding"]) == (data, "gzip")

        on_loopback(scenario)

    def test_framed_by_the_end_of_the_connection(self) -> None:
        async def scenario() -> None:
            data = b"".join(spoken("a", "b"))
            engine = ScriptedEngine(
                otherwise=say_and_close(head(content_type="text/event-stream") + data)
            )
            async with gateway(("c", "coder", engine)) as made:
                got = await made.chat(stream=True)
                assert got.body == data.replace(b"engine-file.gguf", b"coder")
                assert made.outcomes[0].status is Status.OK

        on_loopback(scenario)

    def test_a_client_s_error_that_comes_as_a_stream_teaches_nothing(self) -> None:
        async def scenario() -> None:
            data = answer(
                event({"error": {"message": "no"}}), 400, content_type="text/event-stream"
            )
            engine = ScriptedEngine(otherwise=say(data))
            async with gateway(("c", "coder", engine)) as made:
                assert (await made.chat(stream=True)).status == 400
                assert made.outcomes[0].status is Status.CLIENT_ERROR

        on_loopback(scenario)

    def test_a_response_streamed_by_its_own_rules(self) -> None:
        async def scenario() -> None:
            kinds: list[dict[str, Any]] = [
                {"type": "response.created", "response": {"model": "m.gguf"}},
                {"type": "response.output_text.delta", "delta": "Hi"},
                {"type": "response.completed", "response": {"usage": {"output_tokens": 1}}},
            ]
            events = [f"event: {one['type']}\n".encode() + event(one) for one in kinds]
            engine = ScriptedEngine(
                otherwise=say_and_close(head(content_type="text/event-stream") + b"".join(events))
            )
            async with gateway(("c", "coder", engine)) as made:
                got = await made.ask({"input": "Write code", "stream": True}, "/v1/responses")
                assert got.body == b"".join(events).replace(b"m.gguf", b"coder")
                (outcome,) = made.outcomes
                assert (outcome.status, outcome.output_tokens) == (Status.OK, 1)
                assert outcome.ttft_s is not None

        on_loopback(scenario)


class TestHolding:
    def test_what_does_not_fit_waits_here_and_is_sent_in_order(self) -> None:
        async def scenario() -> None:
            gate = asyncio.Event()
            engine = ScriptedEngine(otherwise=when(gate, whole()))
            async with gateway(("c", "coder", engine), slots=1) as made:
                tasks = []
                for number in range(3):
                    tasks.append(asyncio.create_task(made.chat(user=str(number))))
                    await made.until(lambda n=number: len(engine.asked) + made.queued == n + 1)
                assert (made.in_flight(), made.queued) == ({"c": 1}, 2)
                gate.set()
                answers = await asyncio.gather(*tasks)
                assert [got.status for got in answers] == [200] * 3
                assert [asked.json["user"] for asked in engine.asked] == ["0", "1", "2"]
                assert float(answers[2].headers["x-zeta-queue-ms"]) > 0.0

        on_loopback(scenario)

    def test_the_queue_s_end_and_the_wait_s_end_are_429_with_retry_after(self) -> None:
        async def scenario() -> None:
            gate = asyncio.Event()
            engine = ScriptedEngine(otherwise=when(gate, whole()))
            async with gateway(("c", "coder", engine), slots=1) as made:
                await self.fill(made)
                refused = await made.chat()
                assert (refused.status, refused.headers["x-zeta-reason"]) == (429, "queue_full")
                assert refused.headers["x-zeta-attempts"] == "0"
                assert "x-zeta-endpoint" not in refused.headers
                assert int(refused.headers["retry-after"]) >= 1
                assert refused.error["code"] == "no_capacity"
                made.move(5.0)
                late = await self.tasks[1]
                assert (late.status, late.headers["x-zeta-reason"]) == (429, "deadline")
                assert float(late.headers["x-zeta-queue-ms"]) >= 5000.0
                gate.set()
                assert (await self.tasks[0]).status == 200
                await asyncio.gather(*self.tasks)

        on_loopback(scenario)

    async def fill(self, made: Gateway) -> None:
        self.tasks = []
        for number in range(11):
            self.tasks.append(asyncio.create_task(made.chat()))
            await made.until(lambda n=number: sum(made.in_flight().values()) + made.queued == n + 1)
