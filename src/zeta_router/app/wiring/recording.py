"""The decision log of a running gateway, with the facts of the run written into it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from zeta_router.app.background import in_background
from zeta_router.app.config import LoadedConfig
from zeta_router.app.wiring.log_trouble import LogTrouble
from zeta_router.telemetry.log.decision_log import DecisionLog
from zeta_router.telemetry.log.fleet import FLEET_FACT, fleet_fact
from zeta_router.telemetry.log.wall import Wall

LOOK_EVERY_S = 1.0
"""Between two looks at whether the log is in trouble."""


@contextlib.asynccontextmanager
async def decision_log(config: LoadedConfig, seed: int, wall: Wall) -> AsyncIterator[DecisionLog]:
    """The log, open for writing until the end of the block.

    Args:
        config: Says where it lies and what is kept.
        seed: Root of the router's draws, which a replay needs.
        wall: Dates the rows, and tells how old they are.

    Raises:
        ConfigError: The log's file cannot be used.
    """
    log = DecisionLog(
        config.log.path,
        config.log.keep_days,
        prompts=config.log.prompts,
        wall_offset_s=wall.offset_s,
        wall_clock=wall.aging_s,
        facts={
            "seed": str(seed),
            "policy": config.fleet.policy,
            "source": config.source,
            FLEET_FACT: fleet_fact(config.fleet),
        },
    )
    trouble = LogTrouble()
    try:
        async with in_background(_watch(log, trouble)):
            yield log
    finally:
        await asyncio.to_thread(log.close)
        trouble.end(log.health())


async def _watch(log: DecisionLog, trouble: LogTrouble) -> None:
    while True:
        trouble.look(log.health())
        await asyncio.sleep(LOOK_EVERY_S)
