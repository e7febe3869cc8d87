"""A simulated run's decision log is what the router said, read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from zeta_router.core.decision import Verdict
from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import Endpoint, FleetConfig, Model
from zeta_router.core.outcome import Status
from zeta_router.core.query import Slo, Task, certain
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.router.commands import DecisionRecord, OutcomeRecord
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.sim.conditions import Conditions
from zeta_router.sim.drive import Drive
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.options import Feedback
from zeta_router.sim.replay.decision_log import SimulatedLog
from zeta_router.sim.workload.queries import Card, Outcome, Played
from zeta_router.sim.workload.tables import Answer, Prompt
from zeta_router.telemetry.log.fleet import fleet_fact, fleet_of
from zeta_router.telemetry.log.reader import LogReader
from zeta_router.telemetry.records import FeedbackRecord

FLEET = FleetConfig(
    models={name: Model(name, {Task.SIMPLE: 0.6, Task.CODE: None}) for name in ("small", "large")},
    endpoints=(
        Endpoint("a", "http://user:secret@127.0.0.1:1", "small", slots=4),
        Endpoint("b", "http://127.0.0.1:2", "large", slots=4),
    ),
    routes={Task.SIMPLE: "small"},
    slo={Task.SIMPLE: Slo(2.0, 0.05)},
    policy="joint",
)
SPECS = {"a": EngineSpec(9000, 0.01, 0.001, 4), "b": EngineSpec(3000, 0.02, 0.001, 4)}


def queries(count: int) -> list[Played]:
    prompt = Prompt("p", "sums", "", 50, {"small": Answer(1.0, 20), "large": Answer(0.0, 40)})
    outcomes = {"small": Outcome(1.0, 20), "large": Outcome(0.0, 40)}
    estimate = certain(Task.SIMPLE, "sums")
    card = Card(prompt, "sums", Task.SIMPLE, estimate, (), Slo(2.0, 0.05), outcomes)
    return [Played(f"q{n}", 0.2 * n, card, 50, outcomes) for n in range(count)]


def logged(path: Path, count: int = 30) -> Drive:
    router = ZetaDynamicRouter(FLEET, RuleClassifier(), seed=7)
    with SimulatedLog(path, FLEET, seed=7) as log:
        drive = Drive(
            router, SPECS, queries(count), Conditions(seed=7, feedback=Feedback(0.5, 1.0), log=log)
        )
        drive.run()
    return drive


def test_every_query_has_a_decision_and_an_outcome_and_some_a_judgement(tmp_path: Path) -> None:
    drive = logged(tmp_path / "run.db")
    with LogReader(tmp_path / "run.db") as reader:
        records = list(reader.iterate())
        (run,) = reader.runs()
    decisions = [r for r in records if isinstance(r, DecisionRecord)]
    outcomes = [r for r in records if isinstance(r, OutcomeRecord)]
    judged = [r for r in records if isinstance(r, FeedbackRecord)]
    chosen = {r.query.id for r in decisions if r.decision.verdict is Verdict.DISPATCH}
    assert chosen == {record.played.id for record in drive.records}
    assert {r.query_id for r in outcomes if r.outcome.status is Status.OK} == chosen
    assert 5 < len(judged) < 25
    scores = {record.played.id: record.score for record in drive.records}
    assert all(r.score == scores[r.query_id] for r in judged)
    assert run.facts["seed"] == "7"
    assert run.facts["policy"] == "joint"


def test_the_fleet_comes_back_without_its_addresses(tmp_path: Path) -> None:
    logged(tmp_path / "run.db", 3)
    with LogReader(tmp_path / "run.db") as reader:
        facts = reader.runs()[0].facts
    assert "secret" not in facts["fleet"]
    fleet = fleet_of(facts)
    bare = tuple(replace(endpoint, url="") for endpoint in FLEET.endpoints)
    assert fleet == replace(FLEET, endpoints=bare)


def test_a_fleet_that_cannot_be_understood_is_none() -> None:
    assert fleet_of({}) is None
    assert fleet_of({"fleet": "{"}) is None
    assert fleet_of({"fleet": fleet_fact(FLEET).replace('"models"', '"modells"')}) is None


def test_a_file_that_exists_is_refused(tmp_path: Path) -> None:
    logged(tmp_path / "run.db", 1)
    with pytest.raises(ConfigError, match="exists"):
        SimulatedLog(tmp_path / "run.db", FLEET, seed=7)
