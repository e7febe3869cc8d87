"""What the flags of `zeta ab` mean."""

from __future__ import annotations

import re
from typing import Any

import click

from zeta_router.app.ab.design import Design
from zeta_router.app.ab.load import source_s
from zeta_router.app.cli.pairs import pairs_of, tasks_of
from zeta_router.app.config import LoadedConfig
from zeta_router.app.training.choosing import classifier_of
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Slo
from zeta_router.sim.options import SimulateOptions
from zeta_router.sim.study import Study

_LENGTH = re.compile(r"^(\d+(?:\.\d+)?)(s|m|h)?$")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


def length_s(option: str, text: str) -> float:
    """Seconds of ``90s``, ``5m``, ``1h`` or a plain number of seconds.

    Raises:
        ConfigError: It is none of these.
    """
    match = _LENGTH.match(text.strip())
    if match is None:
        raise ConfigError(option, f"{text!r} is no length of time", "such as 90s, 5m or 1h")
    return float(match.group(1)) * _SECONDS[match.group(2)]


def refuse_idle(flags: dict[str, Any]) -> None:
    """Refuse flags that would do nothing in the kind of test that is asked for.

    Raises:
        click.UsageError: There is one.
    """
    if flags["simulated"]:
        if flags["embedded"]:
            raise click.UsageError("--simulated needs no engines; leave out --embedded")
        if flags["tell_lengths"] or flags["max_tokens"] is not None:
            raise click.UsageError("--tell-lengths and --max-tokens are for live tests")
        if flags["trace"].partition(":")[0] == "peak":
            raise click.UsageError("a peak is for live tests; --simulated takes any other trace")
    elif flags["task_of"]:
        raise click.UsageError("--task-of is for --simulated; live, the gateway reads the task")
    elif not flags["quality"] and (flags["maps"] or flags["tell_lengths"]):
        raise click.UsageError("--map and --tell-lengths need --quality")


def simulated_study(design: Design, config: LoadedConfig, flags: dict[str, Any]) -> Study:
    """The study whose one run a simulated test is.

    Raises:
        ConfigError: Something in it cannot be simulated.
    """
    if not flags["quality"]:
        raise ConfigError(
            "--quality", "a simulated test needs the outcomes of real prompts", "NAME.scores.csv.gz"
        )
    return Study(
        SimulateOptions(
            fleet=config.fleet,
            trace=flags["trace"],
            quality=flags["quality"],
            table_model=pairs_of("--map", flags["maps"]),
            rates=(flags["rate"],),
            policies=(design.a, design.b),
            seeds=1,
            slo=Slo(flags["slo_ttft"], flags["slo_tpot"]),
            minutes=source_s(design) / 60.0,
            task_of=tasks_of(flags["task_of"], flags["quality"]),
            classifier=classifier_of(config.classifier),
        )
    )
