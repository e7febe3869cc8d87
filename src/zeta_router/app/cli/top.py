"""`zeta top`: the fleet as it is, drawn again and again."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys

import click
import msgspec
from rich.console import Console

from zeta_router.app.cli.address import gateway_url
from zeta_router.app.cli.numbers import Number
from zeta_router.app.top.screen import Frame, screen
from zeta_router.app.top.watch import live, once, stream

SNAPSHOT_LINES = 500


@click.command("top", epilog="Example: zeta top --url http://127.0.0.1:8080 --interval 1")
@click.option(
    "--url", help="Gateway. [default: ZETA_URL, else `listen` of zeta.yaml here, else port 8080]"
)
@click.option(
    "--interval",
    type=Number(0.2, 3600),
    default=2.0,
    show_default=True,
    help="Seconds between two looks.",
)
@click.option("--once", "just_once", is_flag=True, help="Look once, print and end.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per look.")
def command(url: str | None, interval: float, just_once: bool, as_json: bool) -> None:
    """Show a running gateway: endpoints, lanes, rates and the latest decisions.

    q or Ctrl-C quits. A gateway that goes away is asked until it is back. Without a terminal one
    picture is printed, as with --once. Exit 2 when no gateway answers at the first look.
    """
    base = gateway_url(url)
    with contextlib.suppress(KeyboardInterrupt):
        if as_json and not just_once:
            asyncio.run(_print_json(base, interval))
        elif as_json:
            click.echo(msgspec.json.encode(asyncio.run(once(base, interval))).decode())
        elif just_once or not sys.stdout.isatty():
            _print(base, interval)
        else:
            asyncio.run(live(base, interval, Console()))


async def _print_json(url: str, interval_s: float) -> None:
    async for figures in stream(url, interval_s):
        click.echo(msgspec.json.encode(figures).decode())


def _print(url: str, interval_s: float) -> None:
    console = Console(highlight=False)
    width = console.width if sys.stdout.isatty() else shutil.get_terminal_size((80, 24)).columns
    frame = Frame(url, width, SNAPSHOT_LINES)
    lines = screen(asyncio.run(once(url, interval_s)), frame).split("\n")
    for line in lines:
        console.print(line, soft_wrap=True)
