"""`zeta key`: make an API key, and print what goes into the configuration."""

from __future__ import annotations

import re

import click

from zeta_router.app.cli.saying import say_json
from zeta_router.app.config.texts import ID_PATTERN
from zeta_router.gateway.keys.key import Scope, hash_of, new_key


@click.command("key", epilog="Example: zeta key alice --scope query --scope admin")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    default=(Scope.QUERY.value,),
    show_default=True,
    help="What it is for; may be given twice.",
)
@click.option("--json", "as_json", is_flag=True, help="Print key and entry as JSON.")
def command(name: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make an API key for NAME.

    The key is shown once and kept nowhere. Its hash goes into zeta.yaml under `keys`.
    """
    if not re.fullmatch(ID_PATTERN, name):
        raise click.BadParameter(
            "use letters, digits, dots, dashes and underscores", param_hint="NAME"
        )
    key = new_key()
    entry = {"name": name, "hash": hash_of(key), "scopes": list(dict.fromkeys(scopes))}
    if as_json:
        say_json({"key": key, "entry": entry})
        return
    click.echo("the key, shown this once; send it as `Authorization: Bearer KEY`:", err=True)
    click.echo(key)
    click.echo("for zeta.yaml, under `keys:`", err=True)
    scopes_text = ", ".join(entry["scopes"])
    click.echo(f'  - {{name: {name}, hash: "{entry["hash"]}", scopes: [{scopes_text}]}}')
