"""A fleet that cannot start says why, and leaves nothing running."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from zeta_router.app.embedded import fleet as fleet_module
from zeta_router.app.embedded import packages
from zeta_router.app.embedded.fleet import EmbeddedFleet
from zeta_router.app.embedded.roster import ENGINES
from zeta_router.app.supervise import ChildFailedError
from zeta_router.core.errors import ConfigError


async def enter(fleet: EmbeddedFleet) -> None:
    async with fleet:
        raise AssertionError("it started")


def test_a_missing_package_is_reported_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packages, "find_spec", {}.get)
    with pytest.raises(ConfigError, match="make setup"):
        asyncio.run(enter(EmbeddedFleet()))


def test_a_cache_folder_that_cannot_be_used_is_reported(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    with pytest.raises(ConfigError, match="ZETA_CACHE"):
        asyncio.run(enter(EmbeddedFleet(folder=taken)))


@pytest.mark.engines
def test_an_engine_that_cannot_load_its_model_is_reported_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch, tiny_gguf: Path
) -> None:
    monkeypatch.setattr(fleet_module, "smollm2_path", lambda: tiny_gguf)
    small = [engine for engine in ENGINES if engine.name == "small-4b"]
    before = psutil.Process().children(recursive=True)
    with pytest.raises(ChildFailedError, match=r"small-4b .*(?s:.)*tiny\.gguf"):
        asyncio.run(enter(EmbeddedFleet(small)))
    assert psutil.Process().children(recursive=True) == before
