"""The dashboard of a running gateway, over what the router and telemetry know."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from zeta_router.app.config import LoadedConfig
from zeta_router.app.dashboard.frames import Frames
from zeta_router.app.dashboard.serving import Dashboard
from zeta_router.app.records import Telemetry
from zeta_router.monitor.resources.usage import Resources
from zeta_router.router.router import ZetaDynamicRouter


@contextlib.asynccontextmanager
async def overview(
    config: LoadedConfig,
    router: ZetaDynamicRouter,
    telemetry: Telemetry,
    clock: Callable[[], float],
    usage: Callable[[str], Resources | None],
) -> AsyncIterator[Dashboard]:
    """The dashboard, fed until the end of the block.

    `usage` gives what an endpoint's machine was last seen to use; GPUs are told nowhere else.
    """
    frames = Frames(router, telemetry.lately, clock, telemetry.newest, usage)
    dashboard = Dashboard(frames, Path(config.log.path))
    async with dashboard.running():
        yield dashboard
