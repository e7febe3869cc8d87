"""The HTTP server: addresses, methods, bodies, and what hostile or clumsy clients send."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib

import pytest

from support.gateways import CHAT, MESSAGES, Gateway, gateway, on_loopback, request_bytes
from support.scripted import LAST_CHUNK, ScriptedEngine, chunk, whole

BODY = json.dumps({"model": "auto", "messages": MESSAGES}).encode()
CHUNKED = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
AGAIN = b"GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n"
"""A request whose answer shows that a connection is still in order."""


def engine() -> ScriptedEngine:
    return ScriptedEngine(otherwise=whole(b'{"ok":1}'))


async def heads(made: Gateway, data: bytes, count: int) -> list[bytes]:
    """The heads of the first answers to some bytes; b"" where the connection was closed instead."""
    reader, writer = await made.connect()
    writer.write(data)
    found = []
    for _ in range(count):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.partition(b":")[2])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            )
            if not data.startswith(b"HEAD"):
                await reader.readexactly(length)
            found.append(head)
        except (asyncio.IncompleteReadError, ConnectionError):
            found.append(b"")
    writer.close()
    return found


def statuses(data: bytes, count: int = 1, body_bytes: int = 1000) -> list[int]:
    """Status of each answer; 0 where the connection was closed instead."""

    async def scenario() -> list[int]:
        async with gateway(("c", "coder", engine()), body_bytes=body_bytes) as made:
            return [int(h[9:12]) if h else 0 for h in await heads(made, data, count)]

    return on_loopback(scenario)


class TestAddresses:
    @pytest.mark.parametrize(
        ("method", "path", "allow"),
        [
            ("GET", CHAT, "POST"),
            ("DELETE", CHAT, "POST"),
            ("OPTIONS", CHAT, "POST"),
            ("POST", "/v1/models", "GET"),
            ("HEAD", "/zeta/fleet", "GET"),
            ("POST", "/health", "GET, HEAD"),
            ("PUT", "/v1/models/coder", "GET"),
            ("DELETE", "/zeta/decisions/q1", "GET"),
            ("GET", "/zeta/endpoints/c/drain", "POST"),
        ],
    )
    def test_a_wrong_method_is_told_the_right_one(self, method: str, path: str, allow: str) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine())) as made:
                got = await made.ask(path=path, method=method)
                assert (got.status, got.headers["allow"]) == (405, allow)
                if method != "HEAD":
                    assert got.error["code"] == "method_not_allowed"
                    assert allow in got.error["message"]

        on_loopback(scenario)

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/v1",
            "/v1/chat",
            "/v2/models",
            CHAT + "/",
            "/%00",
            "/%0A",
            "/zeta/decisions/%0A%7B",
        ],
    )
    def test_an_unknown_path(self, path: str) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine())) as made:
                got = await made.ask({}, path)
                assert (got.status, got.error["code"]) == (404, "unknown_path")

        on_loopback(scenario)

    def test_an_answer_to_head_has_no_body(self) -> None:
        for path, status in ((b"/zeta/fleet", 405), (b"/ready", 200)):
            asked = b"HEAD " + path + b" HTTP/1.1\r\nhost: x\r\n\r\n"
            assert statuses(asked + AGAIN, 2) == [status, 404]


class TestBodies:
    def test_chunked(self) -> None:
        pieces = b"".join(chunk(BODY[n : n + 7]) for n in range(0, len(BODY), 7))
        assert statuses(CHUNKED + pieces + LAST_CHUNK + AGAIN, 2) == [200, 404]

    def test_byte_by_byte(self) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine())) as made:
                reader, writer = await made.connect()
                for byte in request_bytes(CHAT, BODY):
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0)
                assert b" 200 " in await reader.readuntil(b"\r\n")
                writer.close()

        on_loopback(scenario)

    @pytest.mark.parametrize(
        "data",
        [
            request_bytes(CHAT, b"x" * 1001),
            CHUNKED + chunk(b"x" * 600) * 2 + LAST_CHUNK,
            CHUNKED + chunk(b"x" * 1001) + LAST_CHUNK,
            request_bytes(CHAT, gzip.compress(b" " * 1001), content_encoding="gzip"),
            request_bytes(CHAT, zlib.compress(b" " * 1001), content_encoding="deflate"),
            CHUNKED.replace(b"host", b"content-encoding: gzip\r\nhost")
            + chunk(gzip.compress(b" " * 1001))
            + LAST_CHUNK,
        ],
    )
    def test_one_byte_too_much_is_413_whatever_the_framing(self, data: bytes) -> None:
        assert statuses(data + AGAIN, 2) == [413, 404]

    @pytest.mark.parametrize(
        "data",
        [
            request_bytes(CHAT, BODY.ljust(1000)),
            CHUNKED + chunk(BODY.ljust(1000)) + LAST_CHUNK,
            request_bytes(CHAT, gzip.compress(BODY.ljust(1000)), content_encoding="gzip"),
        ],
    )
    def test_just_enough_is_read(self, data: bytes) -> None:
        assert statuses(data + AGAIN, 2) == [200, 404]

    def test_a_body_too_large_is_refused_before_it_comes(self) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine()), body_bytes=1000) as made:
                data = request_bytes(CHAT, b"", content_length="99999999")
                (head,) = await heads(made, data, 1)
                assert b" 413 " in head

        on_loopback(scenario)

    def test_the_limit_may_change_while_serving(self) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine()), body_bytes=10) as made:
                got = await made.chat()
                assert (got.status, got.error["code"]) == (413, "body_too_large")
                assert "limits.body_bytes" in got.error["message"]
                made.server.body_bytes = 10_000
                assert (await made.chat()).status == 200

        on_loopback(scenario)

    @pytest.mark.parametrize("coding", ["gzip", "deflate"])
    def test_what_cannot_be_decompressed_is_400(self, coding: str) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine())) as made:
                got = await made.ask(raw=b"not compressed", headers={"content-encoding": coding})
                assert got.status == 400
                assert "decoded" in got.error["message"]

        on_loopback(scenario)

    def test_a_request_without_a_body(self) -> None:
        assert statuses(b"POST /v1/embeddings HTTP/1.1\r\nhost: x\r\n\r\n" + AGAIN, 2) == [400, 404]

    def test_a_body_where_none_is_wanted(self) -> None:
        data = request_bytes("/nowhere", b"abc", "GET")
        assert statuses(data + AGAIN, 2) == [404, 404]


class TestProtocol:
    def test_expect_100_continue(self) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine())) as made:
                reader, writer = await made.connect()
                data = request_bytes(CHAT, BODY, expect="100-continue")
                writer.write(data[: -len(BODY)])
                assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
                writer.write(BODY)
                assert b" 200 " in await reader.readuntil(b"\r\n")
                writer.close()

        on_loopback(scenario)

    def test_requests_sent_ahead_are_answered_in_order(self) -> None:
        async def scenario() -> None:
            async with gateway(("c", "coder", engine())) as made:
                data = request_bytes(CHAT, BODY) * 3 + AGAIN
                found = await heads(made, data, 4)
                assert [int(h[9:12]) for h in found] == [200, 200, 200, 404]
                ids = [f"x-zeta-decision-id: q{n}".encode() in h for n, h in enumerate(found, 1)]
                assert ids == [True, True, True, False]

        on_loopback(scenario)

    def test_http_1_0(self) -> None:
        data = request_bytes(CHAT, BODY).replace(b"HTTP/1.1", b"HTTP/1.0")
        assert statuses(data, 2) == [200, 0]

    @pytest.mark.parametrize(
        "data",
        [
            CHUNKED.replace(b"host", b"content-length: 4\r\nhost") + chunk(BODY) + LAST_CHUNK,
            request_bytes(CHAT, BODY).replace(b"host", b"content-length: 4\r\nhost"),
            request_bytes(CHAT, b"", content_length="-1"),
            request_bytes(CHAT, b"", content_length="1e3"),
            request_bytes(CHAT, BODY).replace(b"\r\n", b"\n"),
            CHUNKED + b"zz\r\n",
            CHUNKED + chunk(BODY[:10]) + b"zz\r\n",
            b"GET  / HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        ],
    )
    def test_what_is_no_http_is_400_and_the_end_of_the_connection(self, data: bytes) -> None:
        assert statuses(data + AGAIN, 2) == [400, 0]

    def test_bytes_beyond_the_length_spoil_what_they_came_with(self) -> None:
        data = request_bytes(CHAT, BODY) + b"garbage\r\n\r\n"
        assert statuses(data, 2) == [400, 0]

    def test_an_upgrade_is_not_taken_up(self) -> None:
        data = request_bytes(CHAT, BODY, connection="Upgrade", upgrade="websocket")
        assert statuses(data, 1) == [200]

    def test_an_absolute_address_cannot_name_an_upstream(self) -> None:
        data = request_bytes("http://10.0.0.1:9/v1/chat/completions", BODY)
        assert statuses(data, 1)[0] in (200, 400, 404)


def test_a_page_of_another_site_cannot_slip_a_query_in() -> None:
    async def scenario() -> None:
        engine = ScriptedEngine(otherwise=whole())
        async with gateway(("c", "coder", engine)) as made:
            reader, writer = await made.connect()
            origin = {"origin": "https://evil.example", "content_type": "text/plain"}
            writer.write(request_bytes(CHAT, BODY, connection="close", **origin))
            assert (await reader.read()).startswith(b"HTTP/1.1 403")
            assert engine.asked == []
            writer.close()

    on_loopback(scenario)
