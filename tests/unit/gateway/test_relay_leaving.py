"""Clients that leave, at every moment: the engine's work ends and everything is given back."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from support.gateways import (
    CHAT,
    MESSAGES,
    Gateway,
    MovableLoop,
    gateway,
    on_loopback,
    request_bytes,
)
from support.scripted import (
    STREAM_HEAD,
    Line,
    ScriptedEngine,
    Step,
    chunk,
    delta,
    event,
    head,
    say_and_close,
    say_and_hang,
    say_and_reset,
    spoken,
    stream,
    whole,
)
from zeta_router.core.outcome import Status
from zeta_router.gateway.answer.stream import SseWatcher
from zeta_router.gateway.driver import Record
from zeta_router.router.commands import OutcomeRecord

FIRST = event(delta("a", "coder"))
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Leave = Callable[[asyncio.StreamWriter], None]


def close(writer: asyncio.StreamWriter) -> None:
    """Leave in order."""
    writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """Leave with RST, as a killed client does."""
    held: socket.socket = writer.get_extra_info("socket")
    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


LOOPS = [MovableLoop, uvloop.new_event_loop]
PHASES: dict[str, tuple[bool, Step, bytes]] = {
    "before the headers": (False, say_and_hang(), b""),
    "before the headers of a stream": (True, say_and_hang(), b""),
    "within the headers": (False, say_and_hang(b"HTTP/1.1 200 OK\r\nconte"), b""),
    "after the headers": (False, say_and_hang(head(content_length="100")), b""),
    "within the body": (False, say_and_hang(head(content_length="100") + b'{"a":'), b""),
    "after the headers of a stream": (True, say_and_hang(STREAM_HEAD), b""),
    "in the middle of a stream": (True, say_and_hang(STREAM_HEAD + chunk(FIRST)), FIRST),
    "within an event": (True, say_and_hang(STREAM_HEAD + chunk(FIRST + b"data: {")), b"data: {"),
}
"""What the client asked for, how far the engine came, and what the client saw of it."""


async def turns(count: int) -> None:
    """Let everything that is ready run."""
    for _ in range(count):
        await asyncio.sleep(0)


class TestWhileItIsServed:
    @pytest.mark.parametrize("loop", LOOPS)
    @pytest.mark.parametrize("leave", [close, reset])
    @pytest.mark.parametrize("phase", PHASES)
    def test_the_engine_is_left_too_and_the_slot_is_free(
        self, phase: str, leave: Leave, loop: Callable[[], asyncio.AbstractEventLoop]
    ) -> None:
        async def scenario() -> None:
            streaming, step, seen = PHASES[phase]
            engine = ScriptedEngine([step], otherwise=whole())
            async with gateway(("c", "coder", engine), slots=1) as made:
                reader, writer = await made.begin(stream=streaming)
                await made.until(lambda: engine.asked)
                if seen:
                    await reader.readuntil(seen)
                leave(writer)
                await made.until(lambda: engine.left == 1 and made.outcomes)
                (outcome,) = made.outcomes
                assert outcome.status is Status.CLIENT_GONE
                assert outcome.started is bool(seen)
                assert made.idle
                assert made.states() == {"c": "up"}
                assert (await made.chat()).status == 200

        on_loopback(scenario, loop)

    @pytest.mark.parametrize("words", [1, 3, 40])
    def test_what_it_has_read_is_told(self, words: int) -> None:
        async def scenario() -> None:
            said = b"".join(chunk(event(delta(f"w{n}", "coder"))) for n in range(words))
            engine = ScriptedEngine([say_and_hang(STREAM_HEAD + said)])
            async with gateway(("c", "coder", engine)) as made:
                reader, writer = await made.begin(stream=True)
                await reader.readuntil(f"w{words - 1}".encode())
                writer.close()
                await made.until(lambda: made.outcomes)
                assert made.outcomes[0].output_tokens == words

        on_loopback(scenario)

    def test_what_it_has_read_of_a_stream_that_broke_is_told(self) -> None:
        async def scenario() -> None:
            said = b"".join(chunk(event(delta(f"w{n}", "coder"))) for n in range(5))
            engine = ScriptedEngine([say_and_close(STREAM_HEAD + said)])
            async with gateway(("c", "coder", engine)) as made:
                await made.chat(stream=True)
                (outcome,) = made.outcomes
                assert (outcome.status, outcome.output_tokens) == (Status.UPSTREAM_ERROR, 5)

        on_loopback(scenario)

    def test_a_client_that_does_not_read_and_then_leaves(self) -> None:
        """The engine sends until nothing more fits anywhere, and the handler waits to write."""

        async def scenario() -> None:
            full = asyncio.Event()
            held: list[int] = []

            async def flood(line: Line) -> None:
                await line.send(STREAM_HEAD)
                piece = chunk(event(delta("x" * 60_000, "coder")))
                for _ in range(500):
                    line.writer.write(piece)
                full.set()
                await turns(100)
                held.append(line.writer.transport.get_write_buffer_size())
                line.engine.note()
                await line.gone()

            engine = ScriptedEngine([flood], otherwise=whole())
            async with gateway(("c", "coder", engine), slots=1) as made:
                _, writer = await made.begin(stream=True)
                writer.transport.pause_reading()  # type: ignore[attr-defined]
                await full.wait()
                await made.until(lambda: held)
                assert held[0] > 10_000_000, "of 30 MB most waits at the engine, not here"
                assert made.in_flight() == {"c": 1}
                reset(writer)
                await made.until(lambda: engine.left == 1 and made.outcomes)
                assert made.outcomes[0].status is Status.CLIENT_GONE

        on_loopback(scenario)


class TestWhileItIsHeld:
    @pytest.mark.parametrize("loop", LOOPS)
    @pytest.mark.parametrize("leave", [close, reset])
    def test_in_the_queue(
        self, leave: Leave, loop: Callable[[], asyncio.AbstractEventLoop]
    ) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine([say_and_hang()], otherwise=whole())
            async with gateway(("c", "coder", engine), slots=1) as made:
                _, served = await made.begin()
                await made.until(lambda: engine.asked)
                _, held = await made.begin()
                await made.until(lambda: made.queued == 1)
                leave(held)
                await made.until(lambda: made.outcomes)
                assert (made.queued, made.in_flight()) == (0, {"c": 1})
                assert made.driver.waiting_handlers == 1
                assert made.outcomes[0].status is Status.CLIENT_GONE
                served.close()
                await made.until(lambda: engine.left == 1 and len(made.outcomes) == 2)
                assert len(engine.asked) == 1

        on_loopback(scenario, loop)

    def test_for_an_endpoint_to_come_up(self) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", None)) as made:
                _, writer = await made.begin()
                await made.until(lambda: made.queued == 1)
                writer.close()
                await made.until(lambda: len(made.outcomes) == 2)
                assert [o.status for o in made.outcomes] == [
                    Status.UPSTREAM_UNREACHABLE,
                    Status.CLIENT_GONE,
                ]

        on_loopback(scenario)

    def test_between_two_attempts(self) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine([say_and_reset()], otherwise=whole(), alive=False)
            async with gateway(("c", "coder", engine)) as made:
                _, writer = await made.begin()
                await made.until(lambda: made.queued == 1)
                writer.close()
                await made.until(lambda: len(made.outcomes) == 2)
                engine.alive = True
                await made.until(lambda: made.states() == {"c": "up"})
                assert len(engine.asked) == 1

        on_loopback(scenario)

    @pytest.mark.parametrize("loop", LOOPS)
    def test_at_the_very_moment_at_which_a_slot_is_given_to_it(
        self, loop: Callable[[], asyncio.AbstractEventLoop]
    ) -> None:
        """The connection breaks between the router's decision and the handler's waking up."""

        async def scenario() -> None:
            gate = asyncio.Event()
            breaking: list[Callable[[], None]] = []

            async def step(line: Line) -> None:
                await gate.wait()
                await whole()(line)

            def on_record(record: Record) -> None:
                if isinstance(record, OutcomeRecord) and breaking:
                    breaking.pop()()

            engine = ScriptedEngine([step], otherwise=whole())
            async with gateway(("c", "coder", engine), slots=1, on_record=on_record) as made:
                _, first = await made.begin()
                await made.until(lambda: engine.asked)
                _, second = await made.begin()
                await made.until(lambda: made.queued == 1)
                breaking.append(made.hang_up)
                gate.set()
                await made.until(lambda: len(made.outcomes) == 2)
                assert made.outcomes[1].status is Status.CLIENT_GONE
                await made.until(lambda: made.idle)
                first.close()
                second.close()
                assert (await made.chat()).status == 200

        on_loopback(scenario, loop)


class TestEarly:
    def test_within_its_own_body(self) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(otherwise=whole())
            async with gateway(("c", "coder", engine)) as made:
                _, writer = await made.connect()
                data = request_bytes(CHAT, json.dumps({"messages": MESSAGES}).encode())
                writer.write(data[:-5])
                await writer.drain()
                writer.close()
                assert (await made.chat()).status == 200
                assert len(engine.asked) == 1

        on_loopback(scenario)

    def test_with_more_requests_sent_ahead(self) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine([say_and_hang()], otherwise=whole())
            async with gateway(("c", "coder", engine)) as made:
                _, writer = await made.connect()
                data = request_bytes(CHAT, json.dumps({"messages": MESSAGES}).encode())
                writer.write(data * 3)
                await made.until(lambda: engine.asked)
                writer.close()
                await made.until(lambda: engine.left == 1 and made.outcomes)
                assert len(engine.asked) == 1

        on_loopback(scenario)


class TestWhileWeWrite:
    """The connection breaks so that writing to it fails before the handler is cancelled."""

    @pytest.mark.parametrize("loop", LOOPS)
    @pytest.mark.parametrize("streaming", [False, True])
    def test_the_head_of_the_answer(
        self, streaming: bool, loop: Callable[[], asyncio.AbstractEventLoop]
    ) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(otherwise=stream(spoken("a")) if streaming else whole())
            made_here: list[Gateway] = []
            async with gateway(
                ("c", "coder", engine), on_overhead=lambda s: made_here[0].hang_up()
            ) as made:
                made_here.append(made)
                reader, writer = await made.begin(stream=streaming)
                assert await reader.read() == b""
                writer.close()
                await made.until(lambda: made.outcomes and made.idle)
                assert made.states() == {"c": "up"}

        on_loopback(scenario, loop)

    def test_the_news_that_the_engine_has_died(self, caplog: pytest.LogCaptureFixture) -> None:
        async def scenario() -> None:
            gate = asyncio.Event()

            async def step(line: Line) -> None:
                await line.send(STREAM_HEAD + chunk(FIRST))
                await gate.wait()
                line.close()

            engine = ScriptedEngine([step], alive=False)
            made_here: list[Gateway] = []

            def on_record(record: Record) -> None:
                if isinstance(record, OutcomeRecord):
                    made_here[0].hang_up()

            async with gateway(("c", "coder", engine), on_record=on_record) as made:
                made_here.append(made)
                reader, writer = await made.begin(stream=True)
                await reader.readuntil(FIRST)
                gate.set()
                assert b"error" not in await reader.read()
                writer.close()
                await made.until(lambda: made.idle)
                assert made.outcomes[0].status is Status.UPSTREAM_ERROR

        on_loopback(scenario)
        assert "bug" not in caplog.text


class TestOurOwnBugs:
    """What must hold even then: an honest end, and nothing kept."""

    def test_before_the_answer_it_is_a_500(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def scenario() -> None:
            engine = ScriptedEngine(otherwise=whole())
            async with gateway(("c", "coder", engine)) as made:
                with monkeypatch.context() as patch:
                    patch.setattr("zeta_router.gateway.attempt.rename_whole", _raise)
                    patch.setattr("zeta_router.gateway.relay.upstream_headers", _raise)
                    got = await made.chat()
                assert (got.status, got.error["code"]) == (500, "bug")
                assert "boom" not in got.body.decode()
                await made.until(lambda: made.idle)
                assert (await made.chat()).status == 200

        on_loopback(scenario)
        assert "boom" in caplog.text

    def test_in_the_middle_of_a_stream_the_connection_is_cut(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def scenario() -> None:
            gate = asyncio.Event()

            async def step(line: Line) -> None:
                await line.send(STREAM_HEAD + chunk(FIRST))
                await gate.wait()
                await line.send(chunk(FIRST))
                await line.gone()

            engine = ScriptedEngine([step], otherwise=whole())
            async with gateway(("c", "coder", engine)) as made:
                reader, writer = await made.begin(stream=True)
                await reader.readuntil(FIRST)
                monkeypatch.setattr(SseWatcher, "waits", property(_raise))
                gate.set()
                rest = await reader.read()
                assert b"0\r\n\r\n" not in rest
                assert b"HTTP/1.1" not in rest
                writer.close()
                await made.until(lambda: made.idle and engine.left == 1)

        on_loopback(scenario)
        assert "boom" in caplog.text


def _raise(*args: object) -> Awaitable[None]:
    raise RuntimeError("boom")
