"""The log of a run says what it was a run of, and is closed at its end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from support.fleets import endpoint, fleet
from zeta_router.app.cli.sources import of_fleet
from zeta_router.app.config import LoadedConfig
from zeta_router.app.wiring.recording import decision_log
from zeta_router.core.errors import ConfigError
from zeta_router.telemetry.log.fleet import FLEET_FACT
from zeta_router.telemetry.log.reader import LogReader
from zeta_router.telemetry.log.wall import Wall


def config(path: Path) -> LoadedConfig:
    made = of_fleet(fleet(endpoint("c", "coder"), policy="p2c"), "test")
    return replace(made, log=replace(made.log, path=str(path)))


async def opened_and_closed(path: Path) -> None:
    async with decision_log(config(path), 7, Wall()) as log:
        assert not log.health().trouble


def test_the_facts_of_a_run_are_in_its_log(tmp_path: Path) -> None:
    path = tmp_path / "zeta.db"
    asyncio.run(opened_and_closed(path))
    with LogReader(path) as reader:
        (run,) = reader.runs()
    assert run.facts["seed"] == "7"
    assert run.facts["policy"] == "p2c"
    assert run.facts["source"] == "test"
    assert "coder" in run.facts[FLEET_FACT]


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "zeta.db"
    path.write_text("the household accounts of 1911")
    with pytest.raises(ConfigError):
        asyncio.run(opened_and_closed(path))
