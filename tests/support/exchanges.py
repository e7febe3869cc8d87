"""Random exchanges of HTTP/1.1, made from a seed: what is asked, what is replied, in which pieces.

Everything that an engine may rightly send is among them, and answers that are cut. Each exchange
knows what a client must find in it. An engine that closes a connection which it could keep says so:
whether another request was already on its way would be a race.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

_NAMES = ("x-a", "X-B", "x-c", "Retry-After", "x-request-id", "Cache-Control")
_VALUES = ("", "1", "text/event-stream", "ü", "a, b", "x" * 300, "no-cache", "=?!")
_STATUSES = (200, 200, 200, 200, 201, 204, 304, 307, 400, 404, 429, 500, 503)
_INTERIM = (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
_LETTERS = b"abcdefghijklmnopqrstuvwxyz\r\n\0\xff:{}"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its reply.

    Attributes:
        request: Body of the request.
        headers: Headers of the request.
        pieces: The reply, as it is written.
        closes: Whether the engine closes the connection after it.
        whole: Whether the reply is whole; the engine closes where it is not.
        begins: Whether its headers are whole.
    """

    request: bytes
    headers: dict[str, str]
    pieces: tuple[bytes, ...]
    closes: bool
    whole: bool
    begins: bool
    status: int
    answered: dict[str, str]
    body: bytes


def exchange(seed: int) -> Exchange:
    """The exchange of a number; always the same one."""
    draws = random.Random(seed)
    status = draws.choice(_STATUSES)
    bodiless = status in (204, 304)
    body = b"" if bodiless else _body(draws)
    framing = "none" if bodiless else draws.choice(("length", "chunked", "chunked", "close"))
    given = {name: draws.choice(_VALUES) for name in draws.sample(_NAMES, draws.randrange(4))}
    version = "1.0" if framing == "close" and draws.random() < 0.3 else "1.1"
    closes = framing == "close" or draws.random() < 0.2
    lines = [f"HTTP/{version} {status} Some Reason", *(f"{n}: {v}" for n, v in given.items())]
    if framing == "length":
        lines.insert(draws.randrange(1, len(lines) + 1), f"Content-Length: {len(body)}")
    if framing == "chunked":
        lines.append(draws.choice(("Transfer-Encoding: chunked", "transfer-encoding: Chunked")))
    if closes and (framing != "close" or draws.random() < 0.7):
        lines.append("Connection: close")
    before = b"".join(draws.choices(_INTERIM, k=draws.choice((0, 0, 0, 1, 2))))
    head = before + ("\r\n".join(lines) + "\r\n\r\n").encode()
    reply = head + (_chunked(draws, body) if framing == "chunked" else body)
    whole = framing == "close" or draws.random() > 0.15
    if not whole:
        reply = reply[: draws.randrange(len(reply))]
    return Exchange(
        request=_body(draws),
        headers={"content-type": "application/json", "x-number": str(seed)},
        pieces=_split(draws, reply),
        closes=closes or not whole,
        whole=whole,
        begins=len(reply) >= len(head),
        status=status,
        answered={name.lower(): value for name, value in given.items()},
        body=body,
    )


def _body(draws: random.Random) -> bytes:
    size = draws.choice((0, 1, 17, 200, 200, draws.randrange(3000), draws.randrange(60_000)))
    return bytes(draws.choices(_LETTERS, k=min(size, 50))) * (1 + size // 50) if size else b""


def _chunked(draws: random.Random, body: bytes) -> bytes:
    parts = []
    while body:
        size = draws.choice((1, 5, 40, len(body), len(body)))
        part, body = body[:size], body[size:]
        extension = draws.choice(("", "", "", ";a=b", ';a="b c"'))
        written = f"{len(part):x}" if draws.random() < 0.8 else f"00{len(part):X}"
        parts.append(f"{written}{extension}\r\n".encode() + part + b"\r\n")
    trailers = draws.choice((b"", b"", b"x-a: late\r\n", b"X-Sum: 1\r\nx-b: 2\r\n"))
    return b"".join(parts) + b"0\r\n" + trailers + b"\r\n"


def _split(draws: random.Random, reply: bytes) -> tuple[bytes, ...]:
    """The reply in pieces; sometimes byte by byte."""
    if len(reply) < 1000 and draws.random() < 0.2:
        return tuple(reply[at : at + 1] for at in range(len(reply)))
    count = draws.choice((0, 0, 1, 1, 2, 5))
    cuts = sorted(draws.randrange(len(reply) + 1) for _ in range(count))
    return tuple(reply[a:b] for a, b in zip([0, *cuts], [*cuts, len(reply)], strict=True) if a < b)
