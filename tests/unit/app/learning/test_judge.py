"""What promotes: beliefs that predict better and lead to better answers, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from types import ModuleType

import pytest

from support.benchmarks import learning_benchmark
from zeta_router.app.learning.judge import LEAST_JUDGED, judge
from zeta_router.app.learning.minds import Moment
from zeta_router.sim.replay.logged import LoggedQuery, Traffic, read_traffic

SECONDS = 150.0

Beliefs = Callable[[LoggedQuery, str], float]


@pytest.fixture(scope="module")
def worlds() -> ModuleType:
    return learning_benchmark("worlds")


@pytest.fixture(scope="module")
def traffic(worlds: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    """Specialists, of which topics say nothing; every answer judged."""
    path = tmp_path_factory.mktemp("log") / "z.db"
    every = worlds.Feedback(1.0, 1.0)
    worlds.write_log(path, worlds.Specialists(), seconds=SECONDS, seed=3, feedback=every)
    return read_traffic(path)


def has_formulas(each: LoggedQuery) -> bool:
    """Prompts with formulas are the ones with a mark for LaTeX, as features have it."""
    from zeta_router.learn.task.ask import FEATURE_NAMES

    return each.query.features[FEATURE_NAMES.index("latex_mark")] > 0.0


def by_topic(each: LoggedQuery, model: str) -> float:
    """What topics tell."""
    return {"small": 0.52, "middle": 0.65, "large": 0.65}[model]


def by_kind(each: LoggedQuery, model: str) -> float:
    """The truth."""
    if model == "small":
        return 0.52
    return 0.9 if (model == "middle") is has_formulas(each) else 0.4


def upside_down(each: LoggedQuery, model: str) -> float:
    return by_topic(each, model) if model == "small" else 1.3 - by_kind(each, model)


def all_alike(each: LoggedQuery, model: str) -> float:
    return 0.6


def moments(traffic: Traffic, champion: Beliefs, challenger: Beliefs) -> list[Moment]:
    found = []
    for index, each in enumerate(traffic.queries):
        decision, by = each.dispatch, each.answered
        if decision is None or by is None:
            continue
        model = each.model_of(by.endpoint_id)
        assert model is not None
        beliefs: tuple[Mapping[str, float], ...] = tuple(
            {c.view.model.name: side(each, c.view.model.name) for c in decision.candidates}
            for side in (champion, challenger)
        )
        found.append(Moment(index, each, decision, model, tuple(map(dict, beliefs))))
    return found


def test_the_truth_against_averages_is_promoted(traffic: Traffic) -> None:
    found = judge(traffic, moments(traffic, by_topic, by_kind))
    assert found.better, found
    assert found.evidence["quality"]["difference"] > 0.05
    assert found.evidence["log_loss"]["high"] < 0.0


@pytest.mark.parametrize("challenger", [by_topic, upside_down, all_alike])
def test_what_is_no_better_or_worse_is_not(traffic: Traffic, challenger: Beliefs) -> None:
    assert not judge(traffic, moments(traffic, by_kind, challenger)).better
    assert not judge(traffic, moments(traffic, by_topic, by_topic)).better


def test_on_shuffled_rewards_better_predictions_do_not_promote(traffic: Traffic) -> None:
    """Whoever tells less apart predicts shuffled rewards better; answers gain nothing."""
    reasons = set()
    for seed in range(5):
        rewards = [each.reward for each in traffic.queries if each.reward is not None]
        Random(seed).shuffle(rewards)
        deal = iter(rewards)
        queries = tuple(
            replace(each, reward=None if each.reward is None else next(deal))
            for each in traffic.queries
        )
        shuffled = replace(traffic, queries=queries)
        found = judge(shuffled, moments(shuffled, by_kind, by_topic))
        assert not found.better, found
        reasons.add(found.reason)
    assert any(reason.startswith("it predicts better, but") for reason in reasons), reasons


def test_few_judged_answers_decide_nothing(traffic: Traffic) -> None:
    few = moments(traffic, by_topic, by_kind)[: LEAST_JUDGED - 1]
    assert "too few" in judge(traffic, few).reason
