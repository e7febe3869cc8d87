"""Where a configuration comes from: a file, the engines on this machine, or a fleet as a value."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from zeta_router.app.config import EndpointSettings, Listen, LoadedConfig, LogSettings, load_file
from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import FleetConfig
from zeta_router.policy.registry import POLICIES

CONFIG_FILE = "zeta.yaml"
DEFAULT_LISTEN = Listen("127.0.0.1", 8080)


def load(path: Path) -> LoadedConfig:
    """The configuration in a file.

    Raises:
        ConfigError: It cannot be used; the message names every problem with its line.
    """
    return load_file(path, os.environ, POLICIES)


def of_fleet(fleet: FleetConfig, source: str) -> LoadedConfig:
    """A fleet with the default settings around it."""
    return LoadedConfig(
        fleet=fleet,
        listen=DEFAULT_LISTEN,
        log=LogSettings("zeta.db", 30.0, prompts=False),
        body_bytes=32 << 20,
        endpoints={endpoint.id: EndpointSettings() for endpoint in fleet.endpoints},
        source=source,
    )


async def discovered() -> LoadedConfig:
    """The engines that listen on this machine.

    Raises:
        ConfigError: There is none.
    """
    found = await find_engines()
    if not found.endpoints:
        raise ConfigError(
            "",
            f"there is no {CONFIG_FILE} here and no engine was found on this machine",
            "start Ollama, LM Studio, vLLM, SGLang or llama.cpp; or try `zeta serve --embedded`",
        )
    return of_fleet(found, "discovered")


async def find_engines() -> FleetConfig:
    """What listens on the default ports of the engines we know."""
    from zeta_router.gateway.upstream import new_session
    from zeta_router.monitor.discover import discover
    from zeta_router.monitor.found_fleet import fleet_of

    sys.stderr.write("looking for engines on this machine\n")
    async with new_session() as session:
        return fleet_of(await discover(session))
