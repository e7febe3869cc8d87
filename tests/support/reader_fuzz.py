"""Fuzzes the lean client's reader: mutated replies, cut anywhere, fed in random pieces.

Each case is fed twice, in pieces and at once, and both must agree. Nothing but `WireError` may come
out of the reader, a sink is called in order and never after the end, and no more comes out than
went in. A million cases: ``PYTHONPATH=tests python -m support.reader_fuzz --cases 1000000``.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psutil

from support.exchanges import exchange
from zeta_router.gateway.lean.bounds import Bounds
from zeta_router.gateway.lean.reader import Headers, ResponseReader, WireError

BOUNDS = Bounds(head_bytes=4096, head_count=20)
CORPUS = 400
"""Replies that mutations start from."""

TOKENS = (
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b":",
    b" ",
    b"0\r\n\r\n",
    b"ffffffffffffffff\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    b"HTTP/9.9 999 \r\n",
    b"transfer-encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"content-length: 5\r\n",
    b"content-length: 99999999999999999999\r\n",
    b"content-length: -1\r\n",
    b"connection: close\r\n",
    b"x: " + b"y" * 5000 + b"\r\n",
    b"x: y\r\n" * 30,
    b"\xff" * 9,
)


@dataclass
class Watch:
    """A sink that checks the order in which it is called."""

    reader: ResponseReader
    status: int = 0
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    over: bool = False

    def begin(self, status: int, headers: Headers) -> None:
        assert not self.status
        assert not self.over
        assert 200 <= status <= 999 or status == 101
        self.status, self.headers = status, headers

    def take(self, piece: bytes) -> None:
        assert self.status
        assert not self.over
        assert piece
        self.body += piece


Result = tuple[str, int, dict[str, str], bytes, bool]


def run(pieces: list[bytes], *, ends: bool) -> Result:
    """Feed pieces to a new reader."""
    reader = ResponseReader(BOUNDS)
    watch = Watch(reader)
    reader.expect(watch)
    end = "open"
    try:
        for piece in pieces:
            reader.feed(memoryview(piece))
            watch.over = reader.complete
        if ends:
            reader.end()
        end = "whole" if reader.complete else "open"
    except WireError as error:
        end = "error" if str(error) and not reader.complete else "an error after the end"
    assert end in ("whole", "open", "error")
    assert len(watch.body) <= sum(map(len, pieces))
    keeps = reader.keeps
    reader.free()
    return end, watch.status, dict(watch.headers), watch.body, keeps


def mutated(
    draws: random.Random, data: bytes, other: bytes, tokens: Sequence[bytes] = TOKENS
) -> bytes:
    """Data with one to four accidents."""
    for _ in range(draws.choice((1, 1, 2, 4))):
        at = draws.randrange(len(data) + 1)
        kind = draws.randrange(7)
        if kind == 0:
            data = data[:at]
        elif kind == 1:
            data = data[:at] + draws.choice(tokens) + data[at:]
        elif kind == 2:
            data = data[:at] + draws.randbytes(draws.randrange(1, 4)) + data[at + 1 :]
        elif kind == 3:
            data = data[:at] + data[at + draws.randrange(1, 20) :]
        elif kind == 4:
            data = data[:at] + data[draws.randrange(len(data) + 1) :]
        elif kind == 5:
            data = data[:at] + other[draws.randrange(len(other) + 1) :]
        elif at < len(data):
            data = data[:at] + bytes([data[at] ^ 1 << draws.randrange(8)]) + data[at + 1 :]
    return data


def cut(draws: random.Random, data: bytes) -> list[bytes]:
    """Data in pieces, none of them empty."""
    cuts = sorted(draws.randrange(len(data) + 1) for _ in range(draws.choice((0, 1, 2, 5, 20))))
    bounds = zip([0, *cuts], [*cuts, len(data)], strict=True)
    return [data[a:b] for a, b in bounds if a < b]


def case(draws: random.Random, corpus: list[bytes]) -> None:
    """One case."""
    data = mutated(draws, draws.choice(corpus), draws.choice(corpus))[:20_000]
    pieces = cut(draws, data)
    cuts = [len(piece) for piece in pieces]
    ends = draws.random() < 0.5
    split, once = run(pieces, ends=ends), run([data] if data else [], ends=ends)
    if "error" not in (split[0], once[0]):
        assert split[:4] == once[:4], (data, cuts)
        assert once[4] or not split[4], (data, cuts)  # line breaks after an answer may pass at once
    elif split[0] != once[0]:  # only a bound may depend on the pieces
        assert len(data) > BOUNDS.head_bytes, (data, cuts)


def fuzz(cases: int, seed: int) -> dict[str, float]:
    """Run cases; how memory and objects have grown since the first tenth."""
    draws = random.Random(seed)
    corpus = [reply[:3000] for n in range(CORPUS) if (reply := b"".join(exchange(n).pieces))]
    me = psutil.Process()
    early_bytes = 0
    began_s = time.perf_counter()
    for number in range(cases):
        if number == cases // 10:
            gc.collect()
            early_bytes = me.memory_info().rss
        case(draws, corpus)
    took_s = time.perf_counter() - began_s
    gc.collect()
    left = sum(isinstance(one, ResponseReader) for one in gc.get_objects())
    grown = me.memory_info().rss - early_bytes
    return {"cases": cases, "took_s": took_s, "readers_left": left, "grown_bytes": grown}


def as_command(
    fuzz: Callable[[int, int], object], about: str | None, cases: int = 1_000_000
) -> None:
    """Fuzz as the command line says, and print what is found."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--cases", type=int, default=cases)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.stdout.write(f"{fuzz(given.cases, given.seed)}\n")


if __name__ == "__main__":
    as_command(fuzz, __doc__)
