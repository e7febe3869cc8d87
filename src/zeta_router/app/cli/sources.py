"""Where a configuration comes from: a file, the engines on this machine, or a fleet as a value."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zeta_router.app.config import EndpointSettings, Listen, LoadedConfig, LogSettings, load_file
from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import FleetConfig
from zeta_router.policy.registry import POLICIES

if TYPE_CHECKING:
    from zeta_router.monitor.discover import Found
    from zeta_router.monitor.engines.protocol import Reply

CONFIG_FILE = "zeta.yaml"
DEFAULT_LOG = "zeta.db"
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
        log=LogSettings(DEFAULT_LOG, 30.0, prompts=False),
        body_bytes=32 << 20,
        endpoints={endpoint.id: EndpointSettings() for endpoint in fleet.endpoints},
        source=source,
    )


async def discovered() -> LoadedConfig:
    """The engines that listen on this machine.

    Raises:
        ConfigError: There is none.
    """
    from zeta_router.monitor.found_fleet import fleet_of

    return of_fleet(fleet_of(await find_engines()), "discovered")


async def find_engines(urls: Sequence[str] = (), key: str | None = None) -> list[Found]:
    """What listens where engines of this machine listen, and at these addresses.

    Args:
        urls: Addresses beside the usual ones, at each of which there has to be an engine.
        key: Sent to these addresses as a bearer token, and to no other.

    Raises:
        ConfigError: There is no engine, or none at an address that was named.
    """
    from zeta_router.app.cli.candidates import candidates
    from zeta_router.gateway.upstream import new_session
    from zeta_router.monitor.discover import discover, listing

    sys.stderr.write("looking for engines on this machine\n")
    async with new_session() as session:
        keys = dict.fromkeys(urls, key) if key is not None else {}
        found = await discover(session, (*urls, *candidates()), keys=keys)
        models = {each.url: each.identity.models for each in found}
        for url in urls:
            if not models.get(url):
                raise _not_found(url, await listing(session, url, key), has_key=key is not None)
    if not any(each.identity.models for each in found):
        raise ConfigError(
            "",
            f"there is no {CONFIG_FILE} here and no engine was found on this machine",
            "start Ollama, LM Studio, vLLM, SGLang or llama.cpp; or try `zeta serve --embedded`",
        )
    return found


def _not_found(url: str, told: Reply, *, has_key: bool) -> ConfigError:
    """Why there is no engine to route to at an address that was named."""
    if told.status in (401, 403) and has_key:
        problem = f"{url} was reached, but does not take the key (HTTP {told.status})"
        hint = "has the variable of --key-env the engine's own key?"
    elif told.status in (401, 403):
        problem = f"{url} was reached, but it wants a key (HTTP {told.status})"
        hint = "export its key in a variable, and give the variable's name with --key-env NAME"
    elif any(name.startswith("x-zeta") for name in told.headers):
        problem = f"{url} is a gateway of this kind, and no engine"
        hint = "name the engines behind it"
    elif told.status:
        problem = f"{url} answers, but no engine with a model was recognised (HTTP {told.status})"
        hint = "is it still loading? It has to list its models at /v1/models"
    else:
        late = f" ({told.problem})" if told.problem.startswith("no answer") else ""
        problem, hint = f"no engine answers on {url}{late}", "is it running?"
    return ConfigError("--url", problem, hint)
