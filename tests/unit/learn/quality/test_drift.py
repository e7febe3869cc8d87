"""A model that becomes worse is noticed in time, one that stays as it was hardly ever."""

from __future__ import annotations

import json
import random
from collections import Counter
from statistics import median

import pytest

from zeta_router.learn.quality.drift import ALARM, ModelWatch

TOPICS = {"easy": 0.93, "code": 0.59, "maths": 0.38}


def vote(rng: random.Random, watch: ModelWatch, factor: float = 1.0, weight: float = 1.0) -> int:
    topic = rng.choice(list(TOPICS))
    return watch.add(topic, float(rng.random() < min(1.0, TOPICS[topic] * factor)), weight)


def votes_until(seed: int, found: int, factor: float, before: float = 1.0) -> int:
    """Votes from the change to the alarm; 1,000 when there was none."""
    rng, watch = random.Random(seed), ModelWatch()
    for _ in range(1000):
        vote(rng, watch, before)
    return next((n for n in range(1, 1000) if vote(rng, watch, factor) == found), 1000)


def test_a_third_lost_is_noticed_within_a_hundred_votes() -> None:
    """40 runs; the median was 50."""
    taken = [votes_until(seed, -1, 0.65) for seed in range(40)]
    assert median(taken) < 70
    assert sorted(taken)[35] < 150


def test_getting_it_back_is_noticed_too() -> None:
    taken = [votes_until(seed, 1, 1.0, before=0.65) for seed in range(40)]
    assert median(taken) < 120


def test_false_alarms_are_rare() -> None:
    """In 60,000 votes at most 2 falls and 8 rises; none and 4 were seen."""
    alarms: Counter[int] = Counter()
    for seed in range(20):
        rng, watch = random.Random(seed), ModelWatch()
        alarms.update(vote(rng, watch) for _ in range(3000))
    assert alarms[-1] <= 2
    assert alarms[1] <= 8


def test_faint_votes_count_faintly() -> None:
    watch = ModelWatch()
    for _ in range(100):
        watch.add("code", 1.0)
    for _ in range(20):
        assert watch.add("code", 0.0, 0.05) == 0
    assert 0.0 < watch.fall < ALARM


def test_nothing_is_tested_before_a_topic_is_known() -> None:
    watch = ModelWatch()
    for _ in range(9):
        assert watch.add("code", 1.0) == 0
    for _ in range(2):
        watch.add("new", 0.0)
    assert watch.fall == 0.0


def test_after_an_alarm_it_starts_over() -> None:
    rng, watch = random.Random(1), ModelWatch()
    for _ in range(1000):
        vote(rng, watch)
    found = [vote(rng, watch, 0.65) for _ in range(1500)]
    assert found.count(-1) >= 1
    assert found.index(-1) < 300
    assert found[-700:] == [0] * 700  # the new level is the usual one


def test_a_state_comes_back() -> None:
    rng, watch, copy = random.Random(2), ModelWatch(), ModelWatch()
    for _ in range(300):
        vote(rng, watch)
    copy.restore(*json.loads(json.dumps(watch.state())))
    assert copy.add("code", 0.0) == watch.add("code", 0.0)
    assert copy.fall == pytest.approx(watch.fall)
