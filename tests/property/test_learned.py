"""A router that starts from what another one learned decides as that one would have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.bench import Bench
from support.fleets import endpoint, fleet
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import GENERATIVE_TASKS, Query, Slo, Task, TaskEstimate, TopicShare
from zeta_router.learn.task.ask import FEATURE_NAMES
from zeta_router.router.commands import DecisionRecord
from zeta_router.router.events import Feedback

AWAY_S = 1234.5
"""How far the clocks of the two routers lie apart."""


@dataclass(frozen=True)
class Step:
    """One query, from its arrival to a judgement of its answer."""

    task: Task
    topic: str
    prompt_tokens: int
    output_tokens: int
    token_s: float
    ttft_s: float
    score: float
    gap_s: float
    feature: float
    together: bool


STEPS = st.lists(
    st.builds(
        Step,
        task=st.sampled_from(GENERATIVE_TASKS),
        topic=st.sampled_from(["", "/maths", "/law"]),
        prompt_tokens=st.integers(1, 4000),
        output_tokens=st.integers(1, 900),
        token_s=st.floats(0.001, 0.2),
        ttft_s=st.floats(0.005, 3.0),
        score=st.sampled_from([0.0, 0.25, 1.0]),
        gap_s=st.sampled_from([0.0, 0.03, 1.0, 7.0, 70.0]),
        feature=st.floats(0.0, 9.0),
        together=st.booleans(),
    ),
    min_size=1,
    max_size=15,
)


def config(policy: str) -> FleetConfig:
    shape = [("s", "small"), ("c", "coder"), ("c2", "coder"), ("t", "thinker"), ("e", "embedder")]
    slo = {task: Slo(ttft_s=2.0, tpot_s=0.1) for task in GENERATIVE_TASKS}
    return fleet(*(endpoint(*one) for one in shape), policy=policy, slo=slo)


def play(bench: Bench, steps: list[Step], name: str) -> list[tuple[Any, ...]]:
    """Send the steps' events; what was decided, with every score."""
    before = len(bench.records)
    for number, step in enumerate(steps):
        key = f"{name}{number}"
        share = TopicShare(step.task.value + step.topic, step.task, 1.0)
        asked = Query(
            key,
            bench.now_s,
            task=TaskEstimate(step.task, (share,)),
            prompt_tokens=step.prompt_tokens,
            features=(step.feature,) * len(FEATURE_NAMES),
        )
        bench.arrive(asked)
        if not step.together:
            serve_all(bench, step)
        bench.advance(bench.now_s + step.gap_s)
    serve_all(bench, steps[-1])
    records = [emit.record for emit in bench.records[before:]]
    return [told(each) for each in records if isinstance(each, DecisionRecord)]


def serve_all(bench: Bench, step: Step) -> None:
    while bench.running:
        key = min(bench.running)
        bench.advance(bench.now_s + step.ttft_s)
        bench.first_token(key)
        decode_s = step.token_s * (step.output_tokens - 1)
        bench.advance(bench.now_s + decode_s)
        bench.finish(
            key,
            Outcome(
                Status.OK,
                started=True,
                ttft_s=step.ttft_s,
                e2e_s=step.ttft_s + decode_s,
                output_tokens=step.output_tokens,
                http_status=200,
            ),
        )
        bench.send(Feedback(bench.now_s, key, step.score))


def told(record: DecisionRecord) -> tuple[Any, ...]:
    """What must be the same, to the last bit where the clock does not come in."""
    decision = record.decision
    rounded = [(c.quality, c.output_tokens, round(c.ttft_s, 9)) for c in decision.candidates]
    prices = [round(c.view.price, 9) for c in decision.candidates]
    scores = [round(score, 9) for score in decision.scores]
    return decision.verdict, decision.endpoint_id, rounded, prices, scores


def saved(bench: Bench) -> dict[str, Any]:
    """What a router has learned, as it comes back from a file."""
    parts = {name: bench.router.learned_part(name) for name in bench.router.learned_names()}
    return dict(msgspec.json.decode(msgspec.json.encode(parts)))


EXACT = ("joint", "greedy", "additive", "latency", "shortest_expected")
"""Policies that look at what is kept; others break ties by the count of dispatches."""


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(policy=st.sampled_from(EXACT), before=STEPS, after=STEPS)
def test_a_restored_router_decides_as_the_one_that_was_saved(
    policy: str, before: list[Step], after: list[Step]
) -> None:
    first = Bench(config(policy))
    play(first, before, "a")
    first.advance(first.now_s + 11.0)
    second = Bench(config(policy))
    second.now_s = first.now_s + AWAY_S
    left = second.router.restore(saved(first), second.now_s, AWAY_S)
    assert left == {}
    assert saved(second).keys() == saved(first).keys()
    first.router.restore(saved(first), first.now_s)  # heads may keep cached views of themselves
    assert play(second, after, "b") == play(first, after, "b")


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(before=STEPS, data=st.data())
def test_damage_anywhere_is_told_and_leaves_a_router_that_works(
    before: list[Step], data: st.DataObject
) -> None:
    first = Bench(config("joint"))
    play(first, before, "a")
    parts = saved(first)
    name = data.draw(st.sampled_from(sorted(parts)))
    damaged(parts, name, data)
    second = Bench(config("joint"))
    second.now_s = first.now_s
    second.router.restore(parts, second.now_s, 0.0)
    assert len(play(second, before, "b")) >= len(before)


def damaged(parts: dict[str, Any], name: str, data: st.DataObject) -> None:
    """Replace a value somewhere inside a part by something else."""
    place: Any = parts
    key: Any = name
    while isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
        place = place[key]
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
    place[key] = data.draw(st.sampled_from([None, "x", [], {}, -1e308, [[1, 2], "y"], 7]))
