"""The reference page of the command line, made from what `--help` says.

`python -m zeta_router.app.cli.reference docs/reference` writes it; a test compares.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from zeta_router.app.cli.root import zeta

PAGE = "cli.md"

_INTRO = """\
# Command line
<!-- Made by `python -m zeta_router.app.cli.reference docs/reference`. -->

Results go to stdout, everything else to stderr. Commands exit with 0, with 1 for "no" (worse, lost,
findings), with 2 for input that cannot be used, naming file and line, or for a place that cannot be
written (said before the work begins), and with 130 when Ctrl-C cuts their work short. `--help` says
the same as this page. Bars are drawn on terminals only; `NO_COLOR=1` leaves colours out.
`zeta completion` makes a shell complete all of it. `ZETA_URL` names the gateway that `top`, `route`
and `doctor` ask, `ZETA_KEY` the key that they bring.
"""


def page() -> str:
    """The whole page as Markdown."""
    commands = list(_commands(zeta, "zeta"))
    index = [f"| [`{name}`](#{_anchor(name)}) | {_first(each)} |" for name, each in commands]
    parts = [_INTRO, "\n".join(("| Command | |", "| --- | --- |", *index)) + "\n"]
    parts += [_section(name, each) for name, each in commands]
    return "\n".join(parts)


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    usage = " ".join(command.collect_usage_pieces(context))
    rows = [
        f"| `{_names(option)}` | {_cell(option.get_help_record(context))} |"
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden
    ]
    table = "\n".join(("| Option | |", "| --- | --- |", *rows))
    example = (command.epilog or "").partition("Example: ")[2]
    return (
        f"## {name}\n\n    {name} {usage}\n\n{inspect.cleandoc(command.help or '')}\n\n"
        f"{table}\n\nExample: `{example}`\n"
    )


def _names(option: click.Option) -> str:
    value = "" if option.is_flag else f" {option.make_metavar(click.Context(zeta))}"
    return (", ".join(option.opts) + value).replace("|", "\\|")


def _cell(record: tuple[str, str] | None) -> str:
    text = record[1] if record is not None else ""
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def _first(command: click.Command) -> str:
    return " ".join((command.help or "").partition("\n\n")[0].split())


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


if __name__ == "__main__":
    (Path(sys.argv[1]) / PAGE).write_text(page(), encoding="utf-8")
