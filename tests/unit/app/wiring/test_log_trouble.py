"""A log that cannot be written is told of once, and once more when it is written again."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from support.fleets import endpoint, fleet
from zeta_router.app.cli.sources import of_fleet
from zeta_router.app.wiring.log_trouble import LogTrouble
from zeta_router.app.wiring.recording import decision_log
from zeta_router.telemetry.log.wall import Wall
from zeta_router.telemetry.records import LogHealth

WELL = LogHealth(True, "", "", written=5, pending=0, dropped=0, errors=0)
FULL = LogHealth(False, "z.db: disk is full", "", written=5, pending=9, dropped=0, errors=1)


def test_trouble_is_told_when_it_begins_and_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    trouble = LogTrouble()
    for health in (WELL, FULL, FULL, replace(WELL, dropped=3), WELL):
        trouble.look(health)
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
    began, ended = caplog.messages
    assert "z.db: disk is full" in began
    assert "3 rows were lost" in ended


def test_a_row_that_was_given_up_is_told(caplog: pytest.LogCaptureFixture) -> None:
    trouble = LogTrouble()
    for refusal in ("", "no number", "no number", "no text"):
        trouble.look(replace(WELL, refusal=refusal))
    assert [text.rpartition(": ")[2] for text in caplog.messages] == ["no number", "no text"]


def test_a_log_that_ends_whole_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    LogTrouble().end(WELL)
    assert not caplog.messages
    LogTrouble().end(replace(FULL, dropped=9))
    assert "9 rows lost: z.db: disk is full" in caplog.text


def test_a_gateway_over_a_log_that_cannot_be_opened_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "zeta.db"
    path.symlink_to("/proc/zeta.db")  # a folder in which nobody can make a file
    made = of_fleet(fleet(endpoint("c", "coder")), "test")

    async def run() -> None:
        async with decision_log(replace(made, log=replace(made.log, path=str(path))), 7, Wall()):
            await asyncio.sleep(0)

    asyncio.run(run())
    assert "the decision log cannot be written" in caplog.text
    assert str(path) in caplog.text
