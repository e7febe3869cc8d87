"""Endpoints that an operator takes out, and endpoints that are new, under a steady load."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support.asking import ask
from support.faulty import Faulty, faulty
from support.faulty_engine import LONG_WORDS
from support.outage import dispatches
from support.process import Zeta, configured, eventually, get_json
from support.steady_load import Ask, Fate, SteadyLoad, fate_of, mixed

SLOTS = 8
CHAT = "/v1/chat/completions"


@pytest.fixture
def engines() -> Iterator[Faulty]:
    with faulty("a", "b") as process:
        yield process


def config(engines: Faulty, *names: str) -> str:
    """These engines as replicas of one model."""
    document: dict[str, Any] = {
        "models": {"m": {"tasks": {"simple": 0.7, "code": 0.7, "reasoning": 0.7}}},
        "endpoints": [
            {
                "id": name,
                "url": engines.url(name),
                "model": "m",
                "upstream_model": name,
                "engine": "openai",
                "slots": SLOTS,
                "resources": "none",
            }
            for name in names
        ],
        "policy": "joint",
        "joint": {"floor": 0},
    }
    return json.dumps(document, indent=1)


def endpoint(zeta: Zeta, id_: str) -> dict[str, Any] | None:
    """An endpoint as the gateway reports it."""
    fleet = ask(f"{zeta.url}/zeta/fleet").json
    return next((one for one in fleet["endpoints"] if one["id"] == id_), None)


async def long_streams(zeta: Zeta, count: int) -> tuple[list[tuple[str, Fate, int]], float]:
    """Streams that run while `a` is drained: who served each, what came of it, its words.

    Drains once all are being served. Also returns when.
    """
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Talk."}]}

    async def one() -> tuple[str, Fate, int]:
        async with session.post(zeta.url + CHAT, json=body) as response:
            data = await response.read()
            served = response.headers["x-zeta-endpoint"]
            return served, fate_of(CHAT, response.status, True, data), data.count(b'"content":"')

    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.timeout(60):
        tasks = [asyncio.create_task(one()) for _ in range(count)]
        running = 0
        while running < count:
            fleet = await get_json(session, f"{zeta.url}/zeta/fleet")
            running = sum(one["in_flight"] for one in fleet["endpoints"])
            await asyncio.sleep(0.02)
        drained_s = time.time()
        async with session.post(f"{zeta.url}/zeta/endpoints/a/drain") as response:
            assert response.status == 200
        return await asyncio.gather(*tasks), drained_s


def test_a_drained_endpoint_finishes_its_streams_and_gets_nothing_new(
    engines: Faulty, tmp_path: Path
) -> None:
    for name in "ab":
        engines.set(name, "long")
    with configured(tmp_path, config(engines, "a", "b")) as zeta:
        streams, drained_s = asyncio.run(long_streams(zeta, 6))
        assert {served for served, _, _ in streams} == {"a", "b"}
        assert {fate for _, fate, _ in streams} == {Fate.OK}
        assert {words for _, _, words in streams} == {LONG_WORDS}
        assert eventually(lambda: (endpoint(zeta, "a") or {})["in_flight"] == 0)
        plan: list[tuple[str, list[Ask], float]] = [("m", mixed("m", embeds=False), 20.0)]
        for name in "ab":
            engines.set(name, "none")
        with SteadyLoad(zeta.url, plan) as load:
            assert eventually(lambda: len(load.of("m")) >= 40)
        assert {(one.endpoint, one.fate) for one in load.of("m")} == {("b", Fate.OK)}
        assert ask(f"{zeta.url}/zeta/endpoints/a/undrain", {}).status == 200
        back_s = time.time()
        with SteadyLoad(zeta.url, plan) as load:
            assert eventually(lambda: load.first_ok("m", "a", back_s) is not None)
        zeta.stop()
    sent = dispatches(tmp_path / "zeta.db", ["a"], drained_s)
    assert [at_s for at_s, _ in sent if drained_s + 0.5 < at_s < back_s] == []


def test_a_new_endpoint_is_neither_flooded_nor_starved(engines: Faulty, tmp_path: Path) -> None:
    path = tmp_path / "fleet.yaml"
    with configured(tmp_path, config(engines, "a")) as zeta:
        plan: list[tuple[str, list[Ask], float]] = [("m", mixed("m", embeds=False), 30.0)]
        with SteadyLoad(zeta.url, plan) as load:
            assert eventually(lambda: load.first_ok("m", "a", 0.0) is not None)
            path.write_text(config(engines, "a", "b"), encoding="utf-8")
            assert eventually(lambda: endpoint(zeta, "b") is not None)
            in_flight = [(endpoint(zeta, "b") or {})["in_flight"] for _ in range(5)]
            assert eventually(lambda: load.first_ok("m", "b", 0.0) is not None)
            first_s = load.first_ok("m", "b", 0.0) or 0.0
            assert eventually(lambda: len(load.of("m", first_s)) >= 90)
        zeta.stop()
    assert {one.fate for one in load.of("m")} == {Fate.OK}
    sent = dispatches(tmp_path / "zeta.db", ["a", "b"], first_s)
    shares = Counter(endpoint_id for _, endpoint_id in sent)
    print(f"\nin flight at first {in_flight}, then {dict(shares)}")  # noqa: T201
    assert max(in_flight) <= SLOTS // 2, "flooded"
    assert 0.15 < shares["b"] / shares.total() < 0.85, "starved, or the other one is"
