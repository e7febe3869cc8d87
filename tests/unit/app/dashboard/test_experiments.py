"""Records of experiments beside the log: left, listed, forgotten, and never in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from zeta_router.app.dashboard import experiments
from zeta_router.app.dashboard.experiments import (
    experiments_folder,
    read_experiments,
    write_experiment,
)


def test_what_is_left_is_listed_newest_first(tmp_path: Path) -> None:
    log = tmp_path / "zeta.db"
    for number in range(3):
        assert write_experiment(log, "ab", {"number": number}) is not None
    told = read_experiments(log)
    assert [each["number"] for each in told["experiments"]] == [2, 1, 0]
    assert told["folder"] == str(tmp_path / "zeta-experiments")
    assert told["unreadable"] == 0
    assert all(each["kind"] == "ab" and each["wall_s"] > 0 for each in told["experiments"])


def test_without_a_folder_there_is_none(tmp_path: Path) -> None:
    assert read_experiments(tmp_path / "zeta.db")["experiments"] == []


def test_the_oldest_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiments, "KEPT", 2)
    for number in range(4):
        write_experiment(tmp_path / "z.db", "simulate", {"number": number})
    assert len(list(experiments_folder(tmp_path / "z.db").iterdir())) == 2
    told = read_experiments(tmp_path / "z.db")["experiments"]
    assert [each["number"] for each in told] == [3, 2]


def test_damaged_strange_and_huge_files_are_counted(tmp_path: Path) -> None:
    log = tmp_path / "z.db"
    write_experiment(log, "ab", {})
    folder = experiments_folder(log)
    (folder / "1.json").write_text("{", encoding="utf-8")
    (folder / "2.json").write_text('{"version": 99}', encoding="utf-8")
    (folder / "3.json").write_text("[1]", encoding="utf-8")
    (folder / "4.json").write_bytes(b" " * (experiments.LARGEST_BYTES + 1))
    told = read_experiments(log)
    assert len(told["experiments"]) == 1
    assert told["unreadable"] == 4


def test_a_record_that_cannot_be_left_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "z-experiments").write_text("a file where the folder should be", encoding="utf-8")
    assert write_experiment(tmp_path / "z.db", "ab", {}) is None
    huge = {"rows": ["x" * 1000] * 1000}
    assert write_experiment(tmp_path / "y.db", "ab", huge) is None
