"""`zeta simulate`: play a trace with real prompts' outcomes through policies, in virtual time."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from zeta_router.app.cli import completing
from zeta_router.app.cli.experiment_record import leave_simulation_record
from zeta_router.app.cli.numbers import NOT_NEGATIVE, POSITIVE
from zeta_router.app.cli.pairs import pairs_of, tasks_of
from zeta_router.app.cli.places import FileToWrite, FolderToWrite, script_of
from zeta_router.app.cli.progress import working
from zeta_router.app.cli.saying import json_text, say_aside
from zeta_router.app.cli.sources import load
from zeta_router.app.cli.tables import wide_enough
from zeta_router.app.training.choosing import classifier_of
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Slo
from zeta_router.policy.registry import POLICIES, policy_named
from zeta_router.sim.experiment import run
from zeta_router.sim.options import INPUT_TOKENS, LENGTHS, TOPICS, Feedback, SimulateOptions
from zeta_router.sim.report.compare import summary

Tell = Callable[[int, int, str], None]

DEFAULT_POLICIES = ",".join(POLICIES)


@click.command(
    "simulate",
    epilog="Example: zeta simulate --fleet fleet.yaml --trace poisson:rate=3 "
    "--quality q.scores.csv.gz --map coder-7b=Qwen2-7B-Instruct",
)
@click.option("--fleet", required=True, type=click.Path(path_type=Path), help="Fleet file.")
@click.option("--trace", required=True, help="Trace file, or poisson: gamma: diurnal: …")
@click.option(
    "--quality", required=True, multiple=True, type=click.Path(path_type=Path), help="NAME.scores…"
)
@click.option(
    "--map", "maps", multiple=True, metavar="MODEL=TABLE_MODEL", help="Stand-in of MODEL."
)
@click.option("--rate", default="0.5,1,1.6,2.4,3.5", show_default=True, help="Divides gaps.")
@click.option(
    "--policies",
    default=DEFAULT_POLICIES,
    shell_complete=completing.policies,
    help="Names, with commas. [default: all]",
)
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--slo-ttft", type=POSITIVE, help="Seconds to the first token.")
@click.option("--slo-tpot", type=POSITIVE, help="Seconds per token after it.")
@click.option(
    "--minutes", type=NOT_NEGATIVE, default=20.0, show_default=True, help="0: the whole trace."
)
@click.option("--topics", type=click.Choice(TOPICS), default="table", show_default=True)
@click.option("--task-of", multiple=True, metavar="TOPIC=TASK", help="Task of a table's topic.")
@click.option("--input-tokens", type=click.Choice(INPUT_TOKENS), default="table", show_default=True)
@click.option("--lengths", type=click.Choice(LENGTHS), default="learned", show_default=True)
@click.option("--priors", default="true", show_default=True, help="true, swapped or xF.")
@click.option("--feedback", metavar="SHARE:DELAY_S", help="Judgements given to the router.")
@click.option("--scenario", metavar="NAME[:k=v,…]", help="slow kill flash mix stale tenant drift …")
@click.option("--uncapped", is_flag=True, help="Without the common admission, as people run them.")
@click.option(
    "--processes", type=click.IntRange(1), help="Worker processes. [default: one per core]"
)
@click.option("--resume", "cache", type=FolderToWrite(), help="Folder of finished runs.")
@click.option("--log", "log_dir", type=FolderToWrite(), help="Folder of decision logs.")
@click.option("--json", "json_path", type=FileToWrite(), help="Write results here.")
@click.option("--report", "report_path", type=FileToWrite(), help="Write HTML here.")
def command(json_path: Path | None, report_path: Path | None, **flags: Any) -> None:
    """Judge policies on a trace whose queries carry real prompts and each model's outcome on them.

    Prints a table on stderr; --json writes every row and bound, --report an HTML page. Exit 1 when
    a policy beats the certified bound, which would be a bug of ours; 2 for input of no use.
    """
    options = _options(flags, timelines=report_path is not None)
    script = script_of(report_path)
    with _progress() as tell:
        result = run(options, tell)
    _show(result)
    if json_path is not None:
        json_path.write_bytes(json_text(result))
    if report_path is not None:
        from zeta_router.sim.report.html import write_report

        write_report(result, report_path, script=script)
    if json_path is not None or report_path is not None:
        log_path = Path(load(flags["fleet"]).log.path)
        leave_simulation_record(log_path, result, json_path, report_path)
    for note in result["notes"]:
        say_aside(f"note: {note}")
    for violation in result["violations"]:
        say_aside(f"above the certified bound, which is a bug: {violation}")
    sys.exit(1 if result["violations"] else 0)


def _options(flags: dict[str, Any], *, timelines: bool) -> SimulateOptions:
    named = (name.strip() for name in flags["policies"].split(","))
    policies = tuple(dict.fromkeys(filter(None, named)))
    for name in policies:
        policy_named(name)
    feedback = flags["feedback"]
    config = load(flags["fleet"])
    return SimulateOptions(
        fleet=config.fleet,
        trace=flags["trace"],
        quality=flags["quality"],
        table_model=pairs_of("--map", flags["maps"]),
        rates=_rates(flags["rate"]),
        policies=policies,
        classifier=classifier_of(config.classifier),
        seeds=flags["seeds"],
        slo=Slo(ttft_s=flags["slo_ttft"], tpot_s=flags["slo_tpot"]),
        minutes=flags["minutes"] or None,
        topics=flags["topics"],
        task_of=tasks_of(flags["task_of"], flags["quality"]),
        input_tokens=flags["input_tokens"],
        lengths=flags["lengths"],
        priors=flags["priors"],
        feedback=Feedback.parse(feedback) if feedback is not None else None,
        scenario=flags["scenario"],
        capped=not flags["uncapped"],
        processes=flags["processes"] or os.cpu_count(),
        cache_dir=flags["cache"],
        log_dir=flags["log_dir"],
        timelines=timelines,
    )


def _rates(text: str) -> tuple[float, ...]:
    """Each once: a run that counts twice would make intervals narrower than they are."""
    try:
        return tuple(dict.fromkeys(float(part) for part in text.split(",")))
    except ValueError:
        raise ConfigError("--rate", f"{text!r} is not numbers with commas between") from None


@contextlib.contextmanager
def _progress() -> Iterator[Tell]:
    """A bar on a terminal; a line per run elsewhere."""
    with working("simulating", 1) as shown:
        if shown.shows_bar:
            yield lambda done, total, what: shown.at(done, total, what or "simulating")
        else:
            yield lambda done, total, what: say_aside(f"{done}/{total} {what}")


_COLUMNS = (
    ("load ×", "rate", "{:g}"),
    ("policy", "policy", "{}"),
    ("in SLO", "goodput", "{:.3f}"),
    ("shed", "shed_ratio", "{:.3f}"),
    ("class", "of_class_bound", "{:.3f}"),
    ("oracle", "of_oracle_bound", "{:.3f}"),
    ("certified", "of_certified_bound", "{:.3f}"),
)
_CAPTION = "± is half a 95 % interval; class, oracle, certified: share of that bound reached"


def _show(result: dict[str, Any]) -> None:
    """The summary on stderr, within 80 columns."""
    table = Table(box=None, pad_edge=False, header_style="bold", caption=_CAPTION)
    for title, _, _ in _COLUMNS:
        table.add_column(title, justify="left" if title == "policy" else "right", no_wrap=True)
        if title == "policy":
            table.add_column("quality-\ngoodput", justify="right", no_wrap=True)
    for line in summary(result):
        cells = [_cell(line[key], form) for _, key, form in _COLUMNS]
        table.add_row(*cells[:2], _reached(line), *cells[2:])
    Console(stderr=True, width=wide_enough(sys.stderr, 100)).print(table)


def _reached(line: dict[str, Any]) -> str:
    mean: float = line["quality_goodput"]
    half = "" if line["high"] is None else f" ± {line['high'] - mean:.3f}"
    return f"{mean:.3f}{half}"


def _cell(value: Any, form: str) -> str:
    return "–" if value is None else form.format(value)
