"""How the command line ends when something outside of it goes wrong."""

from __future__ import annotations

import errno
import sys

import click
import pytest

from zeta_router.app.cli import main
from zeta_router.app.cli.root import zeta


def ending(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int | str | None:
    """The exit code where a command raises `error`."""

    @click.command("broken")
    def broken() -> None:
        raise error

    monkeypatch.setattr(type(zeta), "get_command", lambda *_: broken)
    monkeypatch.setattr(sys, "argv", ["zeta", "ab"])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


def test_ctrl_c_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`zeta ab` and others end with 1 for "worse": a script has to tell that from a stop."""
    assert ending(monkeypatch, KeyboardInterrupt()) == 130
    assert capsys.readouterr().err.strip() == "stopped"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file", "x/y.json"), "zeta: x/y.json: No such"),
        (OSError(errno.ENOSPC, "No space left on device"), "zeta: the output: No space left"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_and_no_verdict(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: OSError,
    said: str,
) -> None:
    assert ending(monkeypatch, error) == 2
    told = capsys.readouterr().err
    assert told.startswith(said)
    assert told.count("\n") == 1


def test_a_fault_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["zeta", "ab"])
    with pytest.raises(OSError, match="odd"):
        ending(monkeypatch, OSError(errno.EINVAL, "odd"))


def test_usage_and_help_end_as_ever(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, code in ((["--help"], 0), (["--version"], 0), (["nonsense"], 2), (["ab"], 2)):
        monkeypatch.setattr(sys, "argv", ["zeta", *words])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == code
    assert "there is no command 'nonsense'" in capsys.readouterr().err
