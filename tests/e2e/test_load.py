"""Many clients at once: some leave, an engine dies; nothing else is lost and nothing leaks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from typing import Any

import aiohttp
import pytest

from support.asking import Tally, ask, chat_body, one_of_many
from support.faulty import listener
from support.process import Zeta, eventually

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300)]

SIMPLE = "Say hello."
CODE = "Write a Python function that adds two numbers."
PROOF = "Prove that the sum of two even numbers is even."
TEXTS = [SIMPLE, CODE, SIMPLE, CODE, SIMPLE, PROOF, SIMPLE]


def request_number(number: int) -> tuple[str, dict[str, Any]]:
    """A mixed workload: every third an embedding, half of the chats streamed."""
    if number % 3 == 0:
        return "/v1/embeddings", {"model": "auto", "input": f"text {number}"}
    text = TEXTS[number % len(TEXTS)]
    stream = number % 2 == 0
    return "/v1/chat/completions", chat_body(f"{text} ({number})", stream=stream, max_tokens=4)


async def play(url: str, numbers: range, dropped: dict[int, float], tally: Tally) -> None:
    """The requests of `numbers`, 16 at a time."""
    gate = asyncio.Semaphore(16)

    async def one(number: int) -> None:
        path, body = request_number(number)
        async with gate:
            await one_of_many(session, url + path, body, tally, dropped.get(number))

    timeout = aiohttp.ClientTimeout(total=120)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        await asyncio.gather(*(one(number) for number in numbers))


def counters(zeta: Zeta) -> dict[str, float]:
    """Everything that must be zero when nothing is going on."""
    fleet = ask(f"{zeta.url}/zeta/fleet").json
    counts = {f"in_flight {e['id']}": e["in_flight"] for e in fleet["endpoints"]}
    counts.update({f"queued {lane}": depth for lane, depth in fleet["queued"].items()})
    for line in ask(f"{zeta.url}/metrics").body.decode().splitlines():
        if line.startswith(("zeta_endpoint_inflight{", "zeta_queue_depth{")):
            name, _, value = line.rpartition(" ")
            counts[name] = float(value)
    return counts


def test_mixed_load_with_impatient_clients(embedded: Zeta) -> None:
    luck = random.Random(7)
    dropped = {n: luck.uniform(0.005, 1.0) for n in luck.sample(range(300), 50)}
    tally = Tally()
    asyncio.run(play(embedded.url, range(100), dropped, tally))
    after_100 = embedded.rss_bytes
    asyncio.run(play(embedded.url, range(100, 300), dropped, tally))
    growth = embedded.rss_bytes - after_100
    assert tally.failed == []
    assert tally.ok + tally.dropped == 300
    assert tally.dropped >= 20, "the drops came too late to test anything"
    assert eventually(lambda: set(counters(embedded).values()) == {0}), counters(embedded)
    print(f"\ndropped {tally.dropped}, RSS growth {growth / 1e6:.2f} MB")  # noqa: T201
    assert growth < 5e6


@pytest.mark.parametrize("victim", ["coder-7b", "embedder-4b"])
def test_a_killed_engine_loses_no_query_and_comes_back(
    embedded: Zeta, engines: dict[str, str], victim: str
) -> None:
    """The coder's queries have other capable endpoints; the embedder's wait for its restart."""
    process = listener(engines[victim])
    tally = Tally()
    back_after_s: list[float] = []

    async def kill_and_time() -> None:
        await until_busy(embedded.url, victim)
        os.kill(process.pid, signal.SIGKILL)
        start_s = time.monotonic()
        await until_back(engines[victim])
        back_after_s.append(time.monotonic() - start_s)

    async def both() -> None:
        await asyncio.gather(play(embedded.url, range(1000, 1120), {}, tally), kill_and_time())

    asyncio.run(both())
    broken = [text for text in tally.failed if "engine failed while it was answering" not in text]
    assert broken == []
    print(f"\n{victim} back after {back_after_s[0]:.1f} s; cut mid-answer: {len(tally.failed)}")  # noqa: T201
    assert back_after_s[0] < 10.0
    assert eventually(lambda: ask(f"{embedded.url}/ready").json["endpoints"][victim] == "up")
    assert eventually(lambda: set(counters(embedded).values()) == {0}), counters(embedded)


async def until_busy(url: str, endpoint_id: str) -> None:
    """Return when the endpoint has something in flight, so that a kill hits it at work."""
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{url}/zeta/fleet") as response:
                fleet = await response.json()
            if any(e["id"] == endpoint_id and e["in_flight"] for e in fleet["endpoints"]):
                return


async def until_back(url: str) -> None:
    """Return when an engine says that it is healthy; asks twenty times a second."""
    timeout = aiohttp.ClientTimeout(total=2)
    async with asyncio.timeout(60), aiohttp.ClientSession(timeout=timeout) as session:
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(f"{url}/health") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.05)
