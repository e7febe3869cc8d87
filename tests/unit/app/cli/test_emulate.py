"""`zeta emulate`: where it listens, and what it says when it cannot."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from support.fleets import TWO_SIMULATED
from zeta_router.app.cli.emulate import _address, command
from zeta_router.app.config import Listen
from zeta_router.core.errors import ConfigError


def test_a_taken_address_is_said_in_one_line(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text(TWO_SIMULATED, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        words = ["--fleet", str(fleet), "--endpoint", "c", "--listen", listen]
        with pytest.raises(ConfigError, match=f"{listen} is taken by another program"):
            CliRunner().invoke(command, words, catch_exceptions=False)


@pytest.mark.parametrize(
    ("url", "listen"),
    [
        ("http://127.0.0.1:9001", Listen("127.0.0.1", 9001)),
        ("http://127.0.0.1:9001/v1", Listen("127.0.0.1", 9001)),
        ("http://gpu1/v1", Listen("gpu1", 80)),
        ("http://[::1]:9001", Listen("::1", 9001)),
    ],
)
def test_it_listens_where_the_endpoint_is(url: str, listen: Listen) -> None:
    assert _address(url) == listen
