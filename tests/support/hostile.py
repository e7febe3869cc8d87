"""What hostile and slow clients send, and how each of it is answered: the table of the docs."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass

from support.gateways import CHAT, MESSAGES, request_bytes

BODY_BYTES = 5000
"""Largest body of the gateway that the cases are sent to."""

BODY = json.dumps({"model": "auto", "messages": MESSAGES}).encode()
_POST = b"POST /v1/chat/completions HTTP/1.1\r\n"
_CHUNKED = _POST + b"host: x\r\ntransfer-encoding: chunked\r\n\r\n"
_WHOLE = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent at once, and the status of its answer.

    Attributes:
        what: In the words of the documentation; cases of the same words are one row there.
        closes: Whether the connection is closed behind the answer.
    """

    what: str
    data: bytes
    status: int
    closes: bool = True


def _with(*lines: bytes, body: bytes = BODY) -> bytes:
    return _POST + b"host: x\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def _get(target: bytes = b"/health", *lines: bytes) -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nhost: x\r\n" + b"".join(lines) + b"\r\n"


_LENGTH = b"content-length: %d" % len(BODY)

SMUGGLED = [
    Case("a length and chunks (CL.TE)", _with(_LENGTH, b"transfer-encoding: chunked"), 400),
    Case(
        "chunks and a length (TE.CL)",
        _with(b"transfer-encoding: chunked", b"content-length: 4", body=_WHOLE),
        400,
    ),
    Case(
        "two encodings, one of them odd (TE.TE)",
        _with(b"transfer-encoding: chunked", b"transfer-encoding: cow", body=_WHOLE),
        400,
    ),
    Case(
        "two encodings, one of them odd (TE.TE)",
        _with(b"transfer-encoding: xchunked", body=_WHOLE),
        400,
    ),
    Case(
        "two encodings, one of them odd (TE.TE)",
        _with(b"transfer-encoding: chunked, identity", body=_WHOLE),
        400,
    ),
    Case(
        "a space before a header's colon", _with(b"transfer-encoding : chunked", body=_WHOLE), 400
    ),
    Case("a header that is folded over two lines", _with(_LENGTH, b"x-a: b\r\n c"), 400),
    Case(
        "a header that is folded over two lines",
        _with(b"transfer-encoding:\r\n chunked", body=_WHOLE),
        400,
    ),
    Case("two lengths", _with(_LENGTH, b"content-length: 6"), 400),
    Case("two lengths", _with(b"content-length: %d, 6" % len(BODY)), 400),
    Case("a length that is no number", _with(b"content-length: -1"), 400),
    Case("a length that is no number", _with(b"content-length: +5"), 400),
    Case("a length that is no number", _with(b"content-length: 0x10"), 400),
    Case("a length that is no number", _with(b"content-length: 1e3"), 400),
    Case("a length that is no number", _with(b"content-length: "), 400),
    Case("a length beyond 2^64", _with(b"content-length: 99999999999999999999"), 400),
    Case("bare line feeds", _with(_LENGTH).replace(b"\r\n", b"\n"), 400),
    Case("bare line feeds", _POST + b"host: x\n" + _LENGTH + b"\r\n\r\n" + BODY, 400),
    Case("a bare carriage return", _with(_LENGTH, b"x: a\rb: c"), 400),
    Case("a NUL in a header", _with(_LENGTH, b"x: a\0b"), 400),
    Case("a header without a name", _with(_LENGTH, b": v"), 400),
    Case("a character in a header's name that none may have", _with(_LENGTH, b"x[]: v"), 400),
    Case("two hosts", _with(_LENGTH, b"host: y"), 400),
    Case("a chunk's size that is no number", _CHUNKED + b"zz\r\n", 400),
    Case("a chunk's size that is no number", _CHUNKED + b"-5\r\nabcde\r\n0\r\n\r\n", 400),
    Case("a chunk's size that is no number", _CHUNKED + b"0x5\r\nabcde\r\n0\r\n\r\n", 400),
    Case("a chunk's size beyond 2^64", _CHUNKED + b"f" * 17 + b"\r\nabc", 400),
    Case("a chunk longer than it says", _CHUNKED + b"3\r\nabcde\r\n0\r\n\r\n", 400),
    Case("a chunk that ends in a bare line feed", _CHUNKED + b"5\nabcde\n0\n\n", 400),
    Case("bytes behind the body that are no request", _with(_LENGTH) + b"x y z\r\n\r\n", 400),
    Case("TLS on a port without", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    Case("HTTP/2 on a port without", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    Case("a version that there is not", b"GET / HTTP/9.9\r\nhost: x\r\n\r\n", 400),
    Case("HTTP/0.9 or HTTP/2 in a request line", b"GET /health HTTP/0.9\r\nhost: x\r\n\r\n", 400),
    Case("HTTP/0.9 or HTTP/2 in a request line", b"GET /health HTTP/2.0\r\nhost: x\r\n\r\n", 400),
    Case(
        "a compressed body that cannot be decompressed",
        request_bytes(CHAT, b"\x1f\x8b" + b"?" * 500, content_encoding="gzip"),
        400,
    ),
    Case(
        "a compressed body that cannot be decompressed",
        request_bytes(CHAT, b"no zlib", content_encoding="deflate", content_length="1000"),
        400,
    ),
    Case("no HTTP at all", b"\0\1\2\3\r\n\r\n", 400),
]
"""Requests of which two parsers may find different ends, and what is no request."""

TOO_LARGE = [
    Case("a body over `limits.body_bytes`", request_bytes(CHAT, b" " * 5001), 413, closes=False),
    Case(
        "a body over `limits.body_bytes`, in chunks",
        _CHUNKED + b"1389\r\n" + b" " * 5001 + b"\r\n0\r\n\r\n",
        413,
        closes=False,
    ),
    Case(
        "a body over `limits.body_bytes`, once decompressed",
        request_bytes(CHAT, gzip.compress(b" " * 1_000_000), content_encoding="gzip"),
        413,
        closes=False,
    ),
    Case("a header over `limits.header_bytes`", _get(b"/health", b"x: " + b"a" * 9000), 431),
    Case("a header over `limits.header_bytes`", _get(b"/health", b"x" * 9000 + b": a"), 431),
    Case("a request line over `limits.header_bytes`", _get(b"/" + b"a" * 9000), 431),
    Case("more headers than `limits.header_count`", _get(b"/health", b"x: a\r\n" * 200), 431),
    Case(
        "JSON nested more than 1,000 deep",
        request_bytes(CHAT, BODY[:-1] + b',"x":' + b"[" * 1200 + b"]" * 1200 + b"}"),
        400,
        closes=False,
    ),
]
"""What is refused for its size."""
