"""The embedded fleet as one thing to enter and leave: made, started, watched, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from zeta_router.app.embedded.cache import cache_folder, stretched_model
from zeta_router.app.embedded.packages import require_packages, smollm2_path
from zeta_router.app.embedded.ports import ReservedPort
from zeta_router.app.embedded.progress import MakingProgress, silent
from zeta_router.app.embedded.roster import (
    ENGINES,
    SLOT_CONTEXT_TOKENS,
    EngineSpec,
    embedded_fleet_config,
    engine_url,
)
from zeta_router.app.supervise import ChildSpec, Supervisor
from zeta_router.core.fleet import FleetConfig

__all__ = ["EmbeddedFleet", "StartedEngine", "embedded_fleet_config"]


@dataclass(frozen=True, slots=True)
class StartedEngine:
    """An engine that answers: its name, base address and process id of the moment."""

    name: str
    url: str
    pid: int


class EmbeddedFleet:
    """Four real engines on free loopback ports, from `async with` to its end.

    Entering makes the models where the cache lacks them, starts the engines and returns once all
    of them answer. A crashed engine comes back on the same port. Leaving stops them; should this
    process die without leaving, they die with it.

    Args:
        engines: Which engines to run.
        folder: Cache folder for made models; None takes the user's.
        progress: Told how the making of models gets on.

    Raises:
        ConfigError: On entering, when a package or the cache folder is missing.
        ChildFailedError: On entering, when an engine does not come up.
    """

    def __init__(
        self,
        engines: Sequence[EngineSpec] = ENGINES,
        folder: Path | None = None,
        progress: MakingProgress = silent,
    ) -> None:
        self._specs = tuple(engines)
        self._folder = folder
        self._progress = progress
        self._ports: dict[str, int] = {}
        self._supervisor = Supervisor(())
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        require_packages()
        models = await asyncio.to_thread(self._make_models)
        async with contextlib.AsyncExitStack() as stack:
            for spec in self._specs:
                port = ReservedPort()
                stack.callback(port.release)
                self._ports[spec.name] = port.number
            children = [_child(spec, self._ports[spec.name], models) for spec in self._specs]
            supervisor = Supervisor(children)
            self._supervisor = await stack.enter_async_context(supervisor)
            await supervisor.all_ready()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @property
    def ports(self) -> dict[str, int]:
        """Port of every engine by its name; fixed while the fleet runs."""
        return dict(self._ports)

    @property
    def engines(self) -> tuple[StartedEngine, ...]:
        """The engines whose process runs right now."""
        return tuple(
            StartedEngine(name, engine_url(self._ports[name]), pid)
            for name, pid in self._supervisor.pids().items()
        )

    def fleet_config(self) -> FleetConfig:
        """What the router has to know about this fleet (needs all of `ENGINES`)."""
        return embedded_fleet_config(self._ports)

    def _make_models(self) -> dict[int, Path]:
        source = smollm2_path()
        folder = self._folder or cache_folder()
        models = {}
        for spec in self._specs:
            if not spec.is_embedder:
                report = functools.partial(self._progress, spec.name)
                models[spec.work] = stretched_model(source, spec.work, folder, report)
        return models


def _child(spec: EngineSpec, port: int, models: Mapping[int, Path]) -> ChildSpec:
    # -P: the working folder is the user's, and must not shadow modules.
    command = [sys.executable, "-P", "-m", "zeta_router.app.embedded.engine"]
    if spec.is_embedder:
        command += ["embedder", "--name", spec.name, "--port", str(port)]
    else:
        command += ["llama", "--name", spec.name, "--port", str(port), "--model"]
        command += [str(models[spec.work])]
        command += ["--slots", str(spec.slots), "--slot-context-tokens", str(SLOT_CONTEXT_TOKENS)]
    return ChildSpec(spec.name, command, f"{engine_url(port)}/health")
