"""Tests of the test: order, what is dropped, when it stops, and what it says."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from math import inf
from random import Random

import pytest

from zeta_router.app.ab.design import Block, Design
from zeta_router.app.ab.session import Progress, conduct, result_of
from zeta_router.app.ab.verdict import BlockFigures, Verdict, standing
from zeta_router.core.errors import ConfigError

LONG = Design("static", "joint", 300.0, 40 * 600.0)

Draw = Callable[[Random, str], BlockFigures]


class Scripted:
    """Arms whose figures come from a law; nothing is played."""

    def __init__(self, draw: Draw, seed: int = 0, ends_after: int = 1000) -> None:
        self._draw = draw
        self._random = Random(seed)
        self._ends_after = ends_after
        self.played: list[Block] = []
        self.asked: list[tuple[int, int]] = []
        self.finished = 0

    async def play(self, block: Block) -> bool:
        if len(self.played) >= self._ends_after:
            return False
        self.played.append(block)
        return True

    def figures(self, block: Block) -> BlockFigures:
        self.asked.append((block.number, len(self.played)))
        return self._draw(self._random, block.arm)

    async def finish(self) -> None:
        self.finished += 1


def normal(gain: float, slower: float = 1.0, spread: float = 0.02) -> Draw:
    """B is worth `gain` more and its median TTFT is `slower` times as long."""

    def draw(random: Random, arm: str) -> BlockFigures:
        is_b = arm == "b"
        worth = 0.6 + gain * is_b + random.gauss(0.0, spread)
        ttft_s = 0.1 * (slower if is_b else 1.0) * random.lognormvariate(0.0, 0.02)
        return BlockFigures(1000, worth, ttft_s)

    return draw


def carried_out(design: Design, arms: Scripted) -> Progress:
    return asyncio.run(conduct(design, arms))


def test_every_pair_has_both_policies_in_an_order_by_lot() -> None:
    blocks = list(LONG.blocks())
    assert len(blocks) == 80
    first = Counter()
    for a, b in zip(blocks[::2], blocks[1::2], strict=True):
        assert {a.policy, b.policy} == {"static", "joint"}
        assert a.pair == b.pair
        assert a.end_s == b.start_s
        first[a.arm] += 1
    assert 8 < first["a"] < 32
    assert blocks[1].counts_from_s == 300.0 + 60.0
    assert [b.arm for b in LONG.blocks()] == [b.arm for b in blocks]


def test_a_test_that_holds_no_pair_is_refused() -> None:
    with pytest.raises(ConfigError, match="do not hold a pair"):
        Design("a", "b", 300.0, 599.0)
    with pytest.raises(ConfigError, match="not greater than 0"):
        Design("a", "b", 0.0, 600.0)


def test_a_clear_difference_stops_it_early() -> None:
    arms = Scripted(normal(0.1))
    progress = carried_out(LONG, arms)
    assert progress.verdict is Verdict.B_BETTER
    assert progress.stopped_early
    assert len(arms.played) < 24
    assert arms.finished == 1
    assert carried_out(LONG, Scripted(normal(-0.1))).verdict is Verdict.A_BETTER


def test_figures_are_asked_a_block_late_so_that_its_answers_have_ended() -> None:
    arms = Scripted(normal(0.0), ends_after=5)
    progress = carried_out(LONG, arms)
    assert arms.asked == [(0, 2), (1, 3), (2, 4), (3, 5), (4, 5)]
    assert progress.found is not None
    assert progress.found.pairs == 2


def test_no_difference_goes_on_to_the_end() -> None:
    progress = carried_out(LONG, Scripted(normal(0.0, spread=0.05)))
    assert progress.verdict is Verdict.NO_DIFFERENCE
    assert not progress.stopped_early
    assert len(progress.blocks) == 80


def test_no_worse_is_said_at_the_end_or_stops_it_when_asked_for() -> None:
    draw = normal(0.0, spread=0.004)
    assert carried_out(LONG, Scripted(draw)).verdict is Verdict.NO_WORSE
    until = Design("static", "joint", 300.0, 40 * 600.0, until_no_worse=True)
    progress = carried_out(until, Scripted(draw))
    assert progress.verdict is Verdict.NO_WORSE
    assert progress.stopped_early
    assert len(progress.blocks) < 40


def test_better_but_slower_is_not_no_worse() -> None:
    until = Design("static", "joint", 300.0, 40 * 600.0, until_no_worse=True)
    progress = carried_out(until, Scripted(normal(0.05, slower=1.5)))
    assert progress.found is not None
    assert not progress.found.no_worse
    assert progress.verdict is Verdict.B_BETTER
    assert not progress.stopped_early


def test_the_same_policy_twice_is_hardly_ever_found_to_differ() -> None:
    """5 % at most by theorem; 200 tests of 40 pairs, 10 are 5 %."""
    false = sum(carried_out(LONG, Scripted(normal(0.0), seed)).stopped_early for seed in range(200))
    assert false <= 10


def test_blocks_without_arrivals_say_nothing() -> None:
    empty = BlockFigures(0, None, None)
    found = standing([(empty, BlockFigures(5, 1.0, 0.1))], LONG)
    assert found.worth is None
    assert found.ttft_ratio is None
    assert found.verdict is None


def test_a_result_can_be_encoded_while_nothing_is_known() -> None:
    progress = carried_out(LONG, Scripted(normal(0.0), ends_after=2))
    assert progress.found is not None
    assert progress.found.worth is not None
    assert progress.found.worth.high == inf
    told = json.loads(json.dumps(result_of(progress), allow_nan=False))
    assert told["difference"]["high"] is None
    assert told["verdict"] == "no_difference_shown"
    assert [each["policy"] for each in told["blocks"]] == [
        block.policy for block, _ in progress.blocks
    ]
    assert result_of(Progress(LONG))["pairs"] == 0
