"""Periods of retraining on simulated logs: what is promoted, refused, rolled back, and recorded.

Logs come from `benchmarks/learning/worlds.py`, whose truth is known. The replay for latency is
stood in for here; `test_in_time` has it, and the benchmark runs everything.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from support.benchmarks import learning_benchmark
from zeta_router.app.learning import trials
from zeta_router.app.learning.in_time import InTime
from zeta_router.app.learning.period import run_period
from zeta_router.app.learning.trials import LengthTrial, ResidualTrial, State
from zeta_router.core.errors import ConfigError
from zeta_router.telemetry.log.promotions import Verdict, read_promotions

SECONDS = 800.0
LATER_WALL_S = 1_800_000_000.0 + SECONDS + 60.0


def heavy(test: Callable[..., None]) -> Callable[..., None]:
    """Runs with the matrices: logs of thousands of queries, a minute or more on a busy machine."""
    marked: Callable[..., None] = pytest.mark.matrix(pytest.mark.timeout(900)(test))
    return marked


@pytest.fixture(scope="module")
def retrain() -> ModuleType:
    """The benchmark's own module: how worlds are made and shuffled."""
    return learning_benchmark("retrain")


@pytest.fixture(scope="module")
def old_world(retrain: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> State:
    state: State = retrain.champion(tmp_path_factory.mktemp("before"), SECONDS)
    return state


@pytest.fixture(scope="module")
def after(retrain: ModuleType, old_world: State, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = retrain.log_after(tmp_path_factory.mktemp("after"), SECONDS, 1, old_world)
    return path


@pytest.fixture
def in_time(monkeypatch: pytest.MonkeyPatch) -> list[InTime]:
    """What the replay says; change it in place."""
    found = [InTime(0.9, 0.9, 0.0)]
    monkeypatch.setattr(trials, "in_time", lambda traffic, graft: found[0])
    return found


@heavy
def test_after_a_shift_one_period_rolls_back_and_promotes(
    after: Path, in_time: list[InTime], tmp_path: Path
) -> None:
    path = tmp_path / "copy.db"
    path.write_bytes(after.read_bytes())
    told: list[str] = []
    entries = run_period(path, LATER_WALL_S, trials=[ResidualTrial()], tell=told.append)
    assert [entry.verdict for entry in entries] == [Verdict.ROLLED_BACK, Verdict.PROMOTED]
    promoted = entries[1]
    assert promoted.state is not None
    assert promoted.evidence["quality"]["low"] > 0.0
    assert promoted.evidence["log_loss"]["high"] < 0.0
    kept = read_promotions(path)
    assert [entry.verdict for entry in kept][1:] == [entry.verdict for entry in entries]
    assert any("promoted" in line for line in told)


@heavy
def test_answers_that_might_come_later_are_refused(
    after: Path, in_time: list[InTime], tmp_path: Path
) -> None:
    in_time[0] = InTime(0.9, 0.8, -0.12)
    path = tmp_path / "copy.db"
    path.write_bytes(after.read_bytes())
    entry = run_period(path, LATER_WALL_S, trials=[ResidualTrial()])[-1]
    assert entry.verdict is Verdict.REFUSED
    assert "might come later" in entry.reason
    assert entry.state is None


@heavy
@pytest.mark.parametrize("with_champion", [False, True])
def test_shuffled_rewards_never_promote(
    retrain: ModuleType, after: Path, old_world: State, in_time: list[InTime], with_champion: bool
) -> None:
    """Three shuffles each here, twenty in the benchmark; false alarms: one in 2,000 by design."""
    traffic = retrain.read_traffic(after)
    for seed in range(3):
        known = old_world if with_champion else None
        assert not retrain.judged_shuffled(traffic, seed, known)["better"]


@heavy
def test_a_world_that_stays_gives_no_reason_to_change(
    retrain: ModuleType, in_time: list[InTime], tmp_path: Path
) -> None:
    path = tmp_path / "calm.db"
    worlds = retrain.worlds
    worlds.write_log(path, worlds.calm, seconds=SECONDS, seed=5, feedback=retrain.EVERY_ANSWER)
    entries = run_period(path, LATER_WALL_S, trials=[ResidualTrial(), LengthTrial()])
    assert [entry.verdict for entry in entries] == [Verdict.REFUSED, Verdict.REFUSED]
    assert [entry.head for entry in entries] == ["residual", "length"]


def test_a_log_with_next_to_nothing_is_refused_with_a_reason(
    retrain: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "short.db"
    retrain.worlds.write_log(path, retrain.worlds.calm, seconds=20.0, seed=5)
    entries = run_period(path, LATER_WALL_S)
    assert all("too few" in entry.reason for entry in entries)
    assert len(read_promotions(path)) == 2
    with pytest.raises(ConfigError, match="no such file"):
        run_period(tmp_path / "no.db", LATER_WALL_S)
