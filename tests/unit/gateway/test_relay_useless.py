"""Answers of no use: another engine is asked, and the client sees one good answer."""

from __future__ import annotations

import json

import pytest

from support.gateways import Gateway, gateway, on_loopback
from support.scripted import (
    COMPLETION,
    LAST_CHUNK,
    STREAM_HEAD,
    ScriptedEngine,
    Step,
    chunk,
    delta,
    event,
    say,
    say_and_close,
    say_and_hang,
    spoken,
    stream,
    whole,
)
from zeta_router.core.outcome import Status
from zeta_router.router.events import Unanswered

ROLE = delta(None)
ROLE["choices"][0].update(delta={"role": "assistant", "content": ""}, finish_reason=None)
PRELUDE = STREAM_HEAD + chunk(b": waiting\n\n") + chunk(event(ROLE))
NO_TOKENS = {"prompt_tokens": 5, "completion_tokens": 0, "total_tokens": 5}


def saying(text: str | None, **more: object) -> Step:
    """A whole chat completion with this text."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, **more}
    return whole({**COMPLETION, "choices": [choice], "usage": NO_TOKENS})


USELESS: dict[str, tuple[bool, Step]] = {
    "no text": (False, saying("", finish_reason="stop")),
    "null for a text": (False, saying(None)),
    "no JSON": (False, whole(b"<html>it works</html>")),
    "bytes": (False, whole(bytes(range(128, 256)))),
    "a stream of no text": (True, stream(spoken())),
    "a stream that counts no token": (True, stream(spoken(usage=NO_TOKENS))),
    "a stream that dies before its first token": (True, say_and_close(PRELUDE)),
    "an error under a good status": (False, whole({"error": {"message": "CUDA error"}})),
    "an error for a stream": (True, stream([event({"error": {"message": "CUDA error"}})])),
    "an error and an end": (True, stream([event({"error": "no slot"}), b"data: [DONE]\n\n"])),
    "an end and nothing else": (True, stream([b"data: [DONE]\n\n"])),
}


@pytest.mark.parametrize("how", USELESS)
def test_another_endpoint_answers(how: str) -> None:
    streaming, step = USELESS[how]

    async def scenario() -> None:
        bad = ScriptedEngine([step])
        good = ScriptedEngine(otherwise=stream(spoken("a")) if streaming else whole())
        async with gateway(("bad", "coder", bad), ("good", "coder", good)) as made:
            got = await made.chat(stream=streaming)
            assert (got.status, got.headers["x-zeta-endpoint"]) == (200, "good")
            assert got.headers["x-zeta-attempts"] == "2"
            assert [one.status for one in made.outcomes] == [Status.UPSTREAM_ERROR, Status.OK]
            assert not made.outcomes[0].started
            if streaming:
                assert got.events[-1] == "[DONE]"
                assert sum(e == "[DONE]" for e in got.events) == 1

    on_loopback(scenario)


@pytest.mark.parametrize("how", ["no text", "no JSON", "a stream of no text"])
def test_where_nobody_says_more_the_client_gets_it_all_the_same(how: str) -> None:
    streaming, step = USELESS[how]

    async def scenario() -> None:
        engines = [ScriptedEngine(otherwise=step) for _ in range(2)]
        specs = [(f"c{number}", "coder", engine) for number, engine in enumerate(engines)]
        async with gateway(*specs) as made:
            got = await made.chat(stream=streaming)
            assert got.status == 200
            assert got.headers["x-zeta-endpoint"] in ("c0", "c1")
            assert sum(len(engine.asked) for engine in engines) == 2
            if how == "no text":
                assert got.json["choices"][0]["message"]["content"] == ""
            elif streaming:
                assert got.events[-1] == "[DONE]"
            else:
                assert got.body == b"<html>it works</html>"

    on_loopback(scenario)


@pytest.mark.parametrize("data", [b"[]", b"null"])
def test_embeddings_without_a_vector_are_asked_for_elsewhere(data: bytes) -> None:
    async def scenario() -> None:
        bad = ScriptedEngine([whole(b'{"object":"list","data":' + data + b',"model":"e"}')])
        vector = {"object": "list", "data": [{"index": 0, "embedding": [0.5]}], "model": "e"}
        good = ScriptedEngine(otherwise=whole(vector))
        async with gateway(("bad", "embedder", bad), ("good", "embedder", good)) as made:
            got = await made.ask({"model": "auto", "input": "a"}, "/v1/embeddings")
            assert (got.status, got.headers["x-zeta-endpoint"]) == (200, "good")
            assert got.json["data"]

    on_loopback(scenario)


TOOL = {"type": "function", "function": {"name": "f", "arguments": "{}"}}
FINE: dict[str, Step] = {
    "a token without a text": whole(
        {**COMPLETION, "choices": [{"message": {"content": ""}, "finish_reason": "stop"}]}
    ),
    "a call of a tool": whole(
        {
            "choices": [{"message": {"content": None, "tool_calls": [TOOL]}}],
            "usage": NO_TOKENS,
        }
    ),
    "thoughts only": whole(
        {"choices": [{"message": {"content": "", "reasoning_content": "hm"}}], "usage": NO_TOKENS}
    ),
    "filtered": saying("", finish_reason="content_filter"),
    "another shape": whole({"hello": "there"}),
    "compressed": whole(b"\x1f\x8b\x08\x00", content_encoding="gzip"),
}


@pytest.mark.parametrize("how", FINE)
def test_little_is_not_nothing(how: str) -> None:
    async def scenario() -> None:
        first, second = ScriptedEngine([FINE[how]]), ScriptedEngine()
        async with gateway(("a", "coder", first), ("b", "coder", second)) as made:
            got = await made.chat()
            assert (got.status, got.headers["x-zeta-attempts"]) == (200, "1")

    on_loopback(scenario)


def test_what_comes_before_the_first_token_is_passed_on_with_it() -> None:
    async def scenario() -> None:
        step = say(PRELUDE + chunk(event(delta("a"))) + chunk(event(delta(None))) + LAST_CHUNK)
        async with gateway(("c", "coder", ScriptedEngine([step]))) as made:
            got = await made.chat(stream=True)
            assert got.body.startswith(b": waiting\n\n")
            assert [e["choices"][0]["delta"].get("role") for e in got.events[:1]] == ["assistant"]

    on_loopback(scenario)


def test_an_engine_that_falls_silent_before_its_first_token_can_be_left() -> None:
    async def scenario() -> None:
        stuck = ScriptedEngine([say_and_hang(PRELUDE)], alive=False)
        good = ScriptedEngine(otherwise=stream(spoken("a")))
        async with gateway(("bad", "coder", stuck), ("good", "coder", good)) as made:
            reader, writer = await made.begin(stream=True)
            await made.until(lambda: stuck.asked)
            silence(made, "bad")
            text = await reader.readuntil(b"[DONE]")
            assert b"x-zeta-endpoint: good" in text.lower()
            writer.close()

    on_loopback(scenario)


def silence(made: Gateway, endpoint_id: str) -> None:
    """A poll of the endpoint is not answered."""
    generation = made.view(endpoint_id).generation
    made.driver.submit(Unanswered(made.driver.clock(), endpoint_id, generation))


def test_a_long_prelude_is_not_held_for_ever() -> None:
    async def scenario() -> None:
        noise = chunk(b": " + b"x" * 20_000 + b"\n\n")
        engine = ScriptedEngine([say_and_hang(STREAM_HEAD + noise)])
        async with gateway(("c", "coder", engine)) as made:
            reader, writer = await made.begin(stream=True)
            assert (await reader.readuntil(b"xxx")).startswith(b"HTTP/1.1 200")
            writer.close()
            await made.until(lambda: made.outcomes)
            assert made.outcomes[0].started

    on_loopback(scenario)


def test_a_useless_body_is_valid_json_of_the_name_that_was_asked_for() -> None:
    async def scenario() -> None:
        engine = ScriptedEngine(otherwise=USELESS["no text"][1])
        async with gateway(("c", "coder", engine)) as made:
            got = await made.chat()
            assert json.loads(got.body)["model"] == "coder"

    on_loopback(scenario)


@pytest.mark.parametrize("streaming", [False, True])
def test_an_error_that_blames_the_client_is_the_client_s(streaming: bool) -> None:
    async def scenario() -> None:
        error = {"error": {"message": "max_tokens is too large", "code": 400}}
        step = stream([event(error)]) if streaming else whole(error)
        engines = [ScriptedEngine(otherwise=step) for _ in range(2)]
        async with gateway(("a", "coder", engines[0]), ("b", "coder", engines[1])) as made:
            got = await made.chat(stream=streaming)
            assert b"max_tokens is too large" in got.body
            assert [one.status for one in made.outcomes] == [Status.CLIENT_ERROR]

    on_loopback(scenario)


@pytest.mark.parametrize("field", [{}, {"error": None}])
def test_an_error_within_a_stream_is_passed_on_and_counts_as_one(field: dict[str, None]) -> None:
    async def scenario() -> None:
        pieces = [event({**delta("a"), **field}), event({"error": {"message": "CUDA error"}})]
        engine = ScriptedEngine(otherwise=stream([*pieces, b"data: [DONE]\n\n"]))
        async with gateway(("a", "coder", engine)) as made:
            got = await made.chat(stream=True)
            assert got.events[-2]["error"]["message"] == "CUDA error"
            (outcome,) = made.outcomes
            assert (outcome.status, outcome.started) == (Status.UPSTREAM_ERROR, True)

    on_loopback(scenario)


def test_a_failed_response() -> None:
    async def scenario() -> None:
        failed = {"type": "response.failed", "response": {"error": {"code": "server_error"}}}
        bad = ScriptedEngine(otherwise=stream([event({"type": "response.created"}), event(failed)]))
        fine = [
            {"type": "response.output_text.delta", "delta": "Hi"},
            {"type": "response.completed"},
        ]
        good = ScriptedEngine(otherwise=stream([event(one) for one in fine]))
        async with gateway(("a", "coder", bad), ("b", "coder", good)) as made:
            got = await made.ask({"input": "Write code", "stream": True}, "/v1/responses")
            assert got.headers["x-zeta-endpoint"] == "b"
            assert [one.status for one in made.outcomes] == [Status.UPSTREAM_ERROR, Status.OK]

    on_loopback(scenario)


def test_words_under_a_name_that_is_new_are_words() -> None:
    async def scenario() -> None:
        thought = delta(None)
        thought["choices"][0].update(delta={"thinking": "Hm"}, finish_reason=None)
        engine = ScriptedEngine(
            [say_and_hang(STREAM_HEAD + chunk(event(ROLE)) + chunk(event(thought)))]
        )
        async with gateway(("a", "coder", engine)) as made:
            reader, writer = await made.begin(stream=True)
            await reader.readuntil(b"Hm")
            writer.close()
            await made.until(lambda: made.idle and engine.left == 1)

    on_loopback(scenario)
