"""A test in virtual time: the policy really changes, and blocks hold what arrived in them."""

from __future__ import annotations

import asyncio
from random import Random

from zeta_router.app.ab.design import Block, Design
from zeta_router.app.ab.session import conduct
from zeta_router.app.ab.simulated import SimulatedArms
from zeta_router.app.ab.verdict import BlockFigures, Verdict
from zeta_router.core.fleet import Endpoint, FleetConfig, Model
from zeta_router.core.query import Slo, Task, certain
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.sim.conditions import Conditions
from zeta_router.sim.drive import Drive
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.workload.queries import Card, Outcome, Played
from zeta_router.sim.workload.tables import Prompt

FLEET = FleetConfig(
    models={
        "small": Model("small", {Task.SIMPLE: 0.5}),
        "large": Model("large", {Task.SIMPLE: 0.9}),
    },
    endpoints=(
        Endpoint("a", "http://127.0.0.1:1", "small", slots=8),
        Endpoint("b", "http://127.0.0.1:2", "large", slots=8),
    ),
    routes={Task.SIMPLE: "small"},
)
SPECS = {"a": EngineSpec(9000, 0.005, 0.0005, 8), "b": EngineSpec(9000, 0.005, 0.0005, 8)}


def drive(seconds: float, rate_per_s: float = 4.0) -> Drive:
    """`small` is worth 0, `large` 1, so that a block's worth says which policy decided."""
    random, at_s, queries = Random(2), 0.0, []
    outcomes = {"small": Outcome(0.0, 20), "large": Outcome(1.0, 20)}
    while at_s < seconds:
        prompt = Prompt("p", "sums", "", 50, {})
        card = Card(prompt, "sums", Task.SIMPLE, certain(Task.SIMPLE), (), Slo(2.0), outcomes)
        queries.append(Played(f"q{len(queries)}", at_s, card, 50, outcomes))
        at_s += random.expovariate(rate_per_s)
    router = ZetaDynamicRouter(FLEET, RuleClassifier(), seed=1)
    return Drive(router, SPECS, queries, Conditions())


def test_the_policy_decides_in_its_own_blocks_only() -> None:
    design = Design("static", "quality_only", 20.0, 160.0)
    seen: list[tuple[Block, BlockFigures]] = []
    arms = SimulatedArms(drive(200.0), FLEET)
    progress = asyncio.run(conduct(design, arms))
    seen = progress.blocks
    assert len(seen) == 8
    for block, figures in seen:
        assert figures.worth == float(block.policy == "quality_only")
        assert figures.arrivals > 30
        assert figures.lost == figures.refused == 0
        assert figures.ttft_p50_s is not None


def test_it_stops_by_itself_and_leaves_the_rest_unplayed() -> None:
    run = drive(2000.0)
    progress = asyncio.run(
        conduct(Design("static", "quality_only", 20.0, 2000.0), SimulatedArms(run, FLEET))
    )
    assert progress.verdict is Verdict.B_BETTER
    assert progress.stopped_early
    assert run.kernel.now_s < 500.0


def test_a_load_that_ends_early_ends_the_test() -> None:
    progress = asyncio.run(
        conduct(Design("static", "greedy", 20.0, 400.0), SimulatedArms(drive(50.0), FLEET))
    )
    assert len(progress.blocks) == 3  # of the fourth nothing came
    assert progress.found is not None
    assert progress.found.pairs == 1


def test_the_last_block_counts_when_its_last_query_has_ended_before_it() -> None:
    """Nothing is under way at the end of a light load, and the test is whole all the same."""
    run = drive(79.0, rate_per_s=0.2)
    assert run.records[-1].played.at_s < 79.0
    design = Design("static", "greedy", 20.0, 80.0)
    progress = asyncio.run(conduct(design, SimulatedArms(run, FLEET)))
    assert run.is_over
    assert len(progress.blocks) == 4
