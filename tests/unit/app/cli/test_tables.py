"""How wide tables are."""

from __future__ import annotations

import io

import pytest

from zeta_router.app.cli.tables import wide_enough


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("columns", "width"), [(40, 80), (80, 80), (132, 132)])
def test_a_narrow_terminal_breaks_lines_and_cuts_no_figure(
    columns: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert wide_enough(Terminal(), 100) == width
    assert wide_enough(io.StringIO(), 100) == 100
