"""Hostile requests over real sockets: each is answered as the table of the documentation says."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import pytest

from support.gateways import gateway, on_loopback
from support.hostile import BODY_BYTES, SMUGGLED, TOO_LARGE, Case
from support.scripted import ScriptedEngine, whole

AGAIN = b"GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n"
PAGE = Path(__file__).parents[4] / "docs" / "operating" / "security.md"


async def said(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of an answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(line for line in lines if line.startswith(b"content-length:"))
    return int(head[9:12]), await reader.readexactly(int(length.partition(b":")[2]))


@pytest.mark.parametrize("case", [*SMUGGLED, *TOO_LARGE], ids=lambda case: case.what)
def test_every_case_is_refused_as_it_should(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    engine = ScriptedEngine(otherwise=whole(b'{"ok":1}'))

    async def scenario() -> None:
        async with gateway(("c", "coder", engine), body_bytes=BODY_BYTES) as made:
            reader, writer = await made.connect()
            writer.write(case.data + AGAIN)
            status, body = await said(reader)
            assert status == case.status
            error = json.loads(body)["error"]
            assert error["message"]
            assert error["type"] == "invalid_request_error"
            if case.closes:
                assert await reader.read() == b""
            else:
                assert (await said(reader))[0] == 404
            writer.close()

    with caplog.at_level(logging.INFO):
        on_loopback(scenario)
    assert not engine.asked
    assert not caplog.records  # whoever sends nonsense fills no log


@pytest.mark.parametrize("case", [*SMUGGLED, *TOO_LARGE], ids=lambda case: case.what)
def test_the_documentation_has_it(case: Case) -> None:
    assert f"| {case.what} | {case.status} |" in PAGE.read_text(encoding="utf-8")
