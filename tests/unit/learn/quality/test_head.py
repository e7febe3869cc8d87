from __future__ import annotations

import json
import math
import random

import pytest

from zeta_router.core.fleet import Model
from zeta_router.core.query import Task, TopicShare
from zeta_router.learn.quality.head import QualityCells
from zeta_router.learn.quality.sizes import prior_quality

MODELS = {
    "m": Model("m", {Task.CODE: 0.7, Task.SIMPLE: None}, params_b=7.0),
    "n": Model("n", {Task.CODE: 0.5}),
}


def topic(name: str, task: Task = Task.CODE, probability: float = 1.0) -> TopicShare:
    return TopicShare(name, task, probability)


SQL = (topic("sql"),)
WEB = (topic("web"),)


@pytest.mark.parametrize(
    ("share", "model", "prior"),
    [
        (topic("sql"), "m", 0.7),
        (topic("chat", Task.SIMPLE), "m", prior_quality(Task.SIMPLE, 7.0, "m")),
        (topic("proof", Task.REASONING), "n", prior_quality(Task.REASONING, None, "n")),
        (topic("sql"), "stranger-coder", prior_quality(Task.CODE, None, "stranger-coder")),
    ],
)
def test_it_starts_from_the_fleet_file_else_from_the_size_table(
    share: TopicShare, model: str, prior: float
) -> None:
    assert QualityCells(MODELS).mean((share,), model) == pytest.approx(prior)


ONE_REWARD_LATER = 4.0 + 16.0 * 0.97
"""What a prior of 20 is worth after one reward in its cell."""


def test_a_topic_shrinks_to_its_task_and_the_task_to_its_prior() -> None:
    cells = QualityCells(MODELS)
    cells.observe(SQL, "m", 0.0)
    kept = ONE_REWARD_LATER / (ONE_REWARD_LATER + 1.0)
    assert cells.mean(WEB, "m") == pytest.approx(kept * 0.7)
    assert cells.mean(SQL, "m") == pytest.approx(kept * kept * 0.7)
    assert cells.mean(WEB, "n") == pytest.approx(0.5)
    assert cells.mean((topic("chat", Task.SIMPLE),), "m") == pytest.approx(
        prior_quality(Task.SIMPLE, 7.0, "m")
    )


def test_a_mixed_posterior_mixes_means_and_shares_the_lesson() -> None:
    cells = QualityCells(MODELS)
    mixed = (topic("sql", probability=0.75), topic("chat", Task.SIMPLE, 0.25))
    chat = prior_quality(Task.SIMPLE, 7.0, "m")
    assert cells.mean(mixed, "m") == pytest.approx(0.75 * 0.7 + 0.25 * chat)
    cells.observe(mixed, "m", 1.0)
    assert cells.evidence("sql", "m") == pytest.approx(0.75)
    assert cells.evidence("chat", "m") == pytest.approx(0.25)


def test_it_finds_the_truth_from_a_wrong_prior() -> None:
    """2,000 rewards at .3 where .7 was thought; the prior keeps (4/71)² of its error."""
    rng = random.Random(1)
    cells = QualityCells(MODELS)
    seen = []
    for index in range(2000):
        cells.observe(SQL, "m", float(rng.random() < 0.3))
        if index >= 500:
            seen.append(cells.mean(SQL, "m"))
    assert sum(seen) / len(seen) == pytest.approx(0.3, abs=0.03)


def test_fifty_rewards_outweigh_a_wrong_prior() -> None:
    cells = QualityCells(MODELS)
    for index in range(50):
        cells.observe(SQL, "m", float(index % 10 < 3))
    assert cells.mean(SQL, "m") == pytest.approx(0.3, abs=0.06)


def test_half_of_a_fall_is_seen_within_100_rewards() -> None:
    rng = random.Random(2)
    cells = QualityCells(MODELS)
    for _ in range(500):
        cells.observe(SQL, "m", float(rng.random() < 0.8))
    assert cells.mean(SQL, "m") > 0.65
    for _ in range(100):
        cells.observe(SQL, "m", float(rng.random() < 0.3))
    assert cells.mean(SQL, "m") < 0.55


@pytest.mark.parametrize(
    ("y", "weight"),
    [(math.nan, 1.0), (1.1, 1.0), (-0.1, 1.0), (0.5, 0.0), (0.5, -1.0), (0.5, math.nan)],
)
def test_impossible_rewards_are_ignored(y: float, weight: float) -> None:
    cells = QualityCells(MODELS)
    before = cells.state()
    cells.observe(SQL, "m", y, weight)
    assert cells.state() == before


def test_a_reward_never_weighs_more_than_one() -> None:
    one, many = QualityCells(MODELS), QualityCells(MODELS)
    one.observe(SQL, "m", 1.0, 1.0)
    many.observe(SQL, "m", 1.0, 50.0)
    assert one.state() == many.state()


