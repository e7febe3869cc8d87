"""What the lean client says when there is no answer, and what it hands out before."""

from __future__ import annotations

import asyncio
import socket

import pytest

from support.bodies import pieces_of
from support.lean_talk import asked, move, talk, turns
from support.scripted import (
    STREAM_HEAD,
    Step,
    chunk,
    head,
    say_and_close,
    say_and_hang,
    say_and_reset,
)
from support.upstream_contract import Line
from zeta_router.core.fleet import Endpoint
from zeta_router.gateway.lean.bounds import Bounds
from zeta_router.gateway.lean.client import LeanUpstream
from zeta_router.gateway.upstream import BrokenError, UnreachableError


class TestTold:
    """What goes wrong names the endpoint and the reason, and no address."""

    @pytest.mark.parametrize(
        ("step", "says"),
        [
            (say_and_close(b""), "c: it closed the connection before its answer"),
            (say_and_close(head(content_length="9")), "c: it closed the connection within its"),
            (say_and_reset(), "c: the connection broke: connection reset by peer"),
            (say_and_close(b"SSH-2.0\r\n"), "c: its answer is not HTTP"),
        ],
    )
    def test_broken(self, step: Step, says: str) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            with pytest.raises(BrokenError, match=says):
                await asked(line)

        talk(scenario, step)

    @pytest.mark.parametrize(
        ("url", "says"),
        [
            ("http://127.0.0.1:1", "c: no connection: connection refused"),
            ("http://a@127.0.0.1:1", "c: the URL holds credentials"),
            ("https://127.0.0.1:1", "c: the URL does not start with http://"),
            ("http://" + "a" * 70 + ".invalid", "c: "),
        ],
    )
    def test_unreachable(self, url: str, says: str) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            with pytest.raises(UnreachableError, match=says) as caught:
                await line.send(endpoint=Endpoint("c", url, "coder"))
            assert "127.0.0.1" not in str(caught.value)

        talk(scenario)

    def test_a_connection_that_nobody_accepts(self) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            with socket.socket() as full:
                full.bind(("127.0.0.1", 0))
                full.listen(0)
                with socket.create_connection(full.getsockname()):
                    url = f"http://127.0.0.1:{full.getsockname()[1]}"
                    task = asyncio.create_task(line.send(endpoint=Endpoint("c", url, "coder")))
                    while not task.done():
                        await turns()
                        move(1.0)
            with pytest.raises(UnreachableError, match="c: no connection within 3 s"):
                await task

        talk(scenario)

    def test_an_answer_too_large_to_be_read_whole(self) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            with pytest.raises(BrokenError, match="c: its answer exceeds 1000 bytes"):
                await asked(line)
            assert upstream.open == 0 or upstream.idle == 0

        endless = STREAM_HEAD + chunk(b"a" * 600) * 3
        talk(scenario, say_and_hang(endless), bounds=Bounds(whole_bytes=1000))

    def test_what_came_before_the_break_is_handed_out(self) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            got = await line.send()
            chunks = pieces_of(got)
            read = b""
            while len(read) < 4:
                read += await anext(chunks)
            assert read == b"abcd"
            with pytest.raises(BrokenError):
                await anext(chunks)
            got.close()

        talk(scenario, say_and_close(STREAM_HEAD + chunk(b"ab") + chunk(b"cd")))

    def test_reading_on_after_closing(self) -> None:
        async def scenario(line: Line, upstream: LeanUpstream) -> None:
            got = await line.send()
            got.close()
            with pytest.raises(BrokenError, match="closed before its end"):
                await got.read()
            with pytest.raises(BrokenError):
                await anext(pieces_of(got))

        talk(scenario, say_and_hang(STREAM_HEAD))
