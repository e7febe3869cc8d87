"""Engines that fail: what is tried again, what is told, and what must never happen twice."""

from __future__ import annotations

import asyncio
import json

import pytest

from support.gateways import MESSAGES, Gateway, gateway, on_loopback
from support.scripted import (
    COMPLETION,
    STREAM_HEAD,
    Line,
    ScriptedEngine,
    Step,
    answer,
    chunk,
    delta,
    event,
    head,
    say,
    say_and_close,
    say_and_hang,
    say_and_reset,
    spoken,
    stream,
    whole,
)
from zeta_router.core.fleet import Limits
from zeta_router.core.outcome import Status

FIRST = event(delta("a", "coder"))
CHUNK = STREAM_HEAD + chunk(FIRST)
JSON = head(content_type="application/json", content_length="100")

BROKEN: dict[str, Step] = {
    "reset before the headers": say_and_reset(),
    "closed before the headers": say_and_close(b""),
    "reset within the headers": say_and_reset(b"HTTP/1.1 200 OK\r\ncontent-ty"),
    "closed within the headers": say_and_close(b"HTTP/1.1 200 OK\r\ncontent-ty"),
    "reset after the headers": say_and_reset(JSON),
    "closed after the headers": say_and_close(JSON),
    "reset after the headers of a stream": say_and_reset(STREAM_HEAD),
    "closed after the headers of a stream": say_and_close(STREAM_HEAD),
    "closed within the body": say_and_close(JSON + b'{"a":'),
    "garbage": say_and_close(b"\x16\x03\x01 hello?\r\n\r\n"),
    "garbage for a chunk": say_and_close(STREAM_HEAD + b"zz\r\n\r\n"),
    "a header without end": say_and_close(b"HTTP/1.1 200 OK\r\nx: " + b"a" * 100_000),
    "two lengths": say_and_close(
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"
    ),
    "length and chunks": say_and_close(
        head(content_length="2", transfer_encoding="chunked") + chunk(b"{}") + chunk(b"")
    ),
}
"""Ways to break that take the endpoint out of service until a probe succeeds."""

REFUSING: dict[str, Step] = {
    "500": whole({"error": {}}, 500),
    "502 and the body never comes": say_and_hang(
        head(502, content_type="text/plain", content_length="100")
    ),
    "a redirect": say(answer(b"", 302, location="/elsewhere")),
    "a redirect that repeats the request": say(answer(b"", 307, location="/elsewhere")),
    "not modified": say(head(304)),
    "a change of protocol": say_and_close(head(101, upgrade="x", connection="upgrade")),
    "an empty body": say(answer(b"")),
    "no content": say(head(204)),
    "an empty stream": stream([]),
    "half a body without a length": say_and_close(head(content_type="application/json") + b'{"a":'),
}
"""Answers that are none; the endpoint stays in service but is not asked again for this query."""


