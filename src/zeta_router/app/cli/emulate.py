"""`zeta emulate`: the simulator's engine in real time, behind an OpenAI address."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import click

from zeta_router.app.cli.completing import endpoint_ids
from zeta_router.app.cli.listen import listen_option, unusable
from zeta_router.app.cli.numbers import Number
from zeta_router.app.cli.saying import say_aside, say_json
from zeta_router.app.cli.sources import load
from zeta_router.app.config import Listen
from zeta_router.core.errors import ConfigError
from zeta_router.sim.engine.emulate import EmulateOptions, serve
from zeta_router.sim.engine.spec import EngineSettings


@click.command(
    "emulate",
    epilog="Example: zeta emulate --fleet fleet.yaml --endpoint coder-1 --listen 127.0.0.1:9001",
)
@click.option("--fleet", required=True, type=click.Path(path_type=Path), help="Fleet file.")
@click.option(
    "--endpoint",
    required=True,
    shell_complete=endpoint_ids,
    help="Id of the endpoint to stand in for.",
)
@listen_option
@click.option(
    "--mean-output-tokens",
    type=Number(min=1),
    default=150.0,
    show_default=True,
    help="Answers' mean length.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the address as JSON once it answers.")
def command(
    fleet: Path, endpoint: str, listen: Listen | None, mean_output_tokens: float, as_json: bool
) -> None:
    """Pretend to be an endpoint of FLEET, at the speed of its `simulate:` entry.

    Answers are filler of the right length at the right pace, with vLLM's metric names: for tests of
    capacity that this machine does not have. Listens on the endpoint's own address by default.
    """
    config = load(fleet).fleet
    chosen = next((one for one in config.endpoints if one.id == endpoint), None)
    if chosen is None:
        known = ", ".join(one.id for one in config.endpoints)
        raise ConfigError("--endpoint", f"{endpoint!r} is not in {fleet}", f"known: {known}")
    if chosen.simulate is None:
        raise ConfigError(f"endpoints.{endpoint}", "has no `simulate:` entry", "give its speed")
    address = listen or _address(chosen.url)
    options = EmulateOptions(
        chosen.model, EngineSettings().spec(chosen.simulate), mean_output_tokens
    )

    def ready(port: int) -> None:
        url = f"http://{address.host}:{port}"
        say_aside(f"emulating {chosen.model} on {url}")
        if as_json:
            say_json({"endpoint": chosen.id, "model": chosen.model, "url": url})

    try:
        asyncio.run(serve(options, address.host, address.port, ready))
    except OSError as error:
        raise unusable(address, error) from error


def _address(url: str) -> Listen:
    parts = urlsplit(url)
    return Listen(parts.hostname or "127.0.0.1", parts.port or 80)
