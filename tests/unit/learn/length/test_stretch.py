from __future__ import annotations

import json
import math
import random

import pytest

from zeta_router.learn.length.stretch import MIN_ANSWERS, LengthStretch
from zeta_router.learn.task.ask import FEATURE_NAMES


def request(rng: random.Random) -> tuple[float, ...]:
    return tuple(rng.random() if name == "chars" else 0.0 for name in FEATURE_NAMES)


CHARS = FEATURE_NAMES.index("chars")


def taught(slope: float, answers: int, noise: float = 0.3) -> LengthStretch:
    """Answers whose log length departs from the cell by `slope` × (chars - .5)."""
    rng = random.Random(1)
    stretch = LengthStretch()
    for _ in range(answers):
        features = request(rng)
        stretch.learn(features, slope * (features[CHARS] - 0.5) + rng.gauss(0.0, noise))
    return stretch


def asking(chars: float) -> tuple[float, ...]:
    return tuple(chars if name == "chars" else 0.0 for name in FEATURE_NAMES)


def test_it_finds_what_lengthens_answers() -> None:
    stretch = taught(2.0, 1500)
    assert stretch.useful
    assert math.log(stretch.factor(asking(0.9))) == pytest.approx(0.8, abs=0.15)
    assert math.log(stretch.factor(asking(0.1))) == pytest.approx(-0.8, abs=0.15)


def test_it_is_not_used_before_it_has_shown_itself() -> None:
    assert taught(2.0, MIN_ANSWERS - 1).factor(asking(0.9)) == 1.0
    assert taught(2.0, MIN_ANSWERS + 50).factor(asking(0.9)) > 1.0


def test_where_nothing_is_to_be_found_it_hardly_does_anything() -> None:
    factor = taught(0.0, 2000).factor(asking(0.9))
    assert factor == pytest.approx(1.0, abs=0.1)


def test_it_never_stretches_beyond_e() -> None:
    stretch = taught(40.0, 1000)
    assert stretch.factor(asking(50.0)) == pytest.approx(math.e)


@pytest.mark.parametrize("features", [(), (1.0, 2.0)])
def test_without_features_there_is_no_factor(features: tuple[float, ...]) -> None:
    stretch = taught(2.0, 500)
    answers = stretch.answers
    stretch.learn(features, 1.0)
    stretch.learn(asking(0.5), math.nan)
    assert stretch.factor(features) == 1.0
    assert stretch.answers == answers


def test_state_restores_it() -> None:
    stretch = taught(2.0, 300)
    copy = LengthStretch()
    copy.restore(json.loads(json.dumps(stretch.state())))
    assert copy.factor(asking(0.8)) == stretch.factor(asking(0.8))
    other = json.loads(json.dumps(stretch.state()))
    other["inputs"]["names"] = ["chars"]
    fresh = LengthStretch()
    fresh.restore(other)
    assert fresh.answers == 0
