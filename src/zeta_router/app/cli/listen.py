"""Where to listen: the option, and what happens when the address is taken."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import click

from zeta_router.app.config import Listen, LoadedConfig
from zeta_router.app.config.watch import Load
from zeta_router.app.reaching import is_loopback
from zeta_router.app.running import RunningGateway, running
from zeta_router.core.errors import ConfigError

PORTS_TRIED = 10


class _ListenType(click.ParamType[Listen]):
    name = "HOST:PORT"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Listen:
        host, colon, port = str(value).rpartition(":")
        if not colon or not port.isdigit() or int(port) > 65535:
            self.fail(f"{value!r} is not of the form 127.0.0.1:8080", param, ctx)
        return Listen(host.strip("[]") or "127.0.0.1", int(port))


def listen_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option `--listen` of every command that serves."""
    return click.option(
        "--listen",
        type=_ListenType(),
        help="Address to answer on, e.g. 127.0.0.1:8080; port 0 takes a free one.",
    )(command)


def tls_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options `--tls-cert` and `--tls-key`."""
    file = click.Path(dir_okay=False)
    command = click.option(
        "--tls-key", type=file, help="The certificate's private key, a file in PEM."
    )(command)
    return click.option(
        "--tls-cert",
        type=file,
        help="Speak TLS with this certificate, a file in PEM; needs --tls-key.",
    )(command)


@contextlib.asynccontextmanager
async def serve_on(config: LoadedConfig, *, fixed: bool) -> AsyncIterator[RunningGateway]:
    """Serve on the configured address.

    Args:
        config: What to serve.
        fixed: Whether the user named the address. Otherwise the next ports are tried when it is
            taken: a llama.cpp on 8080 must not keep its own router from starting.

    Raises:
        ConfigError: The address cannot be used, or would serve strangers without a key.
    """
    refuse_strangers(config)
    host, port = config.listen
    last = port if fixed or port == 0 else port + PORTS_TRIED - 1
    async with contextlib.AsyncExitStack() as stack:
        while True:
            try:
                gateway = await stack.enter_async_context(
                    running(replace(config, listen=Listen(host, port)))
                )
                break
            except OSError as error:
                if error.errno == errno.EADDRINUSE and port < last:
                    port += 1
                    continue
                raise unusable(Listen(host, port), error) from error
        yield gateway


def guarded(load: Load, listen: Listen) -> Load:
    """`load`, refusing what would open the running gateway's address to strangers."""

    async def loaded() -> LoadedConfig:
        config = await load()
        refuse_strangers(replace(config, listen=listen))
        return config

    return loaded


def refuse_strangers(config: LoadedConfig) -> None:
    """Without keys, whoever can reach the address can use every engine behind it.

    Raises:
        ConfigError: That is so, and nobody said that it is meant.
    """
    host = config.listen.host
    if config.keys or config.without_keys or is_loopback(host):
        return
    raise ConfigError(
        "listen",
        f"{config.listen} can be reached from other machines, and there are no keys",
        "add keys (zeta key NAME prints one), listen on 127.0.0.1, or say gateway.without_keys: "
        "true to serve anybody",
    )


def unusable(listen: Listen, error: OSError) -> ConfigError:
    """Why nobody can listen there."""
    taken = error.errno == errno.EADDRINUSE
    problem = "is taken by another program" if taken else error.strerror or str(error)
    return ConfigError("listen", f"{listen} {problem}", "choose another with --listen HOST:PORT")
