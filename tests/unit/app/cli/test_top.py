"""`zeta top` in a real terminal, over a gateway that says what it is told."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from support.terminal import Terminal
from support.told_gateway import endpoint, told_gateway

ZETA = [sys.executable, "-m", "zeta_router"]
ENTER, LEAVE, SHOW_CURSOR = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"


def top(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ZETA, "top", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("key", [b"q", b"\x03"])
def test_it_draws_and_leaves_the_terminal_as_it_was(key: bytes) -> None:
    with told_gateway() as told, Terminal("top", "--url", told.url, "--interval", "0.2") as screen:
        drawn = screen.until("a-model")
        assert ENTER in drawn
        screen.type(key)
        assert screen.process.wait(timeout=20) == 0
        rest = screen.rest()
        assert LEAVE in rest
        assert SHOW_CURSOR in rest
        assert "Traceback" not in drawn + rest
        assert screen.settings == screen.before


def test_it_follows_a_resize_and_a_change_of_the_fleet() -> None:
    with told_gateway() as told, Terminal("top", "--url", told.url, "--interval", "0.2") as screen:
        screen.until("a-model  CPU")
        screen.resize(40, 150)
        screen.until("memory")
        screen.until("GPU")  # a column that only a wide screen has
        told.pages["/zeta/fleet"]["endpoints"].append(endpoint("newcomer"))
        screen.until("newcomer")
        screen.type(b"q")
        assert screen.process.wait(timeout=20) == 0


def test_it_goes_on_when_the_gateway_goes_away_and_comes_back() -> None:
    with told_gateway() as told:
        port = int(told.url.rpartition(":")[2])
        screen = Terminal("top", "--url", told.url, "--interval", "0.2")
        screen.until("a-model")
    with screen:
        screen.until("NO ANSWER")
        with told_gateway(port) as back:
            back.pages["/zeta/fleet"]["endpoints"] = [endpoint("restored")]
            screen.until("restored")
            screen.type(b"q")
            assert screen.process.wait(timeout=20) == 0


def test_colours_are_left_out_when_asked() -> None:
    with told_gateway() as told:
        with Terminal("top", "--url", told.url, NO_COLOR="1") as screen:
            plain = screen.until("a-model")
            screen.type(b"q")
        with Terminal("top", "--url", told.url) as screen:
            coloured = screen.until("a-model")
            screen.type(b"q")
    assert "\x1b[32m" in coloured
    assert "\x1b[32m" not in plain


def test_without_a_terminal_it_prints_once_and_json_is_data() -> None:
    with told_gateway() as told:
        plain = top("--url", told.url, "--interval", "0.2")
        assert plain.returncode == 0, plain.stderr
        assert "a-model" in plain.stdout
        assert "\x1b" not in plain.stdout
        told.pages["/metrics"] = "zeta_decisions_total 11\n"
        data = json.loads(top("--url", told.url, "--once", "--json", "--interval", "0.2").stdout)
    assert [each["id"] for each in data["endpoints"]] == ["a", "b"]
    assert data["lanes"]["normal"] == 2


def test_a_gateway_that_wants_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with told_gateway() as told:
        told.key = "secret"
        refused = top("--url", told.url, "--once")
        assert refused.returncode == 2
        assert "ZETA_KEY" in refused.stderr
        monkeypatch.setenv("ZETA_KEY", "secret")
        assert top("--url", told.url, "--once", "--interval", "0.2").returncode == 0


def test_nobody_or_somebody_else_there() -> None:
    nobody = top("--url", "127.0.0.1:9")
    assert nobody.returncode == 2
    assert "connection refused" in nobody.stderr
    with told_gateway() as told:
        told.pages.clear()
        other = top("--url", told.url, "--once")
    assert other.returncode == 2
    assert "no gateway of this kind" in other.stderr
    assert top("--url", "not a url").returncode == 2
