"""`zeta replay`: a decision log's traffic through another policy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from zeta_router.app.cli import completing
from zeta_router.app.cli.log_file import using_log
from zeta_router.app.cli.places import FileToWrite, script_of
from zeta_router.app.cli.progress import working
from zeta_router.app.cli.saying import say_aside
from zeta_router.app.cli.sources import load
from zeta_router.app.cli.tables import wide_enough
from zeta_router.sim.replay.logged import read_traffic
from zeta_router.sim.replay.study import study


@click.command("replay", epilog="Example: zeta replay zeta.db --policy joint")
@click.argument("log", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--policy",
    "policies",
    multiple=True,
    required=True,
    shell_complete=completing.policies,
    help="One or more times.",
)
@click.option(
    "--config",
    "-c",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The fleet the log was written over, where the log does not say.",
)
@click.option("--json", "as_json", is_flag=True, help="All figures as JSON on stdout.")
@click.option("--report", "report_path", type=FileToWrite(), help="Write HTML here.")
def command(
    log: Path,
    policies: tuple[str, ...],
    config: Path | None,
    as_json: bool,
    report_path: Path | None,
) -> None:
    """Say what another policy would have made of the queries in LOG.

    Quality comes from the answers that were judged in the log (doubly robust and SNIPS, 95 %
    intervals) and is refused where the log holds too little of what the policy would choose.
    Latency is simulated on engines fitted to the log; the policy that wrote the log is replayed
    first, and where its replay does not agree with the log, that is said with every figure. Exit 1
    in that case; 2 for input of no use.
    """
    script = script_of(report_path)
    fleet = load(config).fleet if config is not None else None
    with using_log(log):
        traffic = read_traffic(log, fleet)
    with working("replaying", 2 + len(policies), as_json=as_json) as shown:
        result = study(traffic, policies, shown.begin if shown.shows_bar else say_aside)
    if as_json:
        click.echo(msgspec.json.encode(result).decode())
    else:
        _show(result)
    if report_path is not None:
        from zeta_router.app.cli.replay_report import write_replay_report

        write_replay_report(result, report_path, script=script)
    sys.exit(0 if result["validation"]["is_valid"] else 1)


def _show(result: dict[str, Any]) -> None:
    console = Console(width=wide_enough(sys.stdout, 110), highlight=False)
    told = result["log"]
    console.print(
        f"{told['queries']} queries in {told['seconds']:.0f} s, decided by {told['policy']}; "
        f"{told['answered']} answered, {told['judged']} judged"
    )
    console.print(_engines(result))
    console.print(_validation(result))
    for line in warnings_of(result):
        console.print(f"[bold red]{line}[/]")
    console.print(_quality(result))
    console.print(_latency(result))
    for note in result["notes"]:
        console.print(f"note: {note}")


def warnings_of(result: dict[str, Any]) -> Iterator[str]:
    """What has to be said before any latency figure; nothing when the replay is valid."""
    validation = result["validation"]
    if validation["is_valid"]:
        return
    yield "THE REPLAY IS NOT VALIDATED: the logging policy's replay does not agree with the log."
    yield from validation["problems"]
    yield "Latency figures below are marked ! and are not to be relied on."


def _table(caption: str, *columns: str) -> Table:
    table = Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        title=caption,
        title_justify="left",
        title_style="bold",
    )
    for index, column in enumerate(columns):
        # Where it is narrow, names go on in the next line: figures are never cut.
        table.add_column(
            column,
            justify="left" if index == 0 else "right",
            no_wrap=index > 0,
            overflow="fold",
        )
    return table


def _engines(result: dict[str, Any]) -> Table:
    table = _table(
        "\nengines as fitted (median error per request)",
        *(
            "endpoint",
            "requests",
            "prefill\ntok/s",
            "step\nms",
            "per seq\nms",
            "besides\nms",
            "TTFT",
            "TPOT",
            "E2E",
        ),
    )
    for key, fit in result["engines"].items():
        table.add_row(
            key,
            str(fit["requests"]),
            f"{fit['prefill_tokens_per_s']:.0f}",
            f"{fit['step_s'] * 1e3:.2f}",
            f"{fit['step_per_seq_s'] * 1e3:.3f}",
            f"{fit['overhead_s'] * 1e3:.1f}",
            *(_percent(fit[name]) for name in ("ttft_error", "tpot_error", "e2e_error")),
        )
    return table


def _validation(result: dict[str, Any]) -> Table:
    verdict = "agrees with the log" if result["validation"]["is_valid"] else "DOES NOT AGREE"
    table = _table(
        f"\nthe logging policy replayed: {verdict}",
        *("", "answers", "KS", "p50 logged", "replayed", "p99 logged", "replayed"),
    )
    for each in result["validation"]["compared"]:
        names = ("logged_p50_s", "replayed_p50_s", "logged_p99_s", "replayed_p99_s")
        cells = (_seconds(each[name]) for name in names)
        table.add_row(each["name"], str(each["count"]), f"{each['ks']:.3f}", *cells)
    return table


def _quality(result: dict[str, Any]) -> Table:
    table = _table(
        "\nquality of answers, from those that were judged",
        *("policy", "doubly\nrobust", "95 %", "SNIPS", "95 %", "effective", "reached"),
    )
    for name, told in result["policies"].items():
        quality = told["quality"]
        seen = (f"{quality['ess']:.0f} of {quality['judged']}", _percent(quality["coverage"]))
        if quality["refusal"] is not None:
            table.add_row(name, "refused", "–", "refused", "–", *seen)
        else:
            table.add_row(name, *_interval(quality["dr"]), *_interval(quality["snips"]), *seen)
    refused = {
        told["quality"]["refusal_text"]: None
        for told in result["policies"].values()
        if told["quality"]["refusal"] is not None
    }
    if refused:
        table.caption = "refused: " + "; ".join(refused)
        table.caption_justify = "left"
    return table


def _latency(result: dict[str, Any]) -> Table:
    table = _table(
        "\nlatency, simulated (from arrival at the router)",
        *("policy", "in SLO", "shed", "TTFT\np50", "p99", "E2E\np50", "p99", "TPOT\np99"),
    )
    for name, told in result["policies"].items():
        latency = told["latency"]
        doubt = "" if latency["is_validated"] else " !"
        times = ("ttft_p50_s", "ttft_p99_s", "e2e_p50_s", "e2e_p99_s", "tpot_p99_s")
        table.add_row(
            name,
            _percent(latency["goodput"]) + doubt,
            _percent(latency["shed_ratio"]) + doubt,
            *(_seconds(latency[time]) + doubt.strip() for time in times),
        )
    return table


def _interval(told: dict[str, float]) -> tuple[str, str]:
    return f"{told['mean']:.3f}", f"{told['low']:.3f}–{told['high']:.3f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g} s"
