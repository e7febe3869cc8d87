"""The second opinion in a gateway on real sockets: the client's query goes where it points."""

from __future__ import annotations

import json

import numpy as np
import pytest

from support.gateways import Gateway, gateway, on_loopback
from support.scripted import ScriptedEngine, whole
from zeta_router.core.query import Task
from zeta_router.gateway.second_opinion import SecondOpinion, SecondOpinionSettings
from zeta_router.gateway.upstream import AiohttpUpstream
from zeta_router.learn.task.embedded import EmbedderHead
from zeta_router.learn.task.protocol import DEFAULT_COSTS
from zeta_router.router.commands import DecisionRecord

HEAD = EmbedderHead(
    np.array([[-9.0, 0.0, 9.0]] * 2, np.float32), np.zeros(3, np.float32), 1, "e5", ""
)
UNSURE = "Is it far from a to b if c is between?"
PLAIN = "What is the capital of France?"


def vector(values: list[float]) -> bytes:
    return json.dumps({"data": [{"index": 0, "embedding": values}]}).encode()


def with_second(made: Gateway, below: float) -> SecondOpinion:
    """Put a second opinion into a running gateway."""
    settings = SecondOpinionSettings(HEAD, DEFAULT_COSTS, below=below, wait_s=30.0)
    upstream = AiohttpUpstream(made.session)
    second = SecondOpinion(made.driver, upstream, settings, new_id=lambda: "embedding")
    made.server._relay._second = second
    return second


@pytest.mark.parametrize(("towards", "engine"), [([1.0, 1.0], "t"), ([-1.0, -1.0], "s")])
def test_an_uncertain_query_goes_where_its_embedding_points(
    towards: list[float], engine: str
) -> None:
    async def scenario() -> None:
        engines = {name: ScriptedEngine(otherwise=whole()) for name in "st"}
        embedder = ScriptedEngine(otherwise=whole(vector(towards)))
        async with gateway(
            ("s", "small", engines["s"]),
            ("t", "thinker", engines["t"]),
            ("e", "embedder", embedder),
        ) as made:
            second = with_second(made, below=1.0)
            got = await made.ask({"messages": [{"role": "user", "content": UNSURE}]})
            assert got.status == 200
            assert got.headers["x-zeta-endpoint"] == engine
            assert embedder.asked[0].path == "/v1/embeddings"
            assert embedder.asked[0].json["input"] == UNSURE
            assert (second.tally.asked, second.tally.answered) == (1, 1)
            decided = [r for r in made.records if isinstance(r, DecisionRecord)][-1]
            assert decided.query.task is not None
            assert decided.query.task.task in (Task.SIMPLE, Task.REASONING)

    on_loopback(scenario)


def test_a_certain_query_is_not_held_up() -> None:
    async def scenario() -> None:
        small, embedder = ScriptedEngine(otherwise=whole()), ScriptedEngine(otherwise=whole())
        async with gateway(("s", "small", small), ("e", "embedder", embedder)) as made:
            second = with_second(made, below=0.01)
            got = await made.ask({"messages": [{"role": "user", "content": PLAIN}]})
            assert got.status == 200
            assert embedder.asked == []
            assert second.tally.uncertain == 0

    on_loopback(scenario)
