"""An embedding that is late at one engine is asked of another, and the slower one is let go."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from support.asking import Said
from support.gateways import Gateway, MovableLoop, gateway, on_loopback
from support.scripted import ScriptedEngine, Step, say_and_close, say_and_hang, when, whole
from zeta_router.control.hedge import LEAST_SEEN
from zeta_router.core.fleet import Limits
from zeta_router.core.outcome import Status

VECTOR = {
    "object": "list",
    "model": "engine-file.gguf",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5] * 8}],
    "usage": {"prompt_tokens": 3, "total_tokens": 3},
}
LIMITS = Limits(10, 60.0, 2, hedge_ratio=0.2)
LOOPS = [MovableLoop, uvloop.new_event_loop]


async def embed(made: Gateway) -> Said:
    """One request for a vector."""
    return await made.ask({"model": "auto", "input": "a text"}, "/v1/embeddings")


async def warm(made: Gateway, *engines: ScriptedEngine) -> None:
    """Have both engines answer often enough to know what is usual."""
    for _ in range(3 * LEAST_SEEN):
        assert (await embed(made)).status == 200
    made.records.clear()
    for engine in engines:
        engine.otherwise = say_and_hang()


def replicas() -> tuple[ScriptedEngine, ScriptedEngine]:
    return ScriptedEngine(otherwise=whole(VECTOR)), ScriptedEngine(otherwise=whole(VECTOR))


@pytest.mark.parametrize("loop", LOOPS)
def test_the_copy_answers_and_the_late_engine_is_let_go(loop: type) -> None:
    async def scenario() -> None:
        slow, quick = replicas()
        fleet = (("slow", "embedder", slow), ("quick", "embedder", quick))
        async with gateway(*fleet, limits=LIMITS, policy="round_robin") as made:
            await warm(made, slow)
            slow.left = 0
            attempts = ""
            while attempts != "2":  # the first one goes to the slow engine by and by
                got = await embed(made)
                attempts = got.headers["x-zeta-attempts"]
                assert (got.status, got.headers["x-zeta-endpoint"]) == (200, "quick")
                assert got.json["data"] == VECTOR["data"]
            assert made.outcomes[-1].status is Status.HEDGE_LOST
            await made.until(lambda: slow.left >= 1)
            assert made.states() == {"slow": "up", "quick": "up"}

    on_loopback(scenario, loop)


def test_the_first_engine_may_still_be_the_faster_one() -> None:
    async def scenario() -> None:
        one, two = replicas()
        async with gateway(
            ("one", "embedder", one), ("two", "embedder", two), limits=LIMITS, policy="round_robin"
        ) as made:
            await warm(made, one, two)
            go = asyncio.Event()
            one.otherwise = two.otherwise = when(go, whole(VECTOR))
            asking = asyncio.create_task(embed(made))
            await made.until(lambda: sum(made.in_flight().values()) == 2)
            go.set()
            got = await asking
            assert got.status == 200
            assert sorted(o.status for o in made.outcomes) == [Status.HEDGE_LOST, Status.OK]

    on_loopback(scenario)


FAILING: dict[str, Step] = {
    "error": whole({"error": "boom"}, status=500),
    "broken": say_and_close(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
    "no vectors": whole({"object": "list", "data": []}),
}


@pytest.mark.parametrize("fault", FAILING)
def test_a_copy_that_fails_leaves_the_first_one_alone(fault: str) -> None:
    async def scenario() -> None:
        one, two = replicas()
        async with gateway(
            ("one", "embedder", one), ("two", "embedder", two), limits=LIMITS, policy="round_robin"
        ) as made:
            await warm(made)
            go = asyncio.Event()
            first = one if (await embed(made)).headers["x-zeta-endpoint"] == "two" else two
            second = two if first is one else one
            first.otherwise = when(go, whole(VECTOR))
            second.otherwise = FAILING[fault]
            made.records.clear()
            asking = asyncio.create_task(embed(made))
            await made.until(lambda: made.outcomes)
            assert made.outcomes[0].status is Status.UPSTREAM_ERROR
            go.set()
            got = await asking
            assert (got.status, got.json["data"]) == (200, VECTOR["data"])

    on_loopback(scenario)


def test_when_the_first_fails_meanwhile_the_copy_is_the_answer() -> None:
    async def scenario() -> None:
        one, two = replicas()
        async with gateway(
            ("one", "embedder", one), ("two", "embedder", two), limits=LIMITS, policy="round_robin"
        ) as made:
            await warm(made)
            fail, go = asyncio.Event(), asyncio.Event()
            first = one if (await embed(made)).headers["x-zeta-endpoint"] == "two" else two
            second = two if first is one else one
            first.otherwise = when(fail, whole({"error": "boom"}, status=500))
            second.otherwise = when(go, whole(VECTOR))
            made.records.clear()
            asking = asyncio.create_task(embed(made))
            await made.until(lambda: sum(made.in_flight().values()) == 2)
            fail.set()
            await made.until(lambda: made.outcomes)
            go.set()
            got = await asking
            assert (got.status, got.headers["x-zeta-attempts"]) == (200, "2")

    on_loopback(scenario)


@pytest.mark.parametrize("after_failure", [False, True])
def test_a_client_that_leaves_frees_both_engines(after_failure: bool) -> None:
    async def scenario() -> None:
        one, two = replicas()
        async with gateway(
            ("one", "embedder", one), ("two", "embedder", two), limits=LIMITS, policy="round_robin"
        ) as made:
            await warm(made, one, two)
            fail = asyncio.Event()
            if after_failure:
                step = when(fail, whole({"error": "boom"}, status=500))
                one.otherwise = step
            one.left = two.left = 0
            asking = asyncio.create_task(embed(made))
            await made.until(lambda: sum(made.in_flight().values()) == 2)
            if after_failure:
                fail.set()
                await made.until(lambda: made.outcomes)
            asking.cancel()
            await made.until(lambda: made.idle)
            await made.until(lambda: one.left + two.left == (1 if after_failure else 2))

    on_loopback(scenario)
