"""Fuzzes the watcher of event streams: mutated streams, cut anywhere, fed in random pieces.

Each case is fed twice, in pieces and at once, and both must say the same. Nothing may be raised, a
first token is told once at most, and what is kept of a stream is bounded. A million cases:
``PYTHONPATH=tests python -m support.stream_fuzz --cases 1000000``.
"""

from __future__ import annotations

import random
import time

from support.reader_fuzz import as_command, cut, mutated
from support.scripted import spoken
from zeta_router.gateway.answer.reading import read_whole
from zeta_router.gateway.answer.rename import rename_whole
from zeta_router.gateway.answer.stream import _LAST_CHUNKS, TAIL_BYTES, SseWatcher

HELD_BYTES = 300_000
"""Most that a watcher may keep: the longest line that it looks into, and the end of the stream."""

TOKENS = (
    b"\n",
    b"\r\n",
    b"\n\n",
    b"data:",
    b"data: [DONE]\n\n",
    b"\ndata:\n",
    b": keep-alive\n\n",
    b"event: error\n",
    b'data: {"error":{"message":"x"}}\n\n',
    b'data: {"choices":[]}\n\n',
    b'data: {"choices":[{"delta":{"content":""},"finish_reason":"length"}]}\n\n',
    b'data: {"choices":[{"delta":{"tool_calls":[{}]}}],"model":5}\n\n',
    b'data: {"usage":{"completion_tokens":-1}}\n\n',
    b'data: {"type":"response.completed","response":{"usage":{"output_tokens":1e3}}}\n\n',
    b"data: " + b"[" * 1200 + b"\n",
    b'data: {"choices":' + b"9" * 400 + b"}\n",
    b"\xff\xfe",
    b"\0",
    b"\xe2\x82",
)


def corpus() -> list[bytes]:
    """Streams that mutations start from."""
    usage = {"prompt_tokens": 3, "completion_tokens": 5}
    made = [b"".join(spoken(*["a "] * n)) for n in (1, 2, 7, 40)]
    made += [b"".join(spoken("ü", "b", usage=usage)), b"data: [DONE]\n\n", b""]
    return made + [one.replace(b"\n", b"\r\n") for one in made]


Said = tuple[int, int, int | None, str | None, bool, str | None, bool]


def watched(pieces: list[bytes]) -> Said:
    """What a new watcher says of a stream in pieces."""
    first: list[int] = []
    watcher = SseWatcher(lambda: first.append(1))
    for piece in pieces:
        watcher.feed(piece)
        last_bytes = sum(map(len, watcher._last))
        assert last_bytes == watcher._last_bytes < 2 * TAIL_BYTES
        assert len(watcher._last) <= _LAST_CHUNKS
        held = len(watcher._partial) + last_bytes + len(watcher._edge)
        assert held <= HELD_BYTES + len(piece)
        assert watcher.waits != bool(first)
    reading = watcher.end()
    assert len(first) <= 1
    assert reading.events >= 0
    tokens = reading.output_tokens
    reason = reading.finish_reason
    return (
        len(first),
        reading.events,
        tokens,
        reason,
        reading.complete,
        watcher.model,
        reading.says_nothing,
    )


def case(draws: random.Random, streams: list[bytes]) -> None:
    """One case."""
    data = mutated(draws, draws.choice(streams), draws.choice(streams), TOKENS)[:20_000]
    pieces = cut(draws, data)
    split, once = watched(pieces), watched([data])
    assert split == once, (data, [len(piece) for piece in pieces], split, once)
    if draws.random() < 0.2:
        read_whole(data)
        rename_whole(data, "m")


def fuzz(cases: int, seed: int) -> dict[str, float]:
    """Run cases; how long they took."""
    draws = random.Random(seed)
    streams = corpus()
    began_s = time.perf_counter()
    for _ in range(cases):
        case(draws, streams)
    took_s = time.perf_counter() - began_s
    return {"cases": cases, "took_s": took_s, "cases_per_s": cases / took_s}


if __name__ == "__main__":
    as_command(fuzz, __doc__)
