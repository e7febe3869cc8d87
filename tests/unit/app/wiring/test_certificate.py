"""TLS to clients: what is spoken, what is shown, and files that cannot be used."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from aiohttp import web

from support.certificates import Made, made_certificate
from support.gateways import on_loopback
from zeta_router.app.config import TlsFiles
from zeta_router.app.wiring.certificate import Certificate
from zeta_router.core.errors import ConfigError
from zeta_router.gateway.clients.accepting import accepting
from zeta_router.gateway.clients.clients import Clients
from zeta_router.gateway.clients.limits import ClientLimits

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]
GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made_certificate(tmp_path_factory.mktemp("a"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made_certificate(tmp_path_factory.mktemp("b"), "b")


def trusting(*made: Made) -> ssl.SSLContext:
    context = ssl.create_default_context()
    for each in made:
        context.load_verify_locations(each.certificate)
    return context


async def asked(line: Line) -> bytes:
    """The body of an answer."""
    reader, writer = line
    writer.write(GET)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    return await reader.readexactly(5)


def shown(line: Line) -> bytes:
    """The certificate that a connection was shown."""
    found = line[1].get_extra_info("ssl_object").getpeercert(binary_form=True)
    assert isinstance(found, bytes)
    return found


async def hello(_request: web.Request) -> web.Response:
    return web.Response(body=b"hello")


def served(
    certificate: Certificate,
    scenario: Callable[[int], object],
    loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    limits: ClientLimits | None = None,
) -> None:
    async def run() -> None:
        app = web.Application()
        app.router.add_get("/", hello)
        clients = Clients(limits or ClientLimits(), look_s=0.01)
        serving = accepting(
            app, "127.0.0.1", 0, clients=clients, tls=certificate.context, drain_s=0.1
        )
        async with serving as runner:
            await scenario(runner.addresses[0][1])  # type: ignore[misc]

    on_loopback(run, loop)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_renewed_certificate_is_shown_and_open_connections_stay(
    pair: Made, other: Made, tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    live = Made(tmp_path / "live.crt", tmp_path / "live.key")

    def install(made: Made) -> None:
        live.certificate.write_bytes(made.certificate.read_bytes())
        live.key.write_bytes(made.key.read_bytes())

    install(pair)
    certificate = Certificate(live.files)

    async def scenario(port: int) -> None:
        trust = trusting(pair, other)
        before = await asyncio.open_connection("localhost", port, ssl=trust)
        assert await asked(before) == b"hello"
        install(other)
        certificate.renew()
        after = await asyncio.open_connection("localhost", port, ssl=trust)
        assert await asked(after) == b"hello"
        assert shown(before) != shown(after)
        assert await asked(before) == b"hello"
        live.key.write_bytes(pair.key.read_bytes())
        with pytest.raises(ConfigError, match="is not the key of"):
            certificate.renew()
        last = await asyncio.open_connection("localhost", port, ssl=trust)
        assert await asked(last) == b"hello"
        assert shown(last) == shown(after)
        for _, writer in (before, after, last):
            writer.close()

    served(certificate, scenario, loop)


@pytest.mark.parametrize("loop", LOOPS)
def test_slow_heads_are_told_so_inside_tls(
    pair: Made, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def scenario(port: int) -> None:
        reader, writer = await asyncio.open_connection("localhost", port, ssl=trusting(pair))
        writer.write(GET[:9])
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
        assert await reader.read()
        writer.close()

    served(Certificate(pair.files), scenario, loop, ClientLimits(head_s=0.03))


def test_tls_1_1_is_not_spoken(pair: Made) -> None:
    async def scenario(port: int) -> None:
        old = trusting(pair)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = ssl.TLSVersion.TLSv1_1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("localhost", port, ssl=old)
        new = trusting(pair)
        new.maximum_version = ssl.TLSVersion.TLSv1_2
        line = await asyncio.open_connection("localhost", port, ssl=new)
        assert await asked(line) == b"hello"
        line[1].close()

    served(Certificate(pair.files), scenario)


class TestFiles:
    def test_one_that_is_not_there(self, pair: Made) -> None:
        with pytest.raises(ConfigError, match=r"nowhere\.crt cannot be read: No such") as caught:
            Certificate(TlsFiles("nowhere.crt", str(pair.key)))
        assert caught.value.path == "gateway.tls.certificate"
        with pytest.raises(ConfigError, match=r"nowhere\.key cannot be read: No such") as caught:
            Certificate(TlsFiles(str(pair.certificate), "nowhere.key"))
        assert caught.value.path == "gateway.tls.key"

    def test_a_folder(self, pair: Made, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
            Certificate(TlsFiles(str(tmp_path), str(pair.key)))

    def test_one_in_the_other_s_place(self, pair: Made) -> None:
        with pytest.raises(ConfigError, match="holds no certificate in PEM"):
            Certificate(TlsFiles(str(pair.key), str(pair.certificate)))
        with pytest.raises(ConfigError, match="holds no private key in PEM"):
            Certificate(TlsFiles(str(pair.certificate), str(pair.certificate)))

    def test_a_key_of_another_certificate(self, pair: Made, other: Made) -> None:
        with pytest.raises(ConfigError, match="is not the key of") as caught:
            Certificate(TlsFiles(str(pair.certificate), str(other.key)))
        assert caught.value.path == "gateway.tls.key"

    def test_a_key_that_is_encrypted_asks_nobody(self, pair: Made, tmp_path: Path) -> None:
        locked = tmp_path / "locked.key"
        command = ["openssl", "pkey", "-in", str(pair.key), "-aes256", "-passout", "pass:word"]
        subprocess.run([*command, "-out", str(locked)], check=True, timeout=30)
        with pytest.raises(ConfigError, match="is encrypted"):
            Certificate(TlsFiles(str(pair.certificate), str(locked)))

    def test_a_broken_one(self, pair: Made, tmp_path: Path) -> None:
        broken = tmp_path / "broken.crt"
        broken.write_bytes(pair.certificate.read_bytes().replace(b"M", b"!"))
        with pytest.raises(ConfigError, match="cannot be used"):
            Certificate(TlsFiles(str(broken), str(pair.key)))
