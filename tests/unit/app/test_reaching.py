"""Reasons in words that people know."""

from __future__ import annotations

import asyncio
import errno
import socket

import aiohttp
import pytest

from zeta_router.app.reaching import key_headers, why


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError(), "no answer in time"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "connection refused"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (aiohttp.ServerDisconnectedError(), "the connection was closed without an answer"),
        (ValueError("bad JSON"), "bad JSON"),
        (ValueError(), "ValueError"),
        (ExceptionGroup("two", [TimeoutError(), ValueError()]), "no answer in time"),
    ],
)
def test_reasons(error: Exception, said: str) -> None:
    assert why(error) == said


def test_a_closed_port_as_aiohttp_tells_it() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: refused
        port = held.getsockname()[1]

        async def ask() -> None:
            async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}"):
                pass

        with pytest.raises(aiohttp.ClientError) as caught:
            asyncio.run(ask())
    assert why(caught.value) == "connection refused"


def test_the_key_is_taken_from_the_environment() -> None:
    assert key_headers({}) == key_headers({"ZETA_KEY": ""}) == {}
    assert key_headers({"ZETA_KEY": "k"}) == {"authorization": "Bearer k"}
