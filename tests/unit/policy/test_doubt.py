"""Trying models in doubt: how often, and with what probability."""

from __future__ import annotations

from collections import Counter

import pytest

from support.candidates import candidate
from zeta_router.core.draws import Draws
from zeta_router.core.query import Query, Task, certain
from zeta_router.policy.doubt import MOST, doubted
from zeta_router.policy.joint import Joint
from zeta_router.policy.protocol import Context

CONTEXT = Context(0.0, certain(Task.CODE))


def test_nobody_in_doubt_means_nothing_to_try() -> None:
    candidates = [candidate("a"), candidate("b")]
    assert doubted(candidates, [0, 1]) == {}


def test_replicas_share_what_their_model_should_get() -> None:
    candidates = [
        candidate("b", model="coder")._replace(doubt=0.05),
        candidate("a", model="coder")._replace(doubt=0.05),
        candidate("c", model="small"),
    ]
    assert doubted(candidates, [0, 1, 2]) == {1: 0.025, 0: 0.025}
    assert list(doubted(candidates, [0, 1])) == [1, 0]  # by id, whatever the fleet's order
    assert doubted(candidates, [0, 2]) == {0: 0.05}  # a full replica leaves it to the other


def test_many_models_in_doubt_do_not_take_over() -> None:
    names = ("small", "coder", "thinker")
    candidates = [candidate(name, model=name)._replace(doubt=0.15) for name in names]
    assert sum(doubted(candidates, range(3)).values()) == pytest.approx(MOST)


def test_joint_tries_a_model_in_doubt_as_often_as_it_says() -> None:
    """4,000 queries; the bounds are four standard deviations."""
    candidates = [
        candidate("good", model="coder", quality=0.9),
        candidate("doubt", model="small", quality=0.3)._replace(doubt=0.05),
    ]
    policy = Joint()
    choices = [
        policy.choose(Query(f"q{i}", 0.0), candidates, Draws(1, f"q{i}"), CONTEXT)
        for i in range(4000)
    ]
    count = Counter(choice.index for choice in choices)
    assert count[1] / 4000 == pytest.approx(0.055, abs=0.0145)
    told = {choice.index: choice.propensity for choice in choices}
    assert told[1] == pytest.approx(0.005 + 0.05)
    assert told[0] == pytest.approx(0.005 + 0.94)
