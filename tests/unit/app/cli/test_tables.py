"""Tables for people: what stands in them is shown as it is, and no figure is cut."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from support.fleets import endpoint, fleet
from zeta_router.app.cli.tables import fleet_table, wide_enough


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


@pytest.mark.parametrize("name", ["qwen[awq]", "q[/b]", "m:cat:7b"])
def test_a_name_is_shown_as_it_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    config = fleet(endpoint("a", "coder"))
    model = replace(config.models["coder"], name=name)
    served = replace(config.endpoints[0], model=name, url="http://[fe80::1%25eth0]:80")
    fleet_table(replace(config, models={name: model}, endpoints=(served,)))
    shown = capsys.readouterr().err
    assert name in shown
    assert "http://[fe80::1%25eth0]:80" in shown
