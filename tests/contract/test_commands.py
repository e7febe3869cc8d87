"""What every command owes its user: help with an example, JSON, and clear errors."""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from zeta_router.app.cli.root import main, zeta

NO_JSON = {
    ("completion",): "prints a script for a shell",
}
"""Commands without `--json`, and the reason, which their help states."""

LONGEST_HELP = 20
"""Lines of a command's description."""

BAD_YAML = "models:\n  m: {tasks: [code]}\nendpoints:\n  - {id: a, url: 'http://h:1', modl: m}\n"
BAD_CSV = "arrival_s,input_tokens,output_tokens\n0.0,5,5\n0.1,many,5\n"

BAD_INPUT: dict[tuple[str, ...], tuple[list[str], str]] = {
    ("serve",): (["--config", "bad.yaml"], "bad.yaml:4:32: endpoints[0].modl"),
    ("init",): (["--url", "not a url"], "--url"),
    ("key",): (["no name!"], "NAME"),
    ("check",): (["bad.yaml"], "bad.yaml:4:32"),
    ("route",): (["text", "--config", "bad.yaml"], "bad.yaml:4:32"),
    ("classify",): (["--jsonl"], "stdin line 2: has no string field 'text'"),
    ("simulate",): (
        ["--fleet", "bad.yaml", "--trace", "t.csv", "--quality", "q.scores.csv"],
        "bad.yaml:4:32",
    ),
    ("forecast",): (["t.csv"], "t.csv:3:"),
    ("calibrate",): (["not a url"], "not a url"),
    ("emulate",): (["--fleet", "bad.yaml", "--endpoint", "a"], "bad.yaml:4:32"),
    ("ab",): (["static", "jont"], "joint"),
    ("replay",): (["none.db", "--policy", "joint"], "none.db"),
    ("train",): (["--log", "none.db"], "none.db"),
    ("train", "classifier"): (["--data", "nowhere"], "nowhere"),
    ("train", "topics"): (["--data", "nowhere"], "nowhere"),
    ("top",): (["--url", "not a url"], "--url"),
    ("doctor",): (["--config", "none.yaml"], "none.yaml"),
    ("bench",): (["http://127.0.0.1:9", "--trace", "t.csv"], "t.csv:3:"),
    ("completion",): (["tcsh"], "bash"),
}
"""Something wrong that people do, and what the message has to name: file, line, mend."""


def walk(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from walk(command, (*path, name))


COMMANDS = dict(walk(zeta))
each_command = pytest.mark.parametrize("path", COMMANDS, ids=" ".join)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """`zeta` in this process: its exit code and what it printed."""
    argv, sys.argv = sys.argv, ["zeta", *arguments]
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.argv = argv
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_walk_finds_every_command() -> None:
    assert len(COMMANDS) >= 18
    assert set(BAD_INPUT) == set(COMMANDS)


@each_command
def test_help_is_short_and_has_an_example_that_parses(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    command = COMMANDS[path]
    code, out, _ = run(capsys, *path, "--help")
    assert code == 0
    assert command.help
    assert len(command.help.splitlines()) <= LONGEST_HELP
    assert command.help.splitlines()[0].endswith(".")
    epilog = (command.epilog or "").partition("Example: ")[2]
    assert "Example: " in out
    assert all(len(line) <= 80 for line in out.splitlines())
    words = shlex.split(epilog)
    if words[0] == "eval":
        return
    assert tuple(words[1 : 1 + len(path)]) == path
    command.make_context(path[-1], words[1 + len(path) :]).close()  # raises for what is no option


@each_command
def test_every_option_says_what_it_is_for(path: tuple[str, ...]) -> None:
    silent = [
        option.opts
        for option in COMMANDS[path].params
        if isinstance(option, click.Option)
        and not option.hidden
        and not option.help
        and not option.show_default
    ]
    assert silent == []


@each_command
def test_every_command_speaks_json_or_says_why_not(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    has_json = any("--json" in option.opts for option in command.params)
    assert has_json != (path in NO_JSON)
    if not has_json:
        assert "There is no --json" in (command.help or "")


@each_command
def test_bad_input_ends_with_2_and_names_the_place(
    path: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yaml").write_text(BAD_YAML, encoding="utf-8")
    (tmp_path / "t.csv").write_text(BAD_CSV, encoding="utf-8")
    stdin = io.TextIOWrapper(io.BytesIO(b'{"text": "fine"}\n{"txt": 1}\n'))
    monkeypatch.setattr(sys, "stdin", stdin)
    arguments, named = BAD_INPUT[path]
    code, out, err = run(capsys, *path, *arguments)
    assert code == 2, (out, err)
    assert named in err
    assert "Traceback" not in err


@each_command
def test_a_mistyped_option_is_answered_with_the_nearest(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    option = next(
        (opt for each in COMMANDS[path].params for opt in each.opts if len(opt) > 5), "--help"
    )
    code, _, err = run(capsys, *path, option[:-1] + "x" + option[-1:])
    assert code == 2
    assert "No such option" in err or "no such option" in err.lower()


@pytest.mark.parametrize(("typed", "meant"), [("bnech", "bench"), ("dcotor", "doctor")])
def test_a_mistyped_command(typed: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, typed)
    assert code == 2
    assert f"did you mean {meant}?" in err
    code, _, err = run(capsys, "qqqq")
    assert code == 2
    assert "serve" in err
