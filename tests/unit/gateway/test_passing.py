"""What passes on is what came, framed as the client was told, and nothing of it is overlooked."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.gateways import on_loopback
from support.scripted import delta, event
from zeta_router.core.query import Operation
from zeta_router.gateway.answer.stall import Patience
from zeta_router.gateway.passing import Passing


class Client:
    """Stands for request, response and the client's connection."""

    def __init__(self, *, chunked: bool = True) -> None:
        self.headers = {"transfer-encoding": "chunked"} if chunked else {}
        self.sent: list[bytes] = []
        self.writing_paused = False
        self.closing = False
        self.transport = self.protocol = self

    async def write(self, data: bytes) -> None:
        """As the response: what was held back, framed by aiohttp."""
        self.sent.append(data)

    def set_write_buffer_limits(self, high: int) -> None:
        self.unsent = high

    def is_closing(self) -> bool:
        return self.closing


class Wire(Client):
    """The same, where the transport's writes are kept apart from the response's."""

    def __init__(self, *, chunked: bool = True) -> None:
        super().__init__(chunked=chunked)
        self.written: list[bytes] = []
        self.transport = cast(
            Any,
            SimpleNamespace(
                write=self.written.append,
                is_closing=lambda: self.closing,
                set_write_buffer_limits=self.set_write_buffer_limits,
            ),
        )


class Passed:
    """A stream that was begun."""

    def __init__(self, wire: Wire, operation: Operation = Operation.CHAT) -> None:
        self.wire = wire
        self.first: list[int] = []
        self.told: list[int] = []
        self.patience = Patience(60.0)
        on_first = self.first.append
        self.passing = Passing(
            operation,
            "m",
            lambda: 7.0,
            on_first_token=lambda: on_first(1),
            on_progress=self.told.append,
        )

    async def begun(self, *pieces: bytes) -> Passed:
        for piece in pieces:
            self.passing.hold(piece)
        await self.passing.begin(cast(Any, self.wire), cast(Any, self.wire), self.patience)
        return self


def words(count: int, model: str = "m") -> list[bytes]:
    return [event(delta(f"{number} ", model)) for number in range(count)]


def unframed(data: bytes) -> bytes:
    """The content of chunks of HTTP."""
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        assert length > 0
        assert data[length : length + 2] == b"\r\n"
        body, data = body + data[:length], data[length + 2 :]
    return body


@pytest.mark.parametrize("count", range(1, 70))
def test_nothing_is_overlooked_however_many_pieces_wait(count: int) -> None:
    async def scenario() -> None:
        passed = await Passed(Wire()).begun(words(1)[0])
        for piece in words(count)[1:]:
            assert passed.passing.on(piece)
        passed.passing.look()
        said = "".join(f"{number} " for number in range(count))
        assert passed.passing.text.kept().head == said
        assert passed.passing.watcher.end().events == count
        assert (passed.passing.first_at_s, passed.first) == (7.0, [])
        assert passed.told == sorted(passed.told)
        assert len(passed.told) >= (count - 1) // 16
        assert not passed.told or passed.told[-1] <= count

    on_loopback(scenario)


@given(st.lists(st.binary(min_size=1, max_size=3000), max_size=40), st.booleans())
def test_every_byte_goes_on_at_once(pieces: list[bytes], chunked: bool) -> None:
    async def scenario() -> None:
        wire = Wire(chunked=chunked)
        passed = await Passed(wire).begun(words(1)[0])
        for number, piece in enumerate(pieces, 1):
            passed.passing.on(piece)
            assert len(wire.written) == number
        written = b"".join(wire.written)
        assert (unframed(written) if chunked else written) == b"".join(pieces)

    asyncio.run(scenario())


@pytest.mark.parametrize("size", [100, 1000, 8000])
def test_little_waits_to_be_looked_at(size: int) -> None:
    """Each stream holds it, also those of clients that do not read."""

    async def scenario() -> None:
        passed = await Passed(Wire()).begun(words(1)[0])
        for _ in range(40):
            passed.passing.on(b"data: " + b"x" * size + b"\n\n")
            assert sum(map(len, passed.passing._unseen)) <= 17_000

    on_loopback(scenario)


def test_a_first_token_that_comes_late_is_noticed_when_it_comes() -> None:
    async def scenario() -> None:
        noise = b": " + b"x" * 20_000 + b"\n\n"
        passed = await Passed(Wire()).begun(noise)
        assert passed.passing.on(b": alive\n\n")
        assert (passed.passing.first_at_s, passed.first) == (None, [])
        assert passed.passing.on(event(delta("a", "file.gguf")))
        assert (passed.passing.first_at_s, passed.first) == (7.0, [1])
        passed.passing.on(event(delta("b", "file.gguf")))
        assert b'"m"' in passed.wire.written[-1]

    on_loopback(scenario)


def test_pieces_are_renamed_where_the_engine_writes_another_name() -> None:
    async def scenario() -> None:
        pieces = words(3, "file.gguf")
        passed = await Passed(Wire()).begun(pieces[0])
        for piece in pieces[1:]:
            passed.passing.on(piece)
        assert passed.wire.sent == words(1)
        assert unframed(b"".join(passed.wire.written)) == b"".join(words(3)[1:])

    on_loopback(scenario)


def test_it_says_when_the_client_lags_and_that_it_has_left() -> None:
    async def scenario() -> None:
        passed = await Passed(Wire()).begun(words(1)[0])
        passed.wire.writing_paused = True
        assert not passed.passing.on(b"a")
        passed.wire.writing_paused = False
        assert passed.passing.on(b"a")
        passed.wire.closing = True
        with pytest.raises(ConnectionResetError):
            passed.passing.on(b"a")
        passed.wire.transport = cast(Any, None)
        with pytest.raises(ConnectionResetError):
            await passed.begun()

    on_loopback(scenario)


def test_the_engine_counts_as_silent_from_its_last_piece_on() -> None:
    async def scenario() -> None:
        passed = await Passed(Wire()).begun(words(1)[0])
        before_s = asyncio.get_running_loop().time()
        passed.passing.on(b"a")
        since_s = passed.patience.since_s
        assert since_s is not None
        assert since_s >= before_s

    on_loopback(scenario)
