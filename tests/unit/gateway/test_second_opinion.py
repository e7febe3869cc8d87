"""When an embedder is asked about a query's task, what comes of it, and that nobody waits for it.

The driver and the router are the real ones. The embedder answers when the test lets it; time is the
loop's own and is moved by hand.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest

from support.fleets import endpoint, fleet
from support.gateways import MovableLoop
from zeta_router.core.fleet import Endpoint, FleetConfig
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Operation, Query, Slo, Task, TaskEstimate, certain
from zeta_router.gateway.driver import RouterDriver
from zeta_router.gateway.second_opinion import TENANT, SecondOpinion, SecondOpinionSettings
from zeta_router.gateway.upstream import Answer, BrokenError
from zeta_router.learn.task.embedded import EmbedderHead
from zeta_router.learn.task.protocol import DEFAULT_COSTS, estimate_of
from zeta_router.router.commands import DecisionRecord, OutcomeRecord, Record
from zeta_router.router.events import Probed
from zeta_router.router.router import ZetaDynamicRouter

HEAD = EmbedderHead(
    np.array([[-4.0, 0.0, 4.0], [4.0, 0.0, -4.0]], np.float32),
    np.zeros(3, np.float32),
    1.0,
    "e5",
    "f",
)
REASONING, SIMPLE = [1.0, 0.0], [0.0, 1.0]
WAIT_S = 0.05
ASK = Query("q", 0.0, features=(1.0,), prompt_tokens=20)


class Says:
    """A classifier of one opinion."""

    costs = DEFAULT_COSTS

    def __init__(self, simple: float, code: float, reasoning: float) -> None:
        self.masses = (simple, code, reasoning)

    def estimate(self, features: tuple[float, ...], operation: Operation) -> TaskEstimate:
        if operation is Operation.EMBEDDING:
            return certain(Task.EMBEDDING)
        return estimate_of(self.masses, DEFAULT_COSTS)


DOUBT = Says(0.6, 0.05, 0.35)


@dataclass
class Reply:
    """An answer that is complete when it is let go."""

    body: bytes
    status: int = 200
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-length": "9"})
    closed: bool = False

    async def read(self) -> bytes:
        await self.gate.wait()
        return self.body

    async def pour(self, take: Callable[[bytes], bool]) -> bool:
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True


def vector(values: Sequence[float]) -> bytes:
    return json.dumps({"data": [{"index": 0, "embedding": values}], "usage": {}}).encode()


class Embedder:
    """An upstream that gives one reply and keeps what it was asked."""

    def __init__(self, reply: Reply | Exception, at_once: bool = True) -> None:
        self.reply = reply
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.was_asked = asyncio.Event()
        if at_once and isinstance(reply, Reply):
            reply.gate.set()

    async def send(
        self, endpoint: Endpoint, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        self.asked.append((endpoint.id + path, json.loads(body)))
        self.was_asked.set()
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


@dataclass
class Desk:
    """A driver with a second opinion, and its records."""

    driver: RouterDriver
    second: SecondOpinion
    embedder: Embedder
    records: list[Record]

    async def on(self, query: Query, text: str = "is it so?") -> Query:
        return await self.second.on(query, lambda: text)

    @property
    def ends(self) -> list[Status]:
        return [r.outcome.status for r in self.records if isinstance(r, OutcomeRecord)]


def run(
    scenario: Callable[[Desk], Awaitable[None]],
    embedder: Callable[[], Embedder],
    classifier: Says = DOUBT,
    config: FleetConfig | None = None,
) -> None:
    """Run a scenario; afterwards nothing may be in flight."""

    async def desk() -> None:
        loop = asyncio.get_running_loop()
        records: list[Record] = []

        async def probe(endpoint: Endpoint, generation: int, by: Operation | None = None) -> Probed:
            return Probed(loop.time(), endpoint.id, generation, alive=True)

        router = ZetaDynamicRouter(config or fleet(), classifier, seed=1)
        driver = RouterDriver(router, clock=loop.time, probe=probe, on_record=records.append)
        numbers, upstream = itertools.count(1), embedder()
        settings = SecondOpinionSettings(HEAD, DEFAULT_COSTS, wait_s=WAIT_S)
        second = SecondOpinion(driver, upstream, settings, new_id=lambda: f"e{next(numbers)}")
        await scenario(Desk(driver, second, upstream, records))
        assert router.open_cases == 0
        assert driver.waiting_handlers == 0
        await driver.close()

    with asyncio.Runner(loop_factory=MovableLoop) as runner:
        runner.run(desk())


def test_an_uncertain_query_is_refined_by_its_embedding() -> None:
    async def scenario(desk: Desk) -> None:
        found = await desk.on(ASK, "x" * 5000)
        assert found.task is not None
        assert found.task.task is Task.REASONING
        assert found.task.probability(Task.REASONING) > 0.9
        assert found.arrived_at_s > 0.0
        ((where, body),) = desk.embedder.asked
        assert where == "e/v1/embeddings"
        assert body["model"] == "embedder"
        assert len(body["input"]) < 400
        assert desk.ends == [Status.OK]
        assert desk.second.tally.changed == 1

    run(scenario, lambda: Embedder(Reply(vector(REASONING))))


def test_the_embedding_is_a_query_of_its_own_in_the_log() -> None:
    async def scenario(desk: Desk) -> None:
        await desk.on(ASK)
        (decided,) = [r for r in desk.records if isinstance(r, DecisionRecord)]
        assert decided.query.operation is Operation.EMBEDDING
        assert decided.query.tenant == TENANT
        assert decided.decision.endpoint_id == "e"

    run(scenario, lambda: Embedder(Reply(vector(SIMPLE))))


@pytest.mark.parametrize(
    ("classifier", "query"),
    [
        (Says(0.95, 0.03, 0.02), ASK),
        (DOUBT, ASK._replace(task=certain(Task.CODE))),
        (DOUBT, ASK._replace(model_requested="small")),
        (DOUBT, ASK._replace(features=())),
        (DOUBT, ASK._replace(operation=Operation.EMBEDDING)),
    ],
)
def test_who_is_certain_asks_nobody(classifier: Says, query: Query) -> None:
    async def scenario(desk: Desk) -> None:
        assert await desk.on(query) is query
        assert desk.embedder.asked == []
        assert desk.second.tally.uncertain == 0

    run(scenario, lambda: Embedder(Reply(vector(SIMPLE))), classifier)


@pytest.mark.parametrize(
    "config",
    [
        fleet(endpoint("t", "thinker"), endpoint("e", "embedder")),
        fleet(endpoint("s", "small"), endpoint("c", "coder"), endpoint("t", "thinker")),
        fleet(
            endpoint("s", "small"),
            endpoint("t", "thinker"),
            endpoint("e", "embedder"),
            slo={Task.SIMPLE: Slo(ttft_s=1e-3)},
        ),
    ],
    ids=["every task goes to one place", "no embedder", "no slack"],
)
def test_a_wait_that_is_not_worth_it_is_not_begun(config: FleetConfig) -> None:
    async def scenario(desk: Desk) -> None:
        assert await desk.on(ASK) is ASK
        assert desk.embedder.asked == []
        assert desk.second.tally.uncertain == 1

    run(scenario, lambda: Embedder(Reply(vector(SIMPLE))), config=config)


def test_a_task_that_is_out_of_the_question_does_not_count() -> None:
    """Reasoning would go elsewhere, at a probability of 1 %: simple and code go to one place."""
    config = fleet(endpoint("c", "coder"), endpoint("t", "thinker"), endpoint("e", "embedder"))
    routes = {**config.routes, Task.SIMPLE: "coder"}

    async def scenario(desk: Desk) -> None:
        assert await desk.on(ASK) is ASK

    made = fleet(*config.endpoints, routes=routes)
    run(scenario, lambda: Embedder(Reply(vector(SIMPLE))), Says(0.5, 0.49, 0.01), made)


def test_a_busy_embedder_is_left_alone() -> None:
    async def scenario(desk: Desk) -> None:
        clock = desk.driver.clock
        other = Query("b", clock(), operation=Operation.EMBEDDING, model_requested="embedder")
        desk.driver.arrive(other)
        assert await desk.on(ASK) is ASK
        assert desk.embedder.asked == []
        desk.driver.finished("b", 1, Outcome(Status.CLIENT_GONE))
        desk.driver.leave("b")

    run(scenario, lambda: Embedder(Reply(vector(SIMPLE))))


def test_a_slow_embedder_is_given_up_and_the_query_goes_on() -> None:
    async def scenario(desk: Desk) -> None:
        loop = cast(MovableLoop, asyncio.get_running_loop())
        asking = asyncio.ensure_future(desk.on(ASK))
        await desk.embedder.was_asked.wait()
        loop.move(WAIT_S)
        found = await asking
        assert found.task is None
        assert found._replace(arrived_at_s=0.0) == ASK
        assert desk.ends == [Status.CLIENT_GONE]
        assert cast(Reply, desk.embedder.reply).closed

    run(scenario, lambda: Embedder(Reply(vector(SIMPLE)), at_once=False))


@pytest.mark.parametrize(
    ("reply", "end"),
    [
        (lambda: Reply(b"no JSON"), Status.OK),
        (lambda: Reply(b'{"data": []}'), Status.OK),
        (lambda: Reply(vector([1.0, 2.0, 3.0])), Status.OK),
        (lambda: Reply(vector([0.0, 0.0])), Status.OK),
        (lambda: Reply(b"busy", 503), Status.UPSTREAM_BUSY),
        (lambda: Reply(b"bad", 400), Status.CLIENT_ERROR),
        (lambda: BrokenError("gone"), Status.UPSTREAM_ERROR),
    ],
)
def test_an_answer_that_is_none_changes_nothing(
    reply: Callable[[], Reply | Exception], end: Status
) -> None:
    async def scenario(desk: Desk) -> None:
        found = await desk.on(ASK)
        assert found.task is None
        assert desk.ends[:1] == [end]
        assert desk.second.tally.answered == 0

    run(scenario, lambda: Embedder(reply()))


def test_a_client_that_leaves_meanwhile_frees_the_embedder() -> None:
    async def scenario(desk: Desk) -> None:
        asking = asyncio.ensure_future(desk.on(ASK))
        await desk.embedder.was_asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert desk.ends == [Status.CLIENT_GONE]

    run(scenario, lambda: Embedder(Reply(vector(SIMPLE)), at_once=False))
