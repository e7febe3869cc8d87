"""First-token probabilities: the same model passes, a changed one does not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zeta_router.learn.condition.logprobs import (
    P_ALARM,
    REFERENCE_ROUNDS,
    ROUND,
    LogprobWatch,
    Sample,
    p_value_of,
)

TOKENS = [f"t{number}" for number in range(20)]


def model(seed: int) -> list[float]:
    draw = random.Random(seed)
    return sorted((draw.uniform(-8.0, -0.5) for _ in TOKENS), reverse=True)


def sample(of: list[float], draw: random.Random, noise: float) -> Sample:
    return {t: lp + draw.gauss(0.0, noise) for t, lp in zip(TOKENS, of, strict=True)}


def rounds(of: list[float], count: int, seed: int, noise: float) -> list[list[Sample]]:
    draw = random.Random(seed)
    return [[sample(of, draw, noise) for _ in range(ROUND)] for _ in range(count)]


def watch(of: list[float], seed: int, noise: float) -> LogprobWatch:
    one = LogprobWatch()
    for each in rounds(of, REFERENCE_ROUNDS, seed, noise):
        one.observe(each)
    return one


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.3])
def test_the_same_model_does_not_change(noise):
    alarms = 0
    for seed in range(30):
        one = watch(model(1), seed, noise)
        for each in rounds(model(1), 10, 1000 + seed, noise):
            one.observe(each)
            alarms += one.changed
    assert alarms == 0


@pytest.mark.parametrize(("noise", "shift"), [(0.0, 0.001), (0.02, 0.1), (0.3, 1.0)])
def test_a_small_change_beyond_the_noise_is_seen_in_two_rounds(noise, shift):
    before = model(1)
    draw = random.Random(5)
    after = [lp + draw.uniform(-shift, shift) for lp in before]
    one = watch(before, 1, noise)
    first, second = rounds(after, 2, 2, noise)
    one.observe(first)
    assert one.p_value < P_ALARM
    assert not one.changed
    one.observe(second)
    assert one.changed


def test_other_tokens_are_another_model():
    one = watch(model(1), 1, 0.01)
    for _ in range(2):
        one.observe([{"other": -0.1, "words": -2.0}] * ROUND)
    assert one.changed


def test_it_is_over_when_the_old_one_is_back():
    one = watch(model(1), 1, 0.02)
    for each in rounds(model(2), 2, 3, 0.02):
        one.observe(each)
    assert one.changed
    (back,) = rounds(model(1), 1, 4, 0.02)
    one.observe(back)
    assert not one.changed


def test_an_engine_that_always_says_the_same_has_no_noise_to_hide_in():
    same = {"a": -0.5, "b": -1.0}
    assert p_value_of([same] * 20, [same] * ROUND) == 1.0
    assert p_value_of([same] * 20, [{"a": -0.5, "b": -1.1}] * ROUND) < P_ALARM


@pytest.mark.parametrize("bad", [[], [{}] * ROUND, [{"a": -1.0}] * (ROUND - 1)])
def test_rounds_that_say_nothing_are_left_out(bad):
    one = watch(model(1), 1, 0.02)
    before = one.state()
    one.observe(bad)
    assert one.state() == before


@settings(max_examples=20)
@given(st.integers(0, 8))
def test_a_restored_one_is_the_same(count):
    one, again = LogprobWatch(), LogprobWatch()
    for each in rounds(model(1), count, 1, 0.1):
        one.observe(each)
    again.restore(one.state())
    (more,) = rounds(model(2), 1, 9, 0.1)
    one.observe(more)
    again.observe(more)
    assert again.state() == one.state()
