"""Bytes to answers: framing, bounds, and what is no answer."""

from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass, field

import pytest

from support.scripted import LAST_CHUNK, STREAM_HEAD, answer, chunk, head
from zeta_router.gateway.lean.bounds import Bounds
from zeta_router.gateway.lean.reader import Headers, ResponseReader, WireError

BOUNDS = Bounds(head_bytes=1000, head_count=10)


@dataclass
class Taken:
    """What a reader found."""

    status: int = 0
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    def begin(self, status: int, headers: Headers) -> None:
        assert self.status == 0
        self.status, self.headers = status, headers

    def take(self, piece: bytes) -> None:
        assert self.status
        self.body += piece


def reading(*pieces: bytes, bounds: Bounds = BOUNDS) -> tuple[ResponseReader, Taken]:
    reader, taken = ResponseReader(bounds), Taken()
    reader.expect(taken)
    for piece in pieces:
        reader.feed(piece)
    return reader, taken


def test_one_after_the_other() -> None:
    reader, taken = reading(answer(b"one", x_a="1"))
    assert (reader.complete, reader.keeps, taken.body, taken.headers["X-A"]) == (
        True,
        True,
        b"one",
        "1",
    )
    second = Taken()
    reader.expect(second)
    assert not reader.touched
    reader.feed(answer(b"two"))
    assert (second.body, "x-a" in second.headers, reader.keeps) == (b"two", False, True)


@pytest.mark.parametrize("reply", [answer(b"abc"), STREAM_HEAD + chunk(b"abc") + LAST_CHUNK])
def test_split_at_every_byte(reply: bytes) -> None:
    for at in range(len(reply) + 1):
        reader, taken = reading(reply[:at], reply[at:])
        assert (reader.complete, taken.body) == (True, b"abc")
    reader, taken = reading(*(reply[at : at + 1] for at in range(len(reply))))
    assert (reader.complete, taken.body) == (True, b"abc")


def test_of_several_headers_with_one_name_the_first_counts() -> None:
    _, taken = reading(b"HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nB:\r\ncontent-length: 0\r\n\r\n")
    assert dict(taken.headers) == {"a": "1", "b": "", "content-length": "0"}
    assert (len(taken.headers), taken.headers.get("c"), taken.headers.get("C", "d")) == (
        3,
        None,
        "d",
    )
    with pytest.raises(KeyError):
        taken.headers["c"]


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (b"SSH-2.0\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\ncontent-length: 0\n\n", "not HTTP"),
        (b"HTTP/1.1 099 OK\r\n\r\n", "status 99"),
        (head(content_length="-1"), "not HTTP"),
        (head(content_length="3", transfer_encoding="chunked"), "Transfer-Encoding"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n", "not HTTP"),
        (STREAM_HEAD + b"zz\r\n", "not HTTP"),
        (STREAM_HEAD + b"fffffffffffffffff\r\n", "not HTTP"),
        (head(200, a="\0"), "not HTTP"),
    ],
)
def test_what_is_no_answer(reply: bytes, says: str) -> None:
    with pytest.raises(WireError, match=says):
        reading(reply)


def test_an_upgrade_is_an_answer_that_ends_the_connection() -> None:
    reply = b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nrest"
    reader, taken = reading(reply)
    assert (taken.status, taken.body, reader.complete, reader.keeps) == (101, b"", True, False)


class TestBounds:
    @pytest.mark.parametrize("split", [1, 7, 999])
    def test_a_header_without_end(self, split: int) -> None:
        endless = b"HTTP/1.1 200 OK\r\nx-a: " + b"a" * 5000
        with pytest.raises(WireError, match="1000 bytes"):
            reading(*(endless[at : at + split] for at in range(0, len(endless), split)))

    def test_large_headers_that_come_with_their_body(self) -> None:
        with pytest.raises(WireError, match="headers exceed 1000 bytes"):
            reading(answer(b"abc", x_a="a" * 1000))

    def test_many_headers(self) -> None:
        reading(answer(b"abc", **{f"x{n}": "" for n in range(8)}))
        with pytest.raises(WireError, match="more than 10 headers"):
            reading(answer(b"abc", **{f"x{n}": "" for n in range(9)}))

    def test_interim_answers_without_end(self) -> None:
        with pytest.raises(WireError, match="1000 bytes"):
            reading(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 1000)

    def test_a_trailer_without_end(self) -> None:
        with pytest.raises(WireError, match="1000 bytes"):
            reading(STREAM_HEAD + chunk(b"abc") + b"0\r\nx-a: ", *[b"a" * 100] * 1000)

    def test_many_trailers(self) -> None:
        with pytest.raises(WireError, match="more than 10 headers"):
            reading(STREAM_HEAD + chunk(b"abc") + b"0\r\n" + b"x: y\r\n" * 11)

    def test_a_chunk_extension_without_end(self) -> None:
        with pytest.raises(WireError, match="1000 bytes"):
            reading(STREAM_HEAD + b"3;a=", *[b"a" * 100] * 1000)

    def test_long_bodies_and_long_streams_are_none_of_it(self) -> None:
        reading(answer(b"a" * 100_000)[:50], answer(b"a" * 100_000)[50:])
        reader, taken = reading(STREAM_HEAD, *[chunk(b"a")] * 5000, LAST_CHUNK)
        assert (reader.complete, len(taken.body)) == (True, 5000)


class TestEnd:
    def test_of_a_body_that_ends_with_the_connection(self) -> None:
        reader, taken = reading(head(), b"abc")
        reader.end()
        assert (reader.complete, reader.keeps, taken.body) == (True, False, b"abc")

    @pytest.mark.parametrize(
        ("reply", "says"),
        [
            (b"", "before its answer"),
            (b"HTTP/1.1 200", "before its answer"),
            (b"HTTP/1.1 100 Continue\r\n\r\n", "before its answer"),
            (head(content_length="3") + b"ab", "within its answer"),
            (STREAM_HEAD + chunk(b"ab"), "within its answer"),
            (head(transfer_encoding="gzip") + b"ab", "within its answer"),
        ],
    )
    def test_that_comes_too_early(self, reply: bytes, says: str) -> None:
        reader, _ = reading(reply)
        with pytest.raises(WireError, match=says):
            reader.end()
        assert not reader.keeps

    def test_after_a_whole_answer(self) -> None:
        reader, _ = reading(answer(b"abc"))
        reader.end()
        assert (reader.complete, reader.keeps) == (True, False)


@pytest.mark.parametrize("more", [answer(b"x"), b"x", b"HTTP/1.1 200 OK\r\n"])
def test_what_comes_after_the_answer_is_nobody_s(more: bytes) -> None:
    reader, taken = reading(answer(b"abc") + more)
    assert (reader.complete, reader.keeps, taken.body) == (True, False, b"abc")
    reader, taken = reading(answer(b"abc"), more)
    assert (reader.complete, reader.keeps, taken.body) == (True, False, b"abc")


def test_a_freed_reader_needs_no_garbage_collector() -> None:
    reader, _ = reading(answer(b"abc"))
    held = weakref.ref(reader)
    gc.disable()
    try:
        reader.free()
        reader.feed(b"more")
        del reader
        assert held() is None
    finally:
        gc.enable()
