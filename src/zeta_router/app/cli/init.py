"""`zeta init`: find the engines on this machine and write a configuration for them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from zeta_router import __version__
from zeta_router.app.cli.address import checked_url
from zeta_router.app.cli.sources import CONFIG_FILE, DEFAULT_LISTEN, find_engines
from zeta_router.app.cli.tables import fleet_table
from zeta_router.app.config import Listen, load_text
from zeta_router.app.config.render import render_yaml
from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import Endpoint, FleetConfig

if TYPE_CHECKING:
    from zeta_router.monitor.discover import Found
    from zeta_router.monitor.engines.protocol import ServedModel

SCHEMA = Path(__file__).parents[1] / "config" / "zeta.schema.json"
PORTS_TRIED = 20
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@click.command("init", epilog="Example: zeta init --url http://127.0.0.1:9000")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=CONFIG_FILE)
@click.option("--url", "urls", multiple=True, help="Engine at an unusual address; repeatable.")
@click.option(
    "--key-env",
    "variable",
    metavar="NAME",
    help="Variable with the key that the engines at --url want.",
)
@click.option("--force", is_flag=True, help="Replace FILE when it exists.")
@click.option("--print", "--stdout", "to_stdout", is_flag=True, help="Print, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found and written as JSON.")
def command(
    file: Path,
    urls: tuple[str, ...],
    variable: str | None,
    force: bool,
    to_stdout: bool,
    as_json: bool,
) -> None:
    """Find local engines and write FILE (zeta.yaml), with comments, ready to be edited.

    Looks at the usual ports, at OLLAMA_HOST and OPENAI_BASE_URL, and at the ports of processes that
    look like engines. Models, context lengths and slots are the engines' own words; what a model is
    good at is guessed from its size and name, and learned later. The file names the variable of
    --key-env and does not hold the key.
    """
    if file.exists() and not force and not to_stdout:
        raise click.ClickException(f"{file} exists; --force replaces it, --print prints")
    from zeta_router.monitor.found_fleet import fleet_of

    named = [checked_url("--url", url) for url in urls]
    key = _key(variable, named) if variable is not None else None
    found = asyncio.run(find_engines(named, key))
    fleet = fleet_of(found)
    listen = _free(DEFAULT_LISTEN)
    keyed = [each.id for each in fleet.endpoints if each.url in named and variable is not None]
    text = _text(fleet, found, listen, dict.fromkeys(keyed, variable or ""))
    if not to_stdout:
        _write(file, text, replace=force)
    if as_json:
        click.echo(msgspec.json.encode(_plain(fleet, found, listen, file, text)).decode())
    elif to_stdout:
        click.echo(text, nl=False)
    if not to_stdout and not as_json:
        fleet_table(fleet)
        said = f"wrote {file}; `zeta doctor` looks it over, `zeta serve` serves it on {listen}"
        click.echo(said, err=True)


def _key(variable: str, urls: Sequence[str]) -> str:
    """What the variable holds.

    Raises:
        ConfigError: It holds nothing, or there is nobody to show it to.
    """
    if not urls:
        raise click.UsageError("--key-env goes with --url: no other address is shown the key")
    key = os.environ.get(variable) if _VARIABLE.fullmatch(variable) else None
    if not key:
        problem = f"{variable!r} is no environment variable that holds a key"
        raise ConfigError("--key-env", problem, "give its name, and export it before")
    return key


def _text(
    fleet: FleetConfig, found: Sequence[Found], listen: Listen, keys: Mapping[str, str]
) -> str:
    """The file, read back once: what is written here is good."""
    header = (
        f"Written by zeta init {__version__} from the engines that answered. Edit it freely: it is",
        "taken over while `zeta serve` runs, and `zeta check` says what is wrong with it.",
    )
    notes = {endpoint.id: _note(endpoint, found) for endpoint in fleet.endpoints}
    text = render_yaml(
        fleet, listen=str(listen), header=header, notes=notes, keys=keys, schema=str(SCHEMA)
    )
    load_text(text, source="zeta init", environ=os.environ)
    return text


def _note(endpoint: Endpoint, found: Sequence[Found]) -> str:
    """How an endpoint was found, and what its engine says of itself."""
    engine, served = _behind(endpoint, found)
    identity = engine.identity
    version = identity.version or ""
    facts = [f"{identity.engine} {'' if 'unknown' in version else version}".strip()]
    slots = served.slots or identity.slots
    facts.append(f"{slots} slots" if slots else "does not tell its slots: set them to its own")
    if served.context_tokens:
        facts.append(f"context of {served.context_tokens} tokens")
    if served.resident is not None:
        facts.append("in memory" if served.resident else "loaded when first asked for")
    return f"Found: {', '.join(facts)}."


def _behind(endpoint: Endpoint, found: Sequence[Found]) -> tuple[Found, ServedModel]:
    """The engine and the model that an endpoint was made from."""
    wanted = endpoint.upstream_model or endpoint.model
    return next(
        (engine, served)
        for engine in found
        if engine.url == endpoint.url
        for served in engine.identity.models
        if served.name == wanted
    )


def _free(listen: Listen) -> Listen:
    """The usual address, or the next port when an engine sits on it."""
    for port in range(listen.port, listen.port + PORTS_TRIED):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((listen.host, port))
            return listen._replace(port=port)
    return listen


def _write(file: Path, text: str, *, replace: bool) -> None:
    """Write it whole or not at all; without `replace`, never over a file that is there.

    Raises:
        ConfigError: The folder cannot be written, or the file came into being meanwhile.
    """
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=file.parent, prefix=f".{file.name}.", encoding="utf-8", delete=False
        ) as part:
            part.write(text)
            part.flush()
            os.fsync(part.fileno())
        Path(part.name).chmod(0o644)
        try:
            if replace:
                Path(part.name).replace(file)
            else:
                file.hardlink_to(part.name)
        finally:
            Path(part.name).unlink(missing_ok=True)
    except FileExistsError:
        raise ConfigError("", f"{file} exists", "--force replaces it") from None
    except OSError as error:
        problem = f"{file} cannot be written: {error.strerror or error}"
        raise ConfigError("", problem, "--print prints it instead") from None


def _plain(
    fleet: FleetConfig, found: Sequence[Found], listen: Listen, file: Path, text: str
) -> dict[str, Any]:
    endpoints = []
    for endpoint in fleet.endpoints:
        engine, served = _behind(endpoint, found)
        endpoints.append(
            {
                "id": endpoint.id,
                "url": endpoint.url,
                "model": endpoint.model,
                "engine": endpoint.engine,
                "version": engine.identity.version,
                "slots": served.slots or engine.identity.slots,
                "context_tokens": served.context_tokens,
                "resident": served.resident,
            }
        )
    return {"file": str(file), "listen": str(listen), "endpoints": endpoints, "text": text}