def test_seeds_replace_the_prior_of_their_cell_only() -> None:
    cells = QualityCells(MODELS)
    cells.seed("sql", "m", 0.9)
    cells.seed("web", "m", 0.1, 100.0)
    assert cells.mean(SQL, "m") == pytest.approx(0.9)
    assert cells.mean((topic("other"),), "m") == pytest.approx(0.7)
    cells.observe(SQL, "m", 0.0)
    cells.observe(WEB, "m", 1.0)
    assert cells.mean(SQL, "m") == pytest.approx(0.9 * ONE_REWARD_LATER / (ONE_REWARD_LATER + 1.0))
    weight = 4.0 + 96.0 * 0.97
    assert cells.mean(WEB, "m") == pytest.approx((0.1 * weight + 1.0) / (weight + 1.0))


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Truth drawn from the prior Beta(14, 6), 15 rewards, 400 times: 95 % ± 4 %."""
    rng = random.Random(3)
    covered = 0
    for _ in range(400):
        cells = QualityCells(MODELS)
        cells.seed("sql", "m", 0.7)
        truth = rng.betavariate(14.0, 6.0)
        for _ in range(15):
            cells.observe(SQL, "m", float(rng.random() < truth))
        low, high = cells.interval(SQL, "m")
        covered += low <= truth <= high
    assert covered / 400 == pytest.approx(0.95, abs=0.04)


def test_the_interval_stays_within_0_and_1_and_narrows() -> None:
    cells = QualityCells({"m": Model("m", {Task.CODE: 0.98})})
    low, high = cells.interval(SQL, "m")
    assert 0.0 <= low < high <= 1.0
    for _ in range(50):
        cells.observe(SQL, "m", 1.0)
    narrow_low, narrow_high = cells.interval(SQL, "m")
    assert narrow_high - narrow_low < high - low


def test_caution_takes_off_a_share_of_sigma_while_a_cell_is_young() -> None:
    bold, careful = QualityCells(MODELS), QualityCells(MODELS, caution=0.25)
    sigma = bold.sigma(SQL, "m")
    assert careful.mean(SQL, "m") == pytest.approx(bold.mean(SQL, "m") - 0.25 * sigma)
    for cells in (bold, careful):
        for _ in range(40):
            cells.observe(SQL, "m", 1.0)
    assert careful.mean(SQL, "m") == bold.mean(SQL, "m")


def test_forgetting_goes_back_towards_the_prior_for_one_model() -> None:
    cells = QualityCells(MODELS)
    for _ in range(40):
        cells.observe(SQL, "m", 0.0)
        cells.observe(SQL, "n", 0.0)
    low_m, low_n = cells.mean(SQL, "m"), cells.mean(SQL, "n")
    cells.forget("m", 0.2)
    assert low_m < cells.mean(SQL, "m") < 0.7
    assert cells.mean(SQL, "n") == low_n


def test_a_new_configuration_brings_new_priors_and_keeps_the_evidence() -> None:
    cells = QualityCells(MODELS)
    cells.observe(SQL, "m", 1.0)
    cells.configure({"m": Model("m", {Task.CODE: 0.2})})
    weight = ONE_REWARD_LATER
    task = (weight * 0.2 + 1.0) / (weight + 1.0)
    assert cells.mean(SQL, "m") == pytest.approx((weight * task + 1.0) / (weight + 1.0))


def test_restored_it_expects_and_learns_the_same() -> None:
    cells, copy = QualityCells(MODELS), QualityCells(MODELS)
    cells.seed("web", "n", 0.4, 5.0)
    for y in (1.0, 0.0, 0.5):
        cells.observe((topic("sql", probability=0.6), topic("web", probability=0.4)), "m", y, 0.7)
    copy.restore(json.loads(json.dumps(cells.state())))
    for each in (cells, copy):
        each.observe(SQL, "m", 1.0)
    for shares in (SQL, WEB):
        for model in MODELS:
            assert copy.mean(shares, model) == cells.mean(shares, model)
            assert copy.interval(shares, model) == cells.interval(shares, model)


def test_a_band_starts_from_what_its_domain_has_shown() -> None:
    """Easy maths is always right, easy logic never: hard maths is expected near the former."""
    cells = QualityCells({"m": Model("m", {Task.REASONING: 0.5})})
    for _ in range(100):
        cells.observe((TopicShare("reasoning/maths/easy", Task.REASONING, 1.0),), "m", 1.0)
        cells.observe((TopicShare("reasoning/logic/easy", Task.REASONING, 1.0),), "m", 0.0)
    assert cells.mean((TopicShare("reasoning/maths/hard", Task.REASONING, 1.0),), "m") > 0.9
    assert cells.mean((TopicShare("reasoning/logic/hard", Task.REASONING, 1.0),), "m") < 0.1
    other = cells.mean((TopicShare("reasoning/science/hard", Task.REASONING, 1.0),), "m")
    assert 0.3 < other < 0.7