class TestBeforeTheFirstByte:
    @pytest.mark.parametrize("streaming", [False, True])
    @pytest.mark.parametrize("how", [*BROKEN, *REFUSING])
    def test_another_endpoint_answers(self, how: str, streaming: bool) -> None:
        async def scenario() -> None:
            bad = ScriptedEngine([{**BROKEN, **REFUSING}[how]], alive=False)
            good = ScriptedEngine(otherwise=stream(spoken("a")) if streaming else whole())
            async with gateway(("bad", "coder", bad), ("good", "coder", good)) as made:
                got = await made.chat(stream=streaming)
                assert got.status == 200
                assert got.headers["x-zeta-attempts"] == "2"
                assert got.headers["x-zeta-endpoint"] == "good"
                assert b"error" not in got.body
                assert (len(bad.asked), len(good.asked)) == (1, 1)
                first, second = made.outcomes
                assert (first.status, first.started) == (Status.UPSTREAM_ERROR, False)
                assert second.status is Status.OK
                assert len(made.overheads) == 1
                state = "down" if how in BROKEN else "up"
                assert made.states() == {"bad": state, "good": "up"}

        on_loopback(scenario)

    def test_a_refused_connection_costs_no_attempt(self) -> None:
        async def scenario() -> None:
            good = ScriptedEngine(otherwise=whole())
            limits = Limits(10, 5.0, attempts=1)
            async with gateway(
                ("bad", "coder", None), ("good", "coder", good), limits=limits
            ) as made:
                got = await made.chat()
                assert (got.status, got.headers["x-zeta-attempts"]) == (200, "2")
                assert made.outcomes[0].status is Status.UPSTREAM_UNREACHABLE
                assert made.states()["bad"] == "down"

        on_loopback(scenario)

    @pytest.mark.parametrize("how", ["reset before the headers", "500"])
    def test_two_attempts_and_no_more(self, how: str) -> None:
        async def scenario() -> None:
            engines = [ScriptedEngine(otherwise={**BROKEN, **REFUSING}[how]) for _ in range(3)]
            specs = [(f"c{n}", "coder", engine) for n, engine in enumerate(engines)]
            async with gateway(*specs) as made:
                got = await made.chat()
                assert (got.status, got.headers["x-zeta-reason"]) == (502, "upstream_failed")
                assert got.headers["x-zeta-attempts"] == "2"
                assert got.error["code"] == "upstream_failed"
                assert sum(len(engine.asked) for engine in engines) == 2

        on_loopback(scenario)

    def test_the_only_endpoint_is_asked_again_once_a_probe_says_that_it_lives(self) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine([say_and_reset()], otherwise=whole(), alive=False)
            async with gateway(("c", "coder", engine)) as made:
                task = asyncio.create_task(made.chat())
                await made.until(lambda: engine.probed and made.queued)
                assert made.states() == {"c": "down"}
                engine.alive = True
                got = await task
                assert (got.status, got.headers["x-zeta-attempts"]) == (200, "2")
                assert float(got.headers["x-zeta-queue-ms"]) > 0.0

        on_loopback(scenario)

    def test_nobody_up_within_the_wait_is_503_with_the_reason(self) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", None)) as made:
                task = asyncio.create_task(made.chat())
                await made.until(lambda: made.queued)
                made.move(5.0)
                got = await task
                assert (got.status, got.error["code"]) == (503, "no_endpoint_up")
                assert "c: it does not answer" in got.error["message"]
                assert int(got.headers["retry-after"]) >= 1

        on_loopback(scenario)

    def test_a_broken_engine_gets_nothing_more_until_it_is_back(self) -> None:
        async def scenario() -> None:
            bad = ScriptedEngine([say_and_reset()], alive=False)
            good = ScriptedEngine(otherwise=whole())
            async with gateway(("bad", "coder", bad), ("good", "coder", good)) as made:
                for _ in range(5):
                    assert (await made.chat()).status == 200
                assert len(bad.asked) == 1

        on_loopback(scenario)

    def test_a_request_that_kills_engines_does_not_tour_the_fleet(self) -> None:
        async def scenario() -> None:
            engines = [ScriptedEngine(otherwise=say_and_reset()) for _ in range(4)]
            specs = [(f"c{n}", "coder", engine) for n, engine in enumerate(engines)]
            async with gateway(*specs) as made:
                assert (await made.chat()).status == 502
                assert sum(len(engine.asked) for engine in engines) == 2

        on_loopback(scenario)


