"""`zeta check`: is this configuration good, and what does it say."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from zeta_router.app.cli.sources import CONFIG_FILE, load
from zeta_router.app.cli.tables import fleet_table
from zeta_router.app.config import ConfigErrors, LoadedConfig, Problem
from zeta_router.core.errors import ConfigError


@click.command("check", epilog="Example: zeta check zeta.yaml")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=CONFIG_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(file: Path, as_json: bool) -> None:
    """Read FILE (zeta.yaml) and say what is wrong with it. Exit 0 when it can be used, else 2."""
    try:
        config = load(file)
        _check_serving(config)
    except ConfigErrors as errors:
        if not as_json:
            raise
        _print_json(False, errors.problems)
        sys.exit(2)
    if as_json:
        _print_json(True, config.warnings)
    else:
        _show(config)


def _check_serving(config: LoadedConfig) -> None:
    """What `serve` refuses beyond the file's own content: a good file is one that can be served.

    Raises:
        ConfigErrors: Strangers would be let in, or the files of `gateway.tls` cannot be used.
    """
    from zeta_router.app.cli.listen import refuse_strangers

    problems = []
    for check in (refuse_strangers, _check_certificate):
        try:
            check(config)
        except ConfigError as error:
            problems.append(Problem(error.path, error.problem, error.hint))
    if problems:
        raise ConfigErrors(problems, config.source)


def _check_certificate(config: LoadedConfig) -> None:
    """Raises: ConfigError: The files of `gateway.tls` cannot be used."""
    if config.tls is None:
        return
    from zeta_router.app.wiring.certificate import Certificate

    Certificate(config.tls)


def _show(config: LoadedConfig) -> None:
    for warning in config.warnings:
        click.echo(f"warning: {warning.text(config.source)}", err=True)
    fleet_table(config.fleet)
    count = len(config.fleet.endpoints)
    click.echo(f"{config.source} is good: {count} endpoints, policy {config.fleet.policy}")


def _print_json(good: bool, problems: tuple[Problem, ...]) -> None:
    found = [
        {
            "path": problem.path,
            "problem": problem.problem,
            "hint": problem.hint,
            "line": problem.place.line if problem.place is not None else None,
        }
        for problem in problems
    ]
    name = "warnings" if good else "errors"
    click.echo(msgspec.json.encode({"ok": good, name: found}).decode())
