"""`zeta serve`: start the gateway, over a configuration, found engines or the embedded fleet."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import uvloop

from zeta_router.app.background import in_background
from zeta_router.app.cli.listen import guarded, listen_option, serve_on, tls_options
from zeta_router.app.cli.saying import say_json
from zeta_router.app.cli.sources import CONFIG_FILE, discovered, load, of_fleet
from zeta_router.app.config import Listen, LoadedConfig, TlsFiles
from zeta_router.app.config.diff import diff
from zeta_router.app.config.watch import ConfigWatcher, Fingerprint, fingerprint_of, loader_of
from zeta_router.app.running import RunningGateway
from zeta_router.app.wiring.listening import DRAIN_S
from zeta_router.core.errors import ConfigError
from zeta_router.policy.registry import POLICIES

if TYPE_CHECKING:
    from zeta_router.app.embedded.fleet import EmbeddedFleet

_LOG = logging.getLogger("zeta_router")


@click.command("serve", epilog="Example: zeta serve --config zeta.yaml --listen 127.0.0.1:8080")
@click.option(
    "--config",
    "-c",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Configuration; {CONFIG_FILE} in this folder when there is one.",
)
@click.option(
    "--embedded", is_flag=True, help="Start small real engines of our own and serve those."
)
@click.option(
    "--policy",
    type=click.Choice(sorted(POLICIES)),
    metavar="NAME",
    help="How to choose, with --embedded or without a configuration, which has its own.",
)
@listen_option
@tls_options
@click.option("--log-level", default="info", help="debug, info, warning or error.")
@click.option("--json", "as_json", is_flag=True, help="Print the address as JSON once it answers.")
def command(
    config: Path | None,
    embedded: bool,
    policy: str | None,
    listen: Listen | None,
    tls_cert: str | None,
    tls_key: str | None,
    log_level: str,
    as_json: bool,
) -> None:
    """Answer on one OpenAI-compatible address.

    With --embedded, four small real engines are started on this machine. Otherwise the
    configuration is served; without one, the engines that listen on this machine are found.
    """
    if embedded and config is not None:
        raise click.UsageError("--embedded brings its own fleet; leave out --config")
    file = config or _default_path(embedded)
    if policy is not None and file is not None:
        raise click.UsageError(f"{file} says its policy itself; write policy: {policy} there")
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together")
    tls = TlsFiles(tls_cert, tls_key) if tls_cert and tls_key else None
    _set_up_logging(log_level)
    try:
        uvloop.run(_serve(file, embedded, policy, listen, tls, as_json=as_json))
    except KeyboardInterrupt:
        sys.exit(130)


async def _serve(
    file: Path | None,
    embedded: bool,
    policy: str | None,
    listen: Listen | None,
    tls: TlsFiles | None,
    *,
    as_json: bool,
) -> None:
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: (hurry if stop.is_set() else stop).set())
    seen = fingerprint_of(file) if file is not None else None
    async with _source(file, embedded, stop) as config:
        if config is None:
            return
        if policy is not None:
            config = replace(config, fleet=replace(config.fleet, policy=policy))
        fixed = listen is not None or file is not None
        wanted = replace(config, listen=listen or config.listen, tls=tls or config.tls)
        beside = contextlib.AsyncExitStack()
        async with beside, serve_on(wanted, fixed=fixed) as gateway:
            async with _reloading(gateway, config, wanted.listen, file, seen):
                if as_json:
                    say_json(_address(gateway, wanted))
                _greet(gateway, wanted)  # last: from here on SIGHUP and SIGTERM are understood
                await stop.wait()
            _say(
                f"stopping: running answers are finished first, up to {DRAIN_S:g} s; "
                "press again to stop now"
            )
            await beside.enter_async_context(in_background(_cutting(gateway, hurry)))


async def _cutting(gateway: RunningGateway, hurry: asyncio.Event) -> None:
    """Once told to hurry, end every connection: answers are cut, and all that follows is saved."""
    await hurry.wait()
    _say("stopping now: running answers are cut")
    gateway.clients.stop()


@contextlib.asynccontextmanager
async def _source(
    path: Path | None, embedded: bool, stop: asyncio.Event
) -> AsyncIterator[LoadedConfig | None]:
    """The configuration to serve, and the engines behind it while it is being served."""
    if embedded:
        from zeta_router.app.embedded.fleet import EmbeddedFleet
        from zeta_router.app.embedded.progress import on_stderr

        _say("starting the embedded fleet (four small real engines)")
        with on_stderr() as progress:
            fleet = EmbeddedFleet(progress=progress)
            async with contextlib.AsyncExitStack() as stack:
                if not await _entered(fleet, stop):
                    yield None
                    return
                stack.push_async_exit(fleet)
                yield of_fleet(fleet.fleet_config(), "embedded")
        return
    yield load(path) if path is not None else await discovered()


async def _entered(fleet: EmbeddedFleet, stop: asyncio.Event) -> bool:
    """Start the fleet; False when we were told to stop before all engines answered."""
    starting = asyncio.create_task(fleet.__aenter__())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not starting.done():
        starting.cancel()
    try:
        await starting
    except asyncio.CancelledError:
        return False
    return True


def _default_path(embedded: bool) -> Path | None:
    path = Path(CONFIG_FILE)
    return path if not embedded and path.exists() else None


@contextlib.asynccontextmanager
async def _reloading(
    gateway: RunningGateway,
    current: LoadedConfig,
    listen: Listen,
    path: Path | None,
    seen: Fingerprint,
) -> AsyncIterator[None]:
    """Follow the configuration file, and SIGHUP; a broken file is refused and the old one kept."""
    if path is None:
        yield
        return

    def on_change(config: LoadedConfig) -> None:
        lines = "; ".join(str(change) for change in diff(watcher.current, config))
        gateway.apply(config)
        _LOG.info("%s was read anew and is in force: %s", path, lines)
        renew()

    def renew() -> None:
        if gateway.certificate is None:
            return
        try:
            gateway.certificate.renew()
            _LOG.info("the certificate was read anew; new connections are shown it")
        except ConfigError as error:
            _LOG.error("the certificate was refused and the old one stays in force: %s", error)

    def on_error(error: Exception) -> None:
        _LOG.error("%s was refused and the old configuration stays in force:\n%s", path, error)

    watcher = ConfigWatcher(
        current,
        seen,
        guarded(loader_of(path, os.environ, POLICIES), listen),
        lambda: fingerprint_of(path),
        on_change=on_change,
        on_error=on_error,
        on_same=renew,
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, watcher.trigger)
    async with in_background(watcher.run()):
        yield


def _address(gateway: RunningGateway, config: LoadedConfig) -> dict[str, object]:
    """What a program that started this one needs to know."""
    ids = [endpoint.id for endpoint in config.fleet.endpoints]
    return {"url": gateway.url, "policy": config.fleet.policy, "endpoints": ids, "pid": os.getpid()}


def _greet(gateway: RunningGateway, config: LoadedConfig) -> None:
    """Say what is served, and one line that can be pasted to try it."""
    from zeta_router.app.cli.tables import fleet_table

    for warning in config.warnings:
        _LOG.warning("%s", warning.text(config.source))
    fleet_table(config.fleet)
    _say(f"\nlistening on {gateway.url} (policy {config.fleet.policy}); try:\n")
    body = '{"model": "auto", "messages": [{"role": "user", "content": "Hello!"}]}'
    _say(
        f"  curl {gateway.url}/v1/chat/completions -H 'content-type: application/json' -d '{body}'"
    )
    _say("")


def _set_up_logging(level: str) -> None:
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise click.BadParameter("must be debug, info, warning or error", param_hint="--log-level")
    logging.basicConfig(level=number, stream=sys.stderr, format="%(levelname)s %(message)s")
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
