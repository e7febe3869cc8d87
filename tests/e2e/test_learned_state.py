"""A gateway that is started again knows what the one before it learned."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from support.fleets import endpoint, fleet
from zeta_router.app.cli.sources import of_fleet
from zeta_router.app.config import Listen, LoadedConfig
from zeta_router.app.running import running
from zeta_router.core.query import Task, TopicShare

TOPICS = (TopicShare("code", Task.CODE, 1.0),)


def config(folder: Path) -> LoadedConfig:
    made = of_fleet(fleet(endpoint("c", "coder"), endpoint("t", "thinker")), "test")
    log = replace(made.log, path=str(folder / "zeta.db"))
    return replace(made, log=log, listen=Listen("127.0.0.1", 0))


async def quality(loaded: LoadedConfig, lessons: int) -> float:
    """Serve for a moment, learn, stop; what was believed of a model at the end."""
    async with running(loaded, seed=1) as gateway:
        knowledge = gateway.driver.router.knowledge
        for _ in range(lessons):
            knowledge.quality.observe(TOPICS, "coder", 0.0)
        return knowledge.quality.mean(TOPICS, "coder")


def test_what_was_learned_survives_a_restart(tmp_path: Path) -> None:
    loaded = config(tmp_path)
    fresh = asyncio.run(quality(loaded, 0))
    taught = asyncio.run(quality(loaded, 40))
    assert taught < 0.5 * fresh
    assert asyncio.run(quality(loaded, 0)) == taught


def test_a_log_that_was_cut_off_starts_from_priors_and_is_kept(tmp_path: Path) -> None:
    loaded = config(tmp_path)
    fresh = asyncio.run(quality(loaded, 0))
    asyncio.run(quality(loaded, 40))
    path = tmp_path / "zeta.db"
    path.write_bytes(path.read_bytes()[:5000])
    assert asyncio.run(quality(loaded, 0)) == fresh
    assert len(list(tmp_path.glob("zeta.db.damaged-*"))) == 1
