"""`zeta init`: find the engines on this machine and write a configuration for them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from zeta_router.app.cli.sources import CONFIG_FILE, discovered
from zeta_router.app.cli.tables import fleet_table
from zeta_router.app.config.render import render_yaml


@click.command("init")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=CONFIG_FILE)
@click.option("--force", is_flag=True, help="Replace FILE when it exists.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print the configuration instead.")
def command(file: Path, force: bool, to_stdout: bool) -> None:
    """Find local engines and write FILE (zeta.yaml), with comments, ready to be edited."""
    if file.exists() and not force and not to_stdout:
        raise click.ClickException(f"{file} exists; --force replaces it, --stdout prints")
    fleet = asyncio.run(discovered()).fleet
    text = render_yaml(fleet)
    if to_stdout:
        click.echo(text, nl=False)
        return
    file.write_text(text, encoding="utf-8")
    fleet_table(fleet)
    click.echo(f"wrote {file}; `zeta check {file}` reads it, `zeta serve` serves it", err=True)
