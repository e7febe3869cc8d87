"""`zeta ab`: one policy against another on the same fleet, in blocks, until it is clear."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import click
import msgspec
import uvloop

from zeta_router.app.ab.design import Design
from zeta_router.app.ab.load import simulated_drive, source_s, twice
from zeta_router.app.ab.session import Progress, conduct, result_of
from zeta_router.app.bench import prompts
from zeta_router.app.bench.schedule import arrivals
from zeta_router.app.cli.ab_options import length_s, refuse_idle, simulated_study
from zeta_router.app.cli.ab_shown import show, telling
from zeta_router.app.cli.completing import policies
from zeta_router.app.cli.experiment_record import leave_ab_record
from zeta_router.app.cli.numbers import POSITIVE, Number
from zeta_router.app.cli.pairs import pairs_of
from zeta_router.app.cli.places import FolderToWrite
from zeta_router.app.cli.progress import Working, working
from zeta_router.app.cli.saying import json_text, say_aside
from zeta_router.app.cli.sources import CONFIG_FILE, DEFAULT_LOG, load, of_fleet
from zeta_router.app.config import LoadedConfig
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Slo
from zeta_router.policy.registry import policy_named

_INTERRUPTED = 130
DEFAULT_TRACE = "poisson:rate=2"


@click.command("ab", epilog="Example: zeta ab static joint --embedded --minutes 30")
@click.argument("a", shell_complete=policies)
@click.argument("b", shell_complete=policies)
@click.option("--embedded", is_flag=True, help="On small real engines of our own.")
@click.option("--simulated", is_flag=True, help="In virtual time, on the `simulate` speeds.")
@click.option(
    "--config",
    "-c",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"The fleet; {CONFIG_FILE} in this folder when there is one.",
)
@click.option("--trace", default=DEFAULT_TRACE, show_default=True, help="As in `zeta bench`.")
@click.option("--rate", type=POSITIVE, default=1.0, show_default=True, help="Divides gaps.")
@click.option(
    "--minutes", type=POSITIVE, default=120.0, show_default=True, help="The longest it may take."
)
@click.option("--block", default="5m", show_default=True, help="Length of a block: 90s, 5m.")
@click.option("--seed", default=0, show_default=True, help="Of order, arrivals and prompts.")
@click.option("--quality", multiple=True, type=click.Path(path_type=Path), help="NAME.scores…")
@click.option(
    "--map", "maps", multiple=True, metavar="MODEL=TABLE_MODEL", help="Stand-in of MODEL."
)
@click.option("--task-of", multiple=True, metavar="TOPIC=TASK", help="Simulated: task of a topic.")
@click.option("--tell-lengths", is_flag=True, help="Tell `zeta emulate` the tables' lengths.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="Longest answer.")
@click.option("--slo-ttft", type=POSITIVE, help="Seconds to the first token.")
@click.option("--slo-tpot", type=POSITIVE, help="Seconds per token after it.")
@click.option(
    "--margin",
    type=Number(-1, 1),
    default=0.01,
    show_default=True,
    help="Quality-goodput B may lose.",
)
@click.option(
    "--ttft-margin",
    type=Number(min=-1, min_open=True),
    default=0.05,
    show_default=True,
    help="Median TTFT B may add.",
)
@click.option("--alpha", default=0.05, show_default=True, help="Probability of ever being wrong.")
@click.option("--no-worse", is_flag=True, help="Stop once B is shown to be no worse than A.")
@click.option(
    "--out",
    default="zeta-ab",
    show_default=True,
    type=FolderToWrite(),
    help="Folder for the result and the decision log.",
)
@click.option("--json", "as_json", is_flag=True, help="The result as JSON on stdout, too.")
def command(a: str, b: str, as_json: bool, out: Path, **flags: Any) -> None:
    """Compare policies A and B on the same fleet under the same load.

    The whole fleet is under one policy for a block, then under the other, in pairs of random
    order, with the same requests in both blocks of a pair; the first fifth of a block is dropped.
    The test stops by itself as soon as one is shown
    to be better in quality-goodput (in goodput, where scores are not known). It starts a gateway
    and a synthetic load of its own; nothing of yours is sent anywhere. Ctrl-C ends it with what is
    known. Exit 1 when B is worse, 130 after Ctrl-C.
    """
    design = _design(a, b, flags)
    refuse_idle(flags)
    out.mkdir(parents=True, exist_ok=True)
    stem = out / f"{a}-{b}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    with working("comparing", 1, as_json=as_json) as shown:
        if flags["simulated"]:
            progress = asyncio.run(_simulate(design, flags, shown))
        else:
            progress = uvloop.run(_serve(design, flags, stem.with_suffix(".db"), shown))
    result = {**result_of(progress), "simulated": flags["simulated"], "trace": flags["trace"]}
    path = stem.with_suffix(".json")
    path.write_bytes(json_text(result))
    leave_ab_record(_log_path(flags["config"]), result, path)
    if as_json:
        click.echo(msgspec.json.encode(result).decode())
    else:
        show(result)
    say_aside(f"kept in {path}")
    sys.exit(_INTERRUPTED if result["interrupted"] else int(result["verdict"] == "a_better"))


def _log_path(config: Path | None) -> Path:
    """The decision log of the fleet that is compared on: beside it the dashboard looks."""
    path = config or Path(CONFIG_FILE)
    return Path(load(path).log.path if path.exists() else DEFAULT_LOG)


def _design(a: str, b: str, flags: dict[str, Any]) -> Design:
    for name in (a, b):
        policy_named(name)
    if not 0.0 < flags["alpha"] < 1.0:
        raise ConfigError("--alpha", f"{flags['alpha']} is not between 0 and 1")
    return Design(
        a,
        b,
        length_s("--block", flags["block"]),
        60.0 * flags["minutes"],
        flags["seed"],
        flags["alpha"],
        flags["margin"],
        flags["ttft_margin"],
        flags["no_worse"],
    )


async def _simulate(design: Design, flags: dict[str, Any], shown: Working) -> Progress:
    from zeta_router.app.ab.simulated import SimulatedArms

    study = simulated_study(design, load(flags["config"] or Path(CONFIG_FILE)), flags)
    arms = SimulatedArms(simulated_drive(study, design), study.fleet)
    return await conduct(design, arms, telling(shown))


async def _serve(design: Design, flags: dict[str, Any], log: Path, shown: Working) -> Progress:
    from zeta_router.app.ab.serving import Load, conduct_live

    asks = prompts.synthetic()
    if flags["quality"]:
        asks = prompts.from_tables(flags["quality"], pairs_of("--map", flags["maps"]))
    minutes = source_s(design) / 60.0
    times_s = arrivals(flags["trace"], seed=design.seed, minutes=minutes, rate=flags["rate"])
    sent = Load(
        list(twice(times_s, list(islice(prompts.drawn(asks, design.seed), len(times_s))), design)),
        Slo(flags["slo_ttft"], flags["slo_tpot"]),
        flags["max_tokens"],
        flags["tell_lengths"],
    )
    async with AsyncExitStack() as stack:
        config = await _config(stack, flags)
        return await conduct_live(design, config, sent, log, telling(shown))


async def _config(stack: AsyncExitStack, flags: dict[str, Any]) -> LoadedConfig:
    if not flags["embedded"]:
        return load(flags["config"] or Path(CONFIG_FILE))
    if flags["config"] is not None:
        raise click.UsageError("--embedded brings its own fleet; leave out --config")
    from zeta_router.app.embedded.fleet import EmbeddedFleet
    from zeta_router.app.embedded.progress import on_stderr

    say_aside("starting the embedded fleet (four small real engines)")
    with on_stderr() as progress:
        fleet = await stack.enter_async_context(EmbeddedFleet(progress=progress))
    config = of_fleet(fleet.fleet_config(), "embedded")
    return replace(config, source="embedded")
