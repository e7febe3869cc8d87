from __future__ import annotations

import json
import random

import pytest

from zeta_router.learn.latency.rls_inputs import LIMIT, StandardInputs
from zeta_router.learn.task.ask import FEATURE_NAMES


def features(**values: float) -> tuple[float, ...]:
    return tuple(values.get(name, 0.0) for name in FEATURE_NAMES)


def test_inputs_are_centred_and_of_unit_size() -> None:
    rng = random.Random(1)
    inputs = StandardInputs(("chars",))
    for _ in range(2000):
        inputs.learn(features(chars=rng.gauss(50.0, 10.0)))
    assert inputs.of(features(chars=50.0))[0] == pytest.approx(0.0, abs=0.3)
    assert inputs.of(features(chars=60.0))[0] == pytest.approx(1.0, abs=0.3)


def test_an_extreme_is_cut() -> None:
    inputs = StandardInputs(("chars", "lines"))
    for _ in range(50):
        inputs.learn(features(chars=1.0))
    assert inputs.of(features(chars=1e9, lines=-1e9)) == (LIMIT, -LIMIT)


@pytest.mark.parametrize("foreign", [(), (1.0, 2.0)])
def test_features_of_another_make_give_nothing(foreign: tuple[float, ...]) -> None:
    inputs = StandardInputs(("chars",))
    inputs.learn(foreign)
    assert inputs.of(foreign) == ()


def test_state_restores_the_same_inputs_only() -> None:
    inputs = StandardInputs(("chars",))
    for index in range(20):
        inputs.learn(features(chars=float(index)))
    saved = json.loads(json.dumps(inputs.state()))
    copy = StandardInputs(("chars",))
    assert copy.restore(saved)
    assert copy.of(features(chars=3.0)) == inputs.of(features(chars=3.0))
    other = StandardInputs(("lines",))
    assert not other.restore(saved)
    assert other.of(features(lines=3.0)) == StandardInputs(("lines",)).of(features(lines=3.0))
