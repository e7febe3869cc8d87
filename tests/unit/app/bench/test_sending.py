"""Requests against an engine that follows a script: every way an answer can end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from support.scripted import (
    COMPLETION,
    STREAM_HEAD,
    ScriptedEngine,
    Step,
    chunk,
    delta,
    event,
    say_and_close,
    say_and_hang,
    say_and_reset,
    spoken,
    stream,
    whole,
)
from zeta_router.app.bench.sending import PROBLEM_CHARS, End, Reply, Sender

USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
BODY = b'{"model": "auto", "messages": []}'

Check = Callable[[ScriptedEngine, Sender], Awaitable[None]]


def sending(step: Step, silence_s: float = 20.0, suffix: str = "") -> tuple[Reply, ScriptedEngine]:
    """What comes of one request that the engine answers with this step."""

    async def main() -> tuple[Reply, ScriptedEngine]:
        engine = ScriptedEngine(otherwise=step)
        await engine.start()
        reply = Reply()
        clock = asyncio.get_running_loop().time
        try:
            async with aiohttp.ClientSession() as session:
                url, headers = engine.url + suffix, {"x-zeta-slo-ttft-ms": "2000"}
                await Sender(session, url, headers, silence_s, clock).send(BODY, reply)
        finally:
            await engine.stop()
        return reply, engine

    return asyncio.run(main())


def with_headers(step_bytes: bytes, **headers: str) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return step_bytes.replace(b"\r\n", b"\r\n" + lines.encode(), 1)


def test_a_stream_has_first_token_count_and_model() -> None:
    reply, engine = sending(stream(spoken("one ", "two ", "three", usage=USAGE)))
    assert reply.end is End.ANSWERED
    assert reply.status == 200
    assert reply.output_tokens == 7
    assert reply.model == "engine-file.gguf"
    assert reply.ttft_s is not None
    assert 0 <= reply.ttft_s <= reply.e2e_s
    assert reply.tpot_s == pytest.approx((reply.e2e_s - reply.ttft_s) / 6)
    (asked,) = engine.asked
    assert (asked.path, asked.body) == ("/v1/chat/completions", BODY)
    assert asked.header("x-zeta-slo-ttft-ms") == "2000"


@pytest.mark.parametrize("pieces", [1, 7, None])
def test_borders_of_chunks_do_not_matter(pieces: int | None) -> None:
    reply, _ = sending(stream(spoken("one ", "two", usage=None), pieces))
    assert (reply.end, reply.output_tokens) == (End.ANSWERED, 2)


def test_an_address_with_v1_is_the_same_address() -> None:
    reply, engine = sending(stream(spoken("one")), suffix="/v1/")
    assert reply.end is End.ANSWERED
    assert engine.asked[0].path == "/v1/chat/completions"


def test_what_the_gateway_decided_is_in_its_headers() -> None:
    head = with_headers(
        STREAM_HEAD,
        x_zeta_model="coder",
        x_zeta_endpoint="c",
        x_zeta_task="code",
        x_zeta_reason="best_score",
        x_zeta_queue_ms="12.5",
        x_zeta_overhead_ms="0.31",
    )
    data = head + b"".join(map(chunk, spoken("one"))) + b"0\r\n\r\n"
    reply, _ = sending(say_and_close(data))
    assert (reply.model, reply.endpoint, reply.task) == ("coder", "c", "code")
    assert (reply.reason, reply.queue_ms, reply.overhead_ms) == ("best_score", 12.5, 0.31)


def test_an_answer_in_one_piece() -> None:
    reply, _ = sending(whole(COMPLETION))
    assert (reply.end, reply.output_tokens) == (End.ANSWERED, 2)
    assert reply.model == "engine-file.gguf"


def test_a_refusal_says_when_to_come_back() -> None:
    body = {"error": {"message": "no capacity", "type": "t", "param": None, "code": None}}
    reply, _ = sending(whole(body, 429, retry_after="3"))
    assert (reply.end, reply.status, reply.retry_after_s) == (End.REFUSED, 429, 3.0)
    assert reply.problem == "no capacity"
    assert sending(whole(body, 429))[0].retry_after_s is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "gone"}}, "gone"),
        ({"error": "gone"}, "gone"),
        (b"<html>gone</html>", "<html>gone</html>"),
        (b"x" * 5000, "x" * PROBLEM_CHARS),
        (b"", ""),
    ],
)
def test_an_error_is_an_error_whatever_its_body(body: object, said: str) -> None:
    reply, _ = sending(whole(body, 502))
    assert (reply.end, reply.status, reply.problem) == (End.ERROR, 502, said)


def test_an_error_told_within_the_stream_is_an_error_and_not_a_loss() -> None:
    events = [event(delta("one")), event({"error": {"message": "the engine failed"}})]
    reply, _ = sending(stream(events))
    assert (reply.end, reply.problem) == (End.ERROR, "the engine failed")


@pytest.mark.parametrize(
    "step",
    [
        say_and_reset(),
        say_and_close(b""),
        say_and_close(STREAM_HEAD + chunk(event(delta("one")))),
        say_and_reset(STREAM_HEAD + chunk(event(delta("one")))),
        stream([event(delta("one"))]),  # ends in order, without a reason and without [DONE]
        stream([]),
    ],
)
def test_what_breaks_off_without_a_word_is_lost(step: Step) -> None:
    reply, _ = sending(step)
    assert reply.end is End.LOST
    assert reply.problem


def test_what_falls_silent_is_lost_after_a_while() -> None:
    reply, _ = sending(say_and_hang(STREAM_HEAD + chunk(event(delta("one")))), silence_s=0.2)
    assert reply.end is End.LOST
    assert reply.problem == "silent for 0.2 s"
    assert reply.ttft_s is not None


def test_nobody_listening_is_a_loss() -> None:
    async def main() -> Reply:
        reply = Reply()
        async with aiohttp.ClientSession() as session:
            await Sender(session, "http://127.0.0.1:9", {}, 5.0, lambda: 0.0).send(BODY, reply)
        return reply

    reply = asyncio.run(main())
    assert reply.end is End.LOST
    assert "Connect" in reply.problem


def test_a_request_that_is_given_up_is_stopped() -> None:
    async def main() -> Reply:
        engine = ScriptedEngine(otherwise=say_and_hang(STREAM_HEAD))
        asked = asyncio.Event()
        engine.on_change = asked.set
        await engine.start()
        reply = Reply()
        async with aiohttp.ClientSession() as session:
            sender = Sender(session, engine.url, {}, 20.0, asyncio.get_running_loop().time)
            task = asyncio.create_task(sender.send(BODY, reply))
            await asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await engine.stop()
        return reply

    assert asyncio.run(main()).end is End.STOPPED
