"""Connections of the lean client: kept, aged, raced for, paused, and closed without a trace."""

from __future__ import annotations

import asyncio

import pytest

from support import scripted
from support.bodies import pieces_of
from support.lean_talk import asked, move, talk, turns
from support.scripted import (
    STREAM_HEAD,
    answer,
    head,
    say,
    say_and_hang,
    whole,
)
from support.upstream_contract import Line
from zeta_router.gateway.lean.bounds import READ_BYTES, Bounds
from zeta_router.gateway.lean.client import LeanUpstream
from zeta_router.gateway.upstream import BrokenError, TooSlowError, UnreachableError


class TestKept:
    def test_until_it_has_been_idle_for_long(self) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            await asked(line)
            assert (upstream.open, upstream.idle) == (1, 1)
            move(3.9)
            await turns()
            assert upstream.idle == 1
            move(0.2)
            await turns()
            move(1.0)
            await turns()
            assert (upstream.open, upstream.idle) == (0, 0)
            await asked(line)

        assert talk(scenario, whole(), whole()).connections == 2

    def test_not_beyond_its_time_even_when_nobody_looked(self) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            await asked(line)
            move(4.1)
            await asked(line)

        assert talk(scenario, whole(), whole()).connections == 2

    def test_not_beyond_its_age(self) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            for _ in range(4):
                await asked(line)
                move(3.0)
                await turns()

        bounds = Bounds(age_s=5.0)
        assert talk(scenario, *[whole()] * 4, bounds=bounds).connections == 2

    @pytest.mark.parametrize(
        ("told", "connections"),
        [
            ("timeout=1", 2),
            ("timeout=0", 2),
            ("timeout=100", 1),
            ("max=5, timeout=2", 2),
            ("timeout=x", 1),
            ("max=3", 1),
        ],
    )
    def test_no_longer_than_the_engine_says(self, told: str, connections: int) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            await asked(line)
            move(1.7)
            await asked(line)

        got = talk(scenario, whole(b"{}", keep_alive=told), whole())
        assert got.connections == connections

    def test_only_so_many(self) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            await asyncio.gather(*(asked(line) for _ in range(5)))
            assert upstream.idle == 2

        talk(scenario, *[whole()] * 5, bounds=Bounds(idle_connections=2))

    def test_the_last_used_first(self) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            await asyncio.gather(*(asked(line) for _ in range(3)))
            for _ in range(3):
                await asked(line)

        last = [one.connection for one in talk(scenario, *[whole()] * 6).asked[3:]]
        assert len(set(last)) == 1

    def test_not_when_the_engine_answers_before_it_has_the_whole_request(self) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            async def early(at: scripted.Line) -> None:
                await at.send(answer(b"too large", 413))
                await at.gone()

            line.engine.early = early
            assert await asked(line, b"x" * 50_000_000) == b"too large"
            assert upstream.idle == 0

        talk(scenario)

    def test_not_when_bytes_come_unasked_while_it_is_idle(self) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            gate = asyncio.Event()

            async def step(at: scripted.Line) -> None:
                await at.send(answer(b"mine"))
                await gate.wait()
                await at.send(answer(b"another's"))
                await at.gone()

            line.engine.script = [step, whole(b"mine")]
            assert await asked(line) == b"mine"
            gate.set()
            await line.left(1)
            assert upstream.idle == 0
            assert await asked(line) == b"mine"

        assert talk(scenario).connections == 2


class TestPausing:
    def test_an_engine_that_is_faster_than_its_reader(self) -> None:
        total = 64 << 20

        async def torrent(at: scripted.Line) -> None:
            at.writer.transport.set_write_buffer_limits(0)
            await at.send(head(content_length=str(total)))
            for _ in range(total >> 16):
                await at.send(b"x" * 65536)

        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            got = await line.send()
            read, largest = 0, 0
            async for piece in pieces_of(got):
                read += len(piece)
                largest = max(largest, len(piece))
                await asyncio.sleep(0)
            assert read == total
            assert largest <= Bounds().held_bytes + READ_BYTES
            got.close()
            assert await asked(line) == b"{}"

        assert talk(scenario, torrent, whole(b"{}")).connections == 1

    def test_a_reader_that_rests_makes_no_silent_engine(self) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            got = await line.send()
            chunks = pieces_of(got)
            await anext(chunks)
            await turns(50)
            for _ in range(5):
                move(1000.0)
                await turns()
            read = 0
            async for piece in chunks:
                read += len(piece)
            assert read > 0
            got.close()

        talk(scenario, say(answer(b"x" * 4_000_000)))


class TestClosing:
    def test_tells_who_waits(self) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            task = asyncio.create_task(line.send())
            await line.asked(1)
            got = await line.send()
            await upstream.close()
            for waiting in (task, got.read()):
                with pytest.raises(BrokenError, match="client was closed"):
                    await waiting
            with pytest.raises(UnreachableError, match="client is closed"):
                await line.send()

        talk(scenario, say_and_hang(), say_and_hang(STREAM_HEAD))

    def test_leaves_no_timer(self) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            await asked(line)
            for _ in range(12):
                move(1.0)
                await turns()
            assert upstream._timer is None
            assert not upstream._pools
            await asked(line)
            assert upstream._timer is not None
            await upstream.close()
            assert upstream._timer is None

        talk(scenario, whole(), whole())


@pytest.mark.parametrize(("bounds", "said"), [("first_byte_s", b""), ("idle_s", STREAM_HEAD)])
def test_silence_is_noticed_within_two_looks(bounds: str, said: bytes) -> None:
    async def scenario(line: Line, upstream: LeanUpstream) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(asked(line))
        await line.asked(1)
        await turns(20)
        began_s = loop.time()
        while not task.done():
            move(0.1)
            await turns()
        with pytest.raises(TooSlowError, match="c: it has sent nothing for 7 s"):
            await task
        assert 7.0 <= loop.time() - began_s < 8.5

    if bounds == "first_byte_s":
        talk(scenario, say_and_hang(said), bounds=Bounds(first_byte_s=7.0))
    else:
        talk(scenario, say_and_hang(said), bounds=Bounds(idle_s=7.0))
