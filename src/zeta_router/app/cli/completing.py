"""What a shell may complete: names that stand in the configuration, and policies."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from zeta_router.core.errors import ZetaError
from zeta_router.core.fleet import FleetConfig

_FILES = ("config", "fleet")


def policies(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """Names of policies; after a comma, for another one."""
    from zeta_router.policy.registry import POLICIES

    before, comma, last = typed.rpartition(",")
    return [f"{before}{comma}{name}" for name in POLICIES if name.startswith(last)]


def endpoint_ids(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """Ids of the configuration's endpoints."""
    return _beginning(typed, (endpoint.id for endpoint in _fleet(context).endpoints))


def models(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """Models that clients may ask for: the configuration's, and the virtual ones."""
    virtual = ("auto", "auto:simple", "auto:code", "auto:reasoning")
    return _beginning(typed, (*virtual, *_fleet(context).models))


def _beginning(typed: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(typed)]


def _fleet(context: click.Context) -> FleetConfig:
    """The fleet of the file on the command line, else of zeta.yaml; nothing when it is no good."""
    from zeta_router.app.cli.sources import CONFIG_FILE, load

    named = next((context.params[name] for name in _FILES if context.params.get(name)), None)
    try:
        return load(Path(named or CONFIG_FILE)).fleet
    except (ZetaError, OSError):
        return FleetConfig({}, ())
