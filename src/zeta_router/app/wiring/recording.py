"""The decision log of a running gateway, with the facts of the run written into it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from zeta_router.app.config import LoadedConfig
from zeta_router.telemetry.log.decision_log import DecisionLog
from zeta_router.telemetry.log.fleet import FLEET_FACT, fleet_fact
from zeta_router.telemetry.log.wall import Wall


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
    try:
        yield log
    finally:
        await asyncio.to_thread(log.close)
