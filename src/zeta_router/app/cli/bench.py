"""`zeta bench`: load against a live gateway, and what its clients saw."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import click
import msgspec
import uvloop
from rich.console import Console
from rich.table import Table

from zeta_router.app.background import in_background
from zeta_router.app.bench import prompts
from zeta_router.app.bench.body import body_of
from zeta_router.app.bench.figures import LATE_S, Figures, figures, is_late
from zeta_router.app.bench.load import Run, play
from zeta_router.app.bench.prompts import Ask
from zeta_router.app.bench.schedule import arrivals
from zeta_router.app.bench.sending import End, Reply, Sender
from zeta_router.app.cli.address import checked_url
from zeta_router.app.cli.completing import models
from zeta_router.app.cli.numbers import POSITIVE
from zeta_router.app.cli.progress import Working, working
from zeta_router.app.reaching import why
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Slo

EVERY_S = 10.0
REDRAWN_S = 0.25
"""Between two lines of progress, and between two drawings of the bar."""


@click.command(
    "bench", epilog="Example: zeta bench http://127.0.0.1:8080 --minutes 1 --max-tokens 32"
)
@click.argument("url", default="http://127.0.0.1:8080")
@click.option(
    "--trace",
    default="peak:rate=2,factor=3",
    show_default=True,
    help="peak: poisson: gamma: diurnal: … or a trace file, as in `zeta simulate`.",
)
@click.option("--rate", type=POSITIVE, default=1.0, show_default=True, help="Divides gaps.")
@click.option(
    "--minutes",
    type=POSITIVE,
    help="Length. [default: 3 for a peak, else the trace's]",
)
@click.option("--seed", default=0, show_default=True, help="Of arrivals and prompts.")
@click.option("--quality", multiple=True, type=click.Path(path_type=Path), help="NAME.scores…")
@click.option(
    "--map", "maps", multiple=True, metavar="MODEL=TABLE_MODEL", help="Stand-in of MODEL."
)
@click.option(
    "--model", default="auto", show_default=True, shell_complete=models, help="Model asked for."
)
@click.option("--max-tokens", type=click.IntRange(min=1), help="Longest answer.")
@click.option(
    "--tell-lengths", is_flag=True, help="Tell `zeta emulate` how long the tables' answers are."
)
@click.option("--slo-ttft", type=POSITIVE, help="Seconds to the first token.")
@click.option("--slo-tpot", type=POSITIVE, help="Seconds per token after it.")
@click.option("--slo-e2e", type=POSITIVE, help="Seconds to the last token.")
@click.option("--tell-slo", is_flag=True, help="Send the objectives to the gateway, too.")
@click.option("--key", envvar="ZETA_BENCH_KEY", help="Bearer token for the address.")
@click.option(
    "--timeout",
    type=POSITIVE,
    default=120.0,
    show_default=True,
    help="Seconds of silence until one is lost.",
)
@click.option("--json", "as_json", is_flag=True, help="All figures as JSON on stdout.")
def command(url: str, as_json: bool, **flags: Any) -> None:
    """Send requests to URL when they are due, and report what came back.

    Any OpenAI-compatible address will do; a gateway of ours also says who answered and why. With
    quality tables (as in `zeta simulate`) the prompts are theirs and the score of whoever answered
    is counted; without, they are a built-in set. Exit 1 when a request was lost, which is neither
    answered nor told an error; 2 for input of no use; 130 when stopped by Ctrl-C.
    """
    url = checked_url("URL", url)
    slo = Slo(flags["slo_ttft"], flags["slo_tpot"], flags["slo_e2e"])
    asks = _asks(flags["quality"], flags["maps"], tell_lengths=flags["tell_lengths"])
    times_s = arrivals(
        flags["trace"], seed=flags["seed"], minutes=flags["minutes"], rate=flags["rate"]
    )
    with working("sending", len(times_s), as_json=as_json) as shown:
        run, stopped = uvloop.run(_load(url, asks, times_s, slo, flags, shown))
    told = figures(run, slo)
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
    else:
        _show(told)
    if is_late(told):
        click.echo(
            f"warning: one in a hundred requests went out {told['late_p99_s']:.2f} s late or more "
            f"(limit {LATE_S} s): this machine cannot send that load, the figures are too good",
            err=True,
        )
    sys.exit(130 if stopped else 1 if told["lost"] else 0)


def _asks(quality: tuple[Path, ...], maps: tuple[str, ...], *, tell_lengths: bool) -> list[Ask]:
    if not quality:
        if maps or tell_lengths:
            raise ConfigError("--quality", "--map and --tell-lengths need quality tables")
        return prompts.synthetic()
    pairs = [text.partition("=") for text in maps]
    for text, (model, _, stand_in) in zip(maps, pairs, strict=True):
        if not (model and stand_in):
            raise ConfigError("--map", f"{text!r} is not of the form NAME=VALUE")
    return prompts.from_tables(quality, {model: stand_in for model, _, stand_in in pairs})


async def _load(
    url: str,
    asks: list[Ask],
    times_s: list[float],
    slo: Slo,
    flags: dict[str, Any],
    shown: Working,
) -> tuple[Run, bool]:
    """The run, and whether it was stopped."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    headers = _headers(slo if flags["tell_slo"] else Slo(), flags["key"])
    timeout = aiohttp.ClientTimeout(total=None)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        await _reachable(session, url, headers)
        sender = Sender(session, url, headers, flags["timeout"], monotonic)

        async def send(ask: Ask, reply: Reply) -> None:
            wanted = {name: flags[name] for name in ("model", "max_tokens", "tell_lengths")}
            await sender.send(body_of(ask, **wanted), reply)

        run = Run(len(times_s))
        async with in_background(_tell(run, shown)):
            drawn = prompts.drawn(asks, flags["seed"])
            await play(times_s, drawn, send, stop=stop, run=run, clock=monotonic)
    return run, stop.is_set()


