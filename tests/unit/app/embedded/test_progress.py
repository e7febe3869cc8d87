"""A terminal sees a bar, a log file gets one line, and no live display is left open."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from zeta_router.app.embedded.progress import _Bars, on_stderr, silent


def test_without_a_terminal_a_made_file_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with on_stderr() as show:
        show("coder-7b", 50_000_000, 165_000_000)
        show("coder-7b", 165_000_000, 165_000_000)
    assert capsys.readouterr() == ("", "made coder-7b (165 MB)\n")


def test_a_terminal_sees_each_file_by_name_and_the_display_ends_with_it() -> None:
    screen = io.StringIO()
    bars = _Bars(Console(file=screen, force_terminal=True, width=80))
    for name in ("coder-7b", "reasoner-14b"):
        bars.show(name, 50, 100)
        assert bars._bar is not None
        bars.show(name, 100, 100)
        assert bars._bar is None, "a live display would garble what is logged afterwards"
    bars.finish()
    assert "making coder-7b" in screen.getvalue()
    assert "making reasoner-14b" in screen.getvalue()


def test_silent_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent("coder-7b", 1, 1)
    assert capsys.readouterr() == ("", "")
