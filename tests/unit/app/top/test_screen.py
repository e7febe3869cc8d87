"""The screen fits its terminal, whatever that is, and hides nothing silently."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from support.told_gateway import decision, endpoint, learned
from zeta_router.app.top.figures import History
from zeta_router.app.top.reading import Reading
from zeta_router.app.top.screen import Frame, percent, screen, seconds, size, spark


def figures(count: int = 3, **more: Any) -> dict[str, Any]:
    names = [f"endpoint-with-a-long-name-{number}" for number in range(count)]
    fleet = {
        "policy": "joint",
        "now_s": 100.0,
        "queued": {"interactive": 0, "normal": 12, "batch": 3},
        "endpoints": [endpoint(name, **more) for name in names],
    }
    bad = ("ejected", "it does not answer")
    state = {"open": 9, "endpoints": [learned(name, liveness=bad) for name in names]}
    decisions = tuple(decision(number, names[0], 99.0) for number in range(30))
    return History().add(Reading(fleet, state, decisions, {0.001: 5.0}, 10.0))


def lines(told: dict[str, Any], width: int, height: int, **more: Any) -> list[str]:
    return screen(told, Frame("http://127.0.0.1:8080", width, height, **more)).plain.split("\n")


@pytest.mark.parametrize("width", [40, 80, 132, 200])
@pytest.mark.parametrize("height", [5, 24, 60])
@pytest.mark.parametrize("model", ["m", "模型" * 40])
def test_it_fits(width: int, height: int, model: str) -> None:
    shown = lines(figures(model=model), width, height)
    assert len(shown) <= height
    assert max(cell_len(line) for line in shown) <= width


def test_eighty_columns_show_everything_of_an_endpoint() -> None:
    text = "\n".join(lines(figures(1), 80, 30))
    for part in ("up", "E...", "1/4", "25 %", "1.5 GB", "0.0123", "share 100 %", "300 ms"):
        assert part in text
    assert "it does not answer" in text


def test_what_has_no_room_is_counted() -> None:
    assert any("more" in line for line in lines(figures(40), 80, 24))
    assert not any("more" in line for line in lines(figures(2), 80, 40))


def test_a_gateway_that_is_away_is_said_first() -> None:
    first = lines(figures(), 80, 24, away="connection refused, for 4 s; asking on")[0]
    assert "NO ANSWER" in first
    assert "connection refused" in first


def test_nothing_yet_is_said_so() -> None:
    told = figures() | {"latest": []}
    assert any("no query has come" in line for line in lines(told, 80, 40))


def test_bars() -> None:
    assert spark([0.0, 0.5, 1.0], 4, 1.0) == " ▁▅█"
    assert spark([0.0, 9.0], 2, 1.0, ascii_only=True) == ".@"
    assert spark([0.0], 1, 0.0) == "▁"
    assert all(
        line.isascii() for line in lines(figures(), 80, 24, ascii_only=True)
    )  # for terminals that cannot show more


def test_units() -> None:
    assert [seconds(value) for value in (None, 0.0016, 0.2, 1.25, float("inf"))] == [
        "-",
        "1.6 ms",
        "200 ms",
        "1.2 s",
        "more",
    ]
    assert (percent(None), percent(0.5), size(None), size(3e8)) == ("-", "50 %", "-", "300 MB")
