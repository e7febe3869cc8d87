"""A simulated run's log, replayed: the run itself comes out again, another policy differs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import Endpoint, FleetConfig, Model
from zeta_router.core.query import Slo, Task, certain
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.policy.registry import build
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.sim.conditions import Conditions
from zeta_router.sim.drive import Drive
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.options import Feedback
from zeta_router.sim.replay.check import ks_distance, validate
from zeta_router.sim.replay.decision_log import SimulatedLog
from zeta_router.sim.replay.logged import Traffic, read_traffic
from zeta_router.sim.replay.logged_quality import judged_rows
from zeta_router.sim.replay.logged_work import LoggedLengths
from zeta_router.sim.replay.play import replay
from zeta_router.sim.replay.prepare import prepare
from zeta_router.sim.replay.study import study
from zeta_router.sim.workload.queries import Card, Outcome, Played
from zeta_router.sim.workload.tables import Prompt

FLEET = FleetConfig(
    models={
        "small": Model("small", {Task.SIMPLE: 0.6, Task.REASONING: 0.3}, 4.0),
        "large": Model("large", {Task.SIMPLE: 0.7, Task.REASONING: 0.7}, 14.0),
    },
    endpoints=(
        Endpoint("a", "http://127.0.0.1:1", "small", slots=8),
        Endpoint("b", "http://127.0.0.1:2", "large", slots=8),
        Endpoint("c", "http://127.0.0.1:3", "large", slots=8),
    ),
    routes={Task.SIMPLE: "small", Task.REASONING: "large"},
    slo={Task.SIMPLE: Slo(2.0, 0.05), Task.REASONING: Slo(2.0, 0.05)},
    policy="joint",
)
SPECS = {
    "a": EngineSpec(9000, 0.01, 0.001, 8),
    "b": EngineSpec(3000, 0.02, 0.002, 8),
    "c": EngineSpec(3000, 0.02, 0.002, 8),
}
COUNT = 240


def dealt(count: int = COUNT, seed: int = 3) -> list[Played]:
    """Poisson arrivals of two kinds; an answer's worth and length depend on the model."""
    random, at_s, queries = Random(seed), 0.0, []
    for n in range(count):
        at_s += random.expovariate(4.0)
        task = random.choice([Task.SIMPLE, Task.REASONING])
        spread = random.lognormvariate(0.0, 0.4)
        outcomes = {
            "small": Outcome(float(random.random() < 0.5), max(1, round(40 * spread))),
            "large": Outcome(float(random.random() < 0.8), max(1, round(60 * spread))),
        }
        tokens = random.randint(40, 800)
        prompt = Prompt(f"p{n}", task.value, "", tokens, {})
        card = Card(prompt, task.value, task, certain(task), (), Slo(2.0, 0.05), outcomes)
        queries.append(Played(f"q{n}", at_s, card, tokens, outcomes))
    return queries


def logged(path: Path, policy: str = "joint", share: float = 1.0) -> Drive:
    fleet = replace(FLEET, policy=policy)
    router = ZetaDynamicRouter(fleet, RuleClassifier(), seed=7)
    feedback = Feedback(share, 1.0) if share else None
    with SimulatedLog(path, fleet, seed=7) as log:
        drive = Drive(router, SPECS, dealt(), Conditions(seed=7, feedback=feedback, log=log))
        drive.run()
    return drive


@pytest.fixture(scope="module")
def joint(tmp_path_factory: pytest.TempPathFactory) -> tuple[Drive, Traffic]:
    path = tmp_path_factory.mktemp("log") / "joint.db"
    return logged(path), read_traffic(path)


def test_traffic_is_what_was_played(joint: tuple[Drive, Traffic]) -> None:
    drive, traffic = joint
    assert traffic.policy == "joint"
    assert traffic.seed == 7
    assert [each.query.id for each in traffic.queries] == [r.played.id for r in drive.records]
    first_s = drive.records[0].played.at_s
    for each, record in zip(traffic.queries, drive.records, strict=True):
        assert each.query.arrived_at_s == pytest.approx(record.played.at_s - first_s)
        assert each.answered is not None
        assert each.answered.endpoint_id == record.endpoint_id
        assert each.reward in (record.score, None)
        sent_s = each.answered.dispatched_at_s + (each.answered.outcome.ttft_s or 0.0)
        assert sent_s + first_s == pytest.approx(record.first_token_at_s)
    judged = sum(each.reward is not None for each in traffic.queries)
    assert judged > 0.9 * COUNT  # the run ends before the last ones are judged


def test_the_logging_policy_comes_out_again(joint: tuple[Drive, Traffic]) -> None:
    _, traffic = joint
    validation = validate(traffic, replay(prepare(traffic), "joint"))
    assert validation.is_valid, validation.problems
    assert {each.name for each in validation.compared} == {"ttft", "e2e"}


