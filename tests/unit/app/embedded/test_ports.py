"""A reserved port is free for its engine and for nobody else."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import pytest

from zeta_router.app.embedded.ports import LOOPBACK, ReservedPort

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="other systems cannot hold a port for somebody else"
)


@pytest.fixture
def port() -> Iterator[ReservedPort]:
    reserved = ReservedPort()
    yield reserved
    reserved.release()


def engine_socket(port: ReservedPort) -> socket.socket:
    """A listening socket as llama.cpp's and aiohttp's servers open it (SO_REUSEADDR)."""
    return socket.create_server((LOOPBACK, port.number))


def test_its_engine_can_listen_stop_and_listen_again(port: ReservedPort) -> None:
    for _ in range(2):
        with engine_socket(port), socket.create_connection((LOOPBACK, port.number), timeout=5):
            pass


def test_nobody_answers_there_while_the_engine_is_down(port: ReservedPort) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, port.number), timeout=5)


def test_an_outgoing_connection_cannot_take_it(port: ReservedPort) -> None:
    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind((LOOPBACK, port.number))


def test_two_reservations_never_share_a_port() -> None:
    reserved = [ReservedPort() for _ in range(50)]
    assert len({port.number for port in reserved}) == 50
    for port in reserved:
        port.release()


def test_a_released_port_is_free_again(port: ReservedPort) -> None:
    port.release()
    port.release()
    with socket.socket() as stranger:
        stranger.bind((LOOPBACK, port.number))