class TestBusy:
    @pytest.mark.parametrize("status", [429, 503])
    def test_the_query_goes_elsewhere_and_the_endpoint_pauses(self, status: int) -> None:
        async def scenario() -> None:
            busy = ScriptedEngine([whole({}, status, retry_after="2")], otherwise=whole())
            good = ScriptedEngine(otherwise=whole())
            async with gateway(("busy", "coder", busy), ("good", "coder", good)) as made:
                got = await made.chat()
                assert (got.status, got.headers["x-zeta-endpoint"]) == (200, "good")
                assert got.headers["x-zeta-attempts"] == "2"
                for _ in range(3):
                    assert (await made.chat()).headers["x-zeta-endpoint"] == "good"
                assert len(busy.asked) == 1
                assert made.states()["busy"] == "up"
                made.move(2.0)
                places = {(await made.chat()).headers["x-zeta-endpoint"] for _ in range(4)}
                assert "busy" in places

        on_loopback(scenario)

    def test_alone_it_is_waited_for_as_long_as_it_said(self) -> None:
        async def scenario() -> None:
            busy = ScriptedEngine([whole({}, 503, retry_after="2")], otherwise=whole())
            async with gateway(("busy", "coder", busy)) as made:
                task = asyncio.create_task(made.chat())
                await made.until(lambda: made.queued)
                made.move(1.0)
                assert len(busy.asked) == 1
                made.move(1.1)
                got = await task
                assert (got.status, got.headers["x-zeta-attempts"]) == (200, "2")
                assert float(got.headers["x-zeta-queue-ms"]) >= 2000.0

        on_loopback(scenario)

    def test_who_stays_busy_ends_the_wait_with_an_honest_429(self) -> None:
        async def scenario() -> None:
            busy = ScriptedEngine(otherwise=whole({}, 503, retry_after="3"))
            async with gateway(("busy", "coder", busy)) as made:
                task = asyncio.create_task(made.chat())
                for number, seconds in ((1, 3.01), (2, 2.0)):  # its deadline, before the pause ends
                    await made.until(lambda n=number: len(busy.asked) == n and made.queued)
                    made.move(seconds)
                got = await task
                assert (got.status, got.headers["x-zeta-reason"]) == (429, "deadline")
                assert "retry-after" in got.headers
                assert len(busy.asked) == 2

        on_loopback(scenario)

    @pytest.mark.parametrize("text", ["²", "soon", "-1", "9" * 400])
    def test_a_word_that_makes_no_sense_does_no_harm(self, text: str) -> None:
        async def scenario() -> None:
            busy = ScriptedEngine([whole({}, 503, retry_after=text)], otherwise=whole())
            good = ScriptedEngine(otherwise=whole())
            async with gateway(("busy", "coder", busy), ("good", "coder", good)) as made:
                assert (await made.chat()).headers["x-zeta-endpoint"] == "good"

        on_loopback(scenario)

    def test_a_refusal_whose_body_never_comes_holds_nobody_up(self) -> None:
        async def scenario() -> None:
            hanging = say_and_hang(head(503, content_type="text/plain", content_length="100"))
            busy, good = ScriptedEngine([hanging]), ScriptedEngine(otherwise=whole())
            async with gateway(("busy", "coder", busy), ("good", "coder", good)) as made:
                assert (await made.chat()).headers["x-zeta-endpoint"] == "good"
                await made.until(lambda: busy.left == 1)

        on_loopback(scenario)


