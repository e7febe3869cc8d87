"""`zeta doctor`: what is wrong, why it matters, and what mends it."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import asdict
from pathlib import Path
from textwrap import wrap

import click
import msgspec
from rich.console import Console
from rich.text import Text

from zeta_router.app.cli.address import checked_url
from zeta_router.app.cli.sources import CONFIG_FILE, discovered, load, of_fleet
from zeta_router.app.config import ConfigErrors
from zeta_router.app.doctor.examination import Examined, examine, of_problems, running_fleet
from zeta_router.app.doctor.finding import Finding, Severity

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_LABEL = 9


@click.command("doctor", epilog="Example: zeta doctor --config zeta.yaml --json")
@click.option(
    "--config",
    "-c",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Configuration. [default: {CONFIG_FILE} here, else the engines found on this machine]",
)
@click.option(
    "--url", help="Running gateway; without a configuration, its fleet. [default: `listen`]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(config: Path | None, url: str | None, as_json: bool) -> None:
    """Find what is wrong with the fleet, and say the mend of each finding.

    Asks every engine who it is, what it serves and what it tells, embeds one letter where an engine
    embeds, and looks at the log file, the disk, the port and the running gateway. Changes nothing.
    Exit 0 when there is nothing but notes, 1 with findings, 2 when it cannot be run.
    """
    file = config or (Path(CONFIG_FILE) if Path(CONFIG_FILE).exists() else None)
    if file is not None and not file.is_file():
        load(file)  # says why it cannot be read
    url = url or os.environ.get("ZETA_URL")
    base = checked_url("--url", url) if url is not None else None
    try:
        examined = asyncio.run(_examined(file, base))
    except ConfigErrors as errors:
        examined = Examined(of_problems(errors.problems, errors.source), 0, None)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(_plain(examined))).decode())
    else:
        _show(examined, str(file or base or "engines found here"))
    bad = any(each.severity is not Severity.NOTE for each in examined.findings)
    sys.exit(1 if bad else 0)


async def _examined(file: Path | None, url: str | None) -> Examined:
    if file is None and url is not None:
        return await examine(of_fleet(await running_fleet(url), url), None, url, ours=False)
    config = load(file) if file is not None else await discovered()
    return await examine(config, file, url)


def _plain(examined: Examined) -> dict[str, object]:
    return {
        "endpoints": examined.endpoints,
        "gateway": examined.gateway,
        "findings": [asdict(each) for each in examined.findings],
    }


def _show(examined: Examined, source: str) -> None:
    console = Console(highlight=False)
    running = f", gateway {examined.gateway}" if examined.gateway else ", no running gateway"
    console.print(f"{source}: {examined.endpoints} endpoints{running}\n", markup=False)
    width = min(console.width, 100) - _LABEL
    for each in examined.findings:
        console.print(_told(each, width), soft_wrap=True)
    counts = ", ".join(
        f"{number} {severity.value}{'s' if number != 1 else ''}"
        for severity in Severity
        if (number := sum(each.severity is severity for each in examined.findings))
    )
    console.print(counts or "nothing is wrong", style="" if counts else "green")


def _told(each: Finding, width: int) -> Text:
    """One finding: what, why and mend, each label in the same column."""
    text = Text()
    place = f" ({each.where})" if each.where else ""
    parts = ((each.severity.value, each.what + place), ("why", each.why), ("mend", each.mend))
    for label, said in parts:
        style = _STYLES[each.severity] if label == each.severity.value else "bold"
        text.append(f"{label:<{_LABEL}}", style)
        indent = "\n" + " " * _LABEL
        text.append(indent.join(wrap(said, width, break_long_words=False)) + "\n")
    return text