def test_a_replay_is_the_same_twice(joint: tuple[Drive, Traffic]) -> None:
    prepared = prepare(joint[1])
    runs = [replay(prepared, "greedy") for _ in range(2)]
    ends = [[(r.endpoint_id, r.ended_at_s) for r in drive.records] for drive in runs]
    assert ends[0] == ends[1]


def test_a_log_of_too_few_answers_says_how_many_are_needed(joint: tuple[Drive, Traffic]) -> None:
    traffic = joint[1]
    with pytest.raises(ConfigError, match=r"20 answers of one are needed, the most here are \d"):
        prepare(replace(traffic, queries=traffic.queries[:15]))
    kept = [q for q in traffic.queries if q.answered and q.answered.endpoint_id != "a"]
    few = [q for q in traffic.queries if q.answered and q.answered.endpoint_id == "a"][:19]
    notes = prepare(replace(traffic, queries=type(traffic.queries)([*few, *kept]))).notes
    assert any("a has fewer than the 20 answers" in note for note in notes)


def test_another_policy_goes_elsewhere(joint: tuple[Drive, Traffic]) -> None:
    drive = replay(prepare(joint[1]), "static")
    for record in drive.records:
        expected = "a" if record.played.card.task is Task.SIMPLE else "bc"
        assert record.endpoint_id in expected


def test_engines_that_are_not_as_in_the_log_are_found_out(joint: tuple[Drive, Traffic]) -> None:
    prepared = prepare(joint[1])
    slow = {key: replace(s, step_s=3 * s.step_s) for key, s in prepared.specs.items()}
    validation = validate(joint[1], replay(replace(prepared, specs=slow), "joint"))
    assert not validation.is_valid
    assert any("e2e p50" in problem for problem in validation.problems)


def test_every_logged_propensity_is_given_again(joint: tuple[Drive, Traffic]) -> None:
    judged = judged_rows(joint[1], build("joint", FLEET))
    assert judged.reproduced == 1.0
    assert len(judged.rows) == COUNT
    for row in judged.rows:
        assert row.target[row.chosen] == pytest.approx(row.propensity)


def test_replicas_are_one_arm(joint: tuple[Drive, Traffic]) -> None:
    rows = judged_rows(joint[1], build("quality_only", FLEET)).rows
    assert {row.arms for row in rows} == {("small", "large")}
    assert all(row.target[row.quality.index(max(row.quality))] == 1.0 for row in rows)


def test_what_the_target_believes_may_be_given(joint: tuple[Drive, Traffic]) -> None:
    def inverted(topics: object, model: str) -> float:
        return 0.95 if model == "small" else 0.05

    rows = judged_rows(joint[1], build("quality_only", FLEET), inverted).rows
    assert all(row.target == (1.0, 0.0) for row in rows)
    assert any(row.quality != (0.95, 0.05) for row in rows)


def test_lengths_are_the_logs_where_it_has_them(tmp_path: Path) -> None:
    """Of a policy that asks both models about everything: what one never does, no log tells."""
    drive = logged(tmp_path / "even.db", "round_robin")
    traffic = read_traffic(tmp_path / "even.db")
    lengths = LoggedLengths(traffic)
    other = {"small": "large", "large": "small"}
    apart = []
    for each, record in zip(traffic.queries, drive.records, strict=True):
        model = "small" if record.endpoint_id == "a" else "large"
        outcomes = record.played.outcomes
        assert lengths.tokens(each, model) == outcomes[model].output_tokens
        true = outcomes[other[model]].output_tokens
        apart.append(abs(lengths.tokens(each, other[model]) / true - 1.0))
    assert sorted(apart)[COUNT // 2] < 0.2


def test_a_study_has_every_figure_and_can_be_encoded(tmp_path: Path) -> None:
    logged(tmp_path / "static.db", "static", share=0.0)
    result: dict[str, Any] = study(read_traffic(tmp_path / "static.db"), ["greedy"])
    assert list(result["policies"]) == ["static", "greedy"]
    assert result["log"]["judged"] == 0
    assert result["policies"]["greedy"]["quality"]["refusal"] == "no_rewards"
    assert result["policies"]["greedy"]["latency"]["ttft_p50_s"] > 0
    assert result["validation"]["is_valid"]
    json.dumps(result)


def test_a_log_without_a_fleet_or_a_decision_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    with SimulatedLog(path, FLEET, seed=1):
        pass
    with pytest.raises(ConfigError, match="no decision"):
        read_traffic(path)
    with pytest.raises(ConfigError, match="no such file"):
        read_traffic(tmp_path / "missing.db")


def test_ks_distance_by_hand() -> None:
    assert ks_distance([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) == 0.0
    assert ks_distance([1.0, 2.0], [3.0, 4.0]) == 1.0
    assert ks_distance([1.0, 2.0, 3.0, 4.0], [3.0, 4.0]) == pytest.approx(0.5)
