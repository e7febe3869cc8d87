"""The live arms in virtual time, with a gateway that only remembers its policy."""

from __future__ import annotations

import asyncio
from itertools import repeat
from typing import Any, cast

import pytest

from support.fleets import fleet
from support.virtual_engine import virtually
from zeta_router.app.ab.design import Design
from zeta_router.app.ab.live import LiveArms
from zeta_router.app.ab.session import Progress, conduct
from zeta_router.app.ab.verdict import Verdict
from zeta_router.app.bench.prompts import Ask
from zeta_router.app.bench.sending import End, Reply
from zeta_router.app.cli.sources import of_fleet
from zeta_router.app.config import LoadedConfig
from zeta_router.app.running import RunningGateway
from zeta_router.core.query import Slo

ASK = Ask("Hi", "t", {"small": 0.2, "coder": 0.9})
ANSWER_S = 3.0


class Gateway:
    """Takes a configuration over."""

    def __init__(self) -> None:
        self.policy = ""
        self.changes: list[tuple[float, str]] = []

    def apply(self, config: LoadedConfig) -> None:
        self.policy = config.fleet.policy
        self.changes.append((asyncio.get_running_loop().time(), self.policy))


async def run(
    design: Design,
    gateway: Gateway,
    stop_at_s: float | None = None,
    load_s: float | None = None,
    **ends: Any,
) -> tuple[Progress, LiveArms]:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    async def send(ask: Ask, reply: Reply) -> None:
        reply.model = "coder" if gateway.policy == "quality_only" else "small"
        reply.ttft_s = 0.5
        await asyncio.sleep(ANSWER_S)
        reply.e2e_s = ANSWER_S
        reply.end = End.ANSWERED

    if stop_at_s is not None:
        loop.call_later(stop_at_s, stop.set)
    arms = LiveArms(
        cast(RunningGateway, gateway),
        of_fleet(fleet(), "test"),
        [0.5 * n for n in range(int((load_s or design.limit_s) / 0.5))],
        repeat(ASK),
        send,
        Slo(**ends),
        stop,
        loop.time,
    )
    return await conduct(design, arms), arms


def test_policies_take_turns_and_each_gets_its_own_answers() -> None:
    gateway = Gateway()
    design = Design("static", "quality_only", 60.0, 240.0)
    progress, _ = virtually(run(design, gateway))
    assert gateway.changes == [(block.start_s, block.policy) for block in design.blocks()]
    assert len(progress.blocks) == 4
    for block, figures in progress.blocks:
        assert figures.arrivals == 96
        worth = 0.9 if block.policy == "quality_only" else 0.2
        assert figures.worth == pytest.approx(worth)
        assert figures.ttft_p50_s == 0.5
        assert figures.lost == figures.refused == 0


def test_it_stops_by_itself_and_sends_no_more() -> None:
    design = Design("static", "quality_only", 60.0, 6000.0)
    progress, arms = virtually(run(design, Gateway()))
    assert progress.verdict is Verdict.B_BETTER
    assert progress.stopped_early
    assert len(arms.run.replies) < arms.run.scheduled / 3
    assert arms.run.in_flight == 0


def test_an_objective_that_is_missed_makes_an_answer_worthless() -> None:
    design = Design("static", "quality_only", 60.0, 240.0)
    progress, _ = virtually(run(design, Gateway(), e2e_s=2.0))
    assert {figures.worth for _, figures in progress.blocks} == {0.0}


def test_a_load_that_ends_early_ends_the_test() -> None:
    """A trace of ten minutes must not keep a test of two hours waiting for nothing."""

    async def timed() -> tuple[Progress, float]:
        progress, _ = await run(Design("static", "greedy", 60.0, 6000.0), Gateway(), load_s=240.0)
        return progress, asyncio.get_running_loop().time()

    progress, ended_at_s = virtually(timed())
    assert len(progress.blocks) == 4
    assert ended_at_s < 250.0


def test_stopped_by_hand_it_keeps_whole_blocks() -> None:
    design = Design("static", "quality_only", 60.0, 6000.0)
    progress, _ = virtually(run(design, Gateway(), stop_at_s=150.0))
    assert len(progress.blocks) == 2
    assert not progress.stopped_early