async def _reachable(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> None:
    """Say it in one line, and not once per request, when nobody answers there.

    Raises:
        ConfigError: No server, or one that has no models to list.
    """
    listing = f"{url}/v1/models"
    hint = "start one with `zeta serve`, or name its address: zeta bench URL"
    try:
        async with asyncio.timeout(10), session.get(listing, headers=headers) as response:
            if response.status == 200:
                return
            problem = f"{listing} answered {response.status}"
    except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
        problem = f"nobody answers on {url} ({why(error)})"
    raise ConfigError("", problem, hint)


def _headers(slo: Slo, key: str | None) -> dict[str, str]:
    given = {"ttft": slo.ttft_s, "tpot": slo.tpot_s, "e2e": slo.e2e_s}
    headers = {
        f"x-zeta-slo-{name}-ms": f"{seconds * 1000:g}"
        for name, seconds in given.items()
        if seconds is not None
    }
    return {**headers, "authorization": f"Bearer {key}"} if key else headers


async def _tell(run: Run, shown: Working) -> None:
    """A bar, or a line now and then, until cancelled."""
    seconds = 0.0
    while shown.shows_bar:
        shown.at(run.ended.total(), run.scheduled, f"{run.in_flight} in flight, ended")
        await asyncio.sleep(REDRAWN_S)
    while True:
        await asyncio.sleep(EVERY_S)
        seconds += EVERY_S
        counts = " ".join(f"{run.ended[end]} {end.value}," for end in End if run.ended[end])
        shown.say(
            f"{seconds:.0f} s: {len(run.replies)}/{run.scheduled} sent, "
            f"{counts} {run.in_flight} in flight"
        )


def _show(told: Figures) -> None:
    """The figures for people."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in _lines(told):
        table.add_row(name, value)
    Console(width=120 if not sys.stdout.isatty() else None).print(table)


def _lines(told: Figures) -> Iterator[tuple[str, str]]:
    for name in (
        "arrivals", "answered", "refused", "refused_with_retry_after", "errors", "lost", "stopped",
        "goodput", "quality_goodput", "mean_quality", "ttft_p50_s", "ttft_p99_s", "tpot_p50_s",
        "tpot_p99_s", "e2e_p50_s", "e2e_p99_s", "late_p99_s",
    ):  # fmt: skip
        value = told[name]
        if value is not None:
            yield name, f"{value:.3f}" if isinstance(value, float) else str(value)
    for group in ("missed", "by_model", "by_endpoint", "by_task", "by_reason", "problems"):
        for name, count in told[group].items():
            yield f"{group.removeprefix('by_')} {name}", str(count)
