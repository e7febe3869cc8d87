"""What cannot be written is refused before the work begins."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from zeta_router.app.cli.ab import command as ab
from zeta_router.app.cli.places import FileToWrite, FolderToWrite
from zeta_router.app.cli.replay import command as replay
from zeta_router.app.cli.simulate import command as simulate
from zeta_router.app.cli.train_classifier import command as train_classifier
from zeta_router.app.cli.train_topics import command as train_topics
from zeta_router.core.errors import ConfigError
from zeta_router.sim.report import html


def test_a_file_needs_its_folder(tmp_path: Path) -> None:
    here = tmp_path / "out.json"
    assert FileToWrite().convert(str(here), None, None) == here
    assert not here.exists()
    with pytest.raises(click.BadParameter, match="does not exist"):
        FileToWrite().convert(str(tmp_path / "typo" / "out.json"), None, None)
    with pytest.raises(click.BadParameter, match="is a directory"):
        FileToWrite().convert(str(tmp_path), None, None)


def test_a_command_may_make_the_folders(tmp_path: Path) -> None:
    deep = tmp_path / "new" / "newer" / "out.npz"
    assert FileToWrite(makes_folders=True).convert(str(deep), None, None) == deep
    assert FolderToWrite().convert(str(deep.parent), None, None) == deep.parent
    (tmp_path / "new").write_text("a file")
    with pytest.raises(click.BadParameter, match="is no folder"):
        FileToWrite(makes_folders=True).convert(str(deep), None, None)
    with pytest.raises(click.BadParameter, match="Nothing can be written"):
        FolderToWrite().convert(str(deep.parent), None, None)


def test_a_place_without_the_right_to_write_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    for place in (FileToWrite(), FileToWrite(makes_folders=True), FolderToWrite()):
        with pytest.raises(click.BadParameter, match="written"):
            place.convert(str(tmp_path / "x"), None, None)


@pytest.mark.parametrize(
    ("command", "flags"),
    [
        (simulate, ["--fleet", "none", "--trace", "poisson:rate=1", "--quality", "none"]),
        (replay, ["none.db", "--policy", "joint"]),
    ],
)
def test_what_draws_a_report_is_looked_for_before_the_work(
    command: click.Command, flags: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> str:
        raise ConfigError("report", "the HTML report needs Plotly")

    monkeypatch.setattr(html, "plotly_script", missing)
    monkeypatch.setattr("zeta_router.app.cli.simulate._options", lambda *_, **__: None)
    with pytest.raises(ConfigError, match="needs Plotly"):
        CliRunner().invoke(
            command, [*flags, "--report", str(tmp_path / "r.html")], catch_exceptions=False
        )


def test_whatever_is_written_after_long_work_is_looked_at_before() -> None:
    written = {
        simulate: {"json_path", "report_path", "cache", "log_dir"},
        replay: {"report_path"},
        ab: {"out"},
        train_classifier: {"out"},
        train_topics: {"out"},
    }
    for command, names in written.items():
        checked = {
            each.name
            for each in command.params
            if isinstance(each.type, (FileToWrite, FolderToWrite))
        }
        assert checked == names, command.name
