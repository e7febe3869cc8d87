"""`zeta`: the group of all commands, loaded when they are called."""

from __future__ import annotations

import errno
import importlib
import sys

import click

from zeta_router import __version__
from zeta_router.core.errors import ZetaError

_COMMANDS = {
    "serve": "Answer on one OpenAI-compatible address.",
    "init": "Find local engines and write zeta.yaml.",
    "key": "Make an API key.",
    "check": "Read a configuration and say what is wrong with it.",
    "route": "Say where a query would go, and why, without sending it.",
    "classify": "Say what kind of task a text is.",
    "simulate": "Judge policies on a trace with real prompts' outcomes, in virtual time.",
    "forecast": "Say how well the load of a trace can be forecast.",
    "calibrate": "Measure a live engine and print its speed for zeta.yaml.",
    "emulate": "Stand in for an engine, in real time, at a given speed.",
    "ab": "Compare two policies on one fleet, in blocks, until it is clear.",
    "replay": "Say what another policy would have made of a decision log.",
    "train": "Train again what the router decides with.",
    "top": "Show a running gateway, live.",
    "doctor": "Find what is wrong with the fleet, and say what mends it.",
    "bench": "Send load to a live gateway and report what came back.",
    "completion": "Print what makes a shell complete `zeta`.",
}


_STOPPED = 130


class _Commands(click.Group):
    """Imports a command's module when it is needed: `zeta --help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"zeta_router.app.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in _COMMANDS or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        from zeta_router.app.config.nearest import nearest

        near = nearest(name, _COMMANDS)
        hint = f"did you mean {near}?" if near else f"commands: {', '.join(_COMMANDS)}"
        raise click.UsageError(f"there is no command {name!r} ({hint})", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: zeta serve --embedded",
)
@click.version_option(__version__, prog_name="zeta")
def zeta() -> None:
    """One address in front of your models: routes every query to the right one."""


def main() -> None:
    """Run the command line; whatever goes wrong outside of us becomes one clear message.

    Commands exit with 1 for "no", so nothing else does: 2 for what cannot be used, read or written,
    130 after Ctrl-C, as shells have it.
    """
    try:
        code = zeta(prog_name="zeta", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.stderr.write("stopped\n")
        sys.exit(_STOPPED)
    except ZetaError as error:
        sys.stderr.write(f"zeta: {error}\n")
        sys.exit(2)
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        place = error.filename or "the output"
        sys.stderr.write(f"zeta: {place}: {error.strerror}\n")
        sys.exit(2)