class TestAfterTheFirstByte:
    @staticmethod
    def dying(how: str, gate: asyncio.Event) -> Step:
        """Sends an event, waits until it has arrived, and then breaks."""

        async def step(line: Line) -> None:
            framing = {"content_length": "9999"} if how == "short" else {}
            if how in ("short", "unframed"):
                await line.send(head(content_type="text/event-stream", **framing) + FIRST)
            else:
                await line.send(CHUNK)
            await gate.wait()
            if how == "reset":
                line.reset()
            elif how == "garbage":
                await line.send(b"zz\r\n")
                line.close()
            elif how == "within an event":
                await line.send(chunk(FIRST[:20]))
                line.close()
            else:
                line.close()

        return step

    @pytest.mark.parametrize(
        "how", ["reset", "closed", "garbage", "within an event", "short", "unframed"]
    )
    def test_nothing_is_tried_again_and_the_client_is_told(self, how: str) -> None:
        async def scenario() -> None:
            gate = asyncio.Event()
            bad = ScriptedEngine([self.dying(how, gate)], alive=False)
            good = ScriptedEngine(otherwise=stream(spoken("a")))
            async with gateway(("bad", "coder", bad), ("good", "coder", good)) as made:
                reader, writer = await made.begin(stream=True)
                await reader.readuntil(FIRST)
                gate.set()
                rest = await reader.readuntil(b"0\r\n\r\n")
                assert b"[DONE]" not in rest
                last = self.last_event(rest)
                assert last["error"]["code"] == "upstream_failed"
                assert set(last["error"]) == {"message", "type", "param", "code"}
                assert good.asked == []
                (outcome,) = made.outcomes
                assert (outcome.status, outcome.started) == (Status.UPSTREAM_ERROR, True)
                await self.answers_again(made, reader, writer)

        on_loopback(scenario)

    @staticmethod
    def last_event(data: bytes) -> dict[str, dict[str, str]]:
        lines = [line for line in data.split(b"\n") if line.startswith(b"data: ")]
        last: dict[str, dict[str, str]] = json.loads(lines[-1][6:])
        return last

    @staticmethod
    async def answers_again(
        made: Gateway, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """The connection is in order: the next request on it is answered."""
        writer.write(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 404") is False
        writer.close()

    def test_with_the_official_end_it_is_whole_even_when_the_connection_then_breaks(self) -> None:
        async def scenario() -> None:
            data = head(content_type="text/event-stream") + b"".join(spoken("a", "b"))
            engine = ScriptedEngine(otherwise=say_and_close(data))
            async with gateway(("c", "coder", engine)) as made:
                got = await made.chat(stream=True)
                assert got.events[-1] == "[DONE]"
                assert made.outcomes[0].status is Status.OK

        on_loopback(scenario)


class TestConnections:
    def test_are_kept_and_used_again(self) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(otherwise=whole())
            async with gateway(("c", "coder", engine)) as made:
                for _ in range(5):
                    assert (await made.chat()).status == 200
                assert engine.connections == 1

        on_loopback(scenario)

    def test_one_that_the_engine_closed_in_between_is_not_used_again(self) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(
                otherwise=say_and_close(answer(json.dumps(COMPLETION).encode()))
            )
            async with gateway(("c", "coder", engine)) as made:
                for number in range(1, 4):
                    got = await made.chat()
                    assert (got.status, got.headers["x-zeta-attempts"]) == (200, "1")
                    await made.until(lambda n=number: engine.closed == n)
                    await asyncio.sleep(0)
                assert engine.connections == 3

        on_loopback(scenario)

    @pytest.mark.parametrize("late", [False, True])
    def test_what_an_engine_says_unasked_is_never_another_client_s_answer(self, late: bool) -> None:
        async def scenario() -> None:
            mine, stray, gate = answer(b'{"n":1}'), answer(b'{"secret":1}'), asyncio.Event()

            async def step(line: Line) -> None:
                await line.send(mine if late else mine + stray)
                if late:
                    await gate.wait()
                    await line.send(stray)
                    gate.clear()
                    line.engine.note()

            engine = ScriptedEngine([step], otherwise=whole(b'{"n":2}'))
            async with gateway(("c", "coder", engine)) as made:
                assert (await made.chat()).body == b'{"n":1}'
                if late:
                    gate.set()
                    await made.until(lambda: not gate.is_set())
                await made.ask(path="/nowhere")  # by now it has been read
                got = await made.chat()
                assert (got.body, got.headers["x-zeta-attempts"]) == (b'{"n":2}', "1")
                assert made.states() == {"c": "up"}

        on_loopback(scenario)

    @pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
    @pytest.mark.parametrize("then", ["reads on", "closes", "holds"])
    def test_an_answer_that_comes_while_the_body_is_still_sent(self, then: str) -> None:
        """8 MB, of which the engine reads only the head before it refuses them."""

        async def scenario() -> None:
            held = asyncio.Event()

            async def hasty(line: Line) -> None:
                await line.send(answer(b'{"error":"too long"}', 400))
                if then == "reads on":
                    await line.gone()
                elif then == "holds":
                    await held.wait()

            engine = ScriptedEngine(early=hasty)
            async with gateway(("c", "coder", engine), body_bytes=1 << 24) as made:
                got = await made.ask({"messages": MESSAGES, "pad": "x" * 8_000_000})
                assert (got.status, got.body) == (400, b'{"error":"too long"}')
                assert made.outcomes[0].status is Status.CLIENT_ERROR
                held.set()
                await made.until(lambda: engine.closed)

        on_loopback(scenario)
