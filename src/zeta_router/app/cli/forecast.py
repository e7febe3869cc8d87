"""`zeta forecast`: how well the load of a trace can be forecast, and whether it can be at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from zeta_router.app.cli.numbers import POSITIVE
from zeta_router.app.cli.progress import working
from zeta_router.app.cli.saying import say_json
from zeta_router.core.errors import ConfigError
from zeta_router.learn.forecast.arrivals import HORIZONS_S, STEP_S, WAPE_LIMIT
from zeta_router.learn.forecast.evaluate import SKIP_S, evaluate
from zeta_router.sim.workload import source

LONGEST_HORIZON_S = 3600.0


@click.command("forecast", epilog="Example: zeta forecast gamma:rate=5,cv=3 --minutes 60")
@click.argument("trace")
@click.option(
    "--horizon",
    "horizons",
    multiple=True,
    type=float,
    metavar="SECONDS",
    help="How far ahead, a multiple of 5; may be repeated. [default: 5, 30, 60, 300]",
)
@click.option("--minutes", type=POSITIVE, help="Only so much of it.")
@click.option("--seed", default=0, show_default=True, help="Of generated arrivals.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(
    trace: str, horizons: tuple[float, ...], minutes: float | None, seed: int, as_json: bool
) -> None:
    """Forecast the arrivals of TRACE as the router would, and say how far off that is.

    TRACE is a file of any format that `zeta simulate` reads, or arrivals by description, such as
    gamma:rate=5,cv=3. Every 5 s the count of the next seconds is forecast from what came before;
    the first 5 minutes are not scored. WAPE is the sum of errors over the sum of counts; last value
    and 5-minute mean are the two forecasts that it has to beat. p90 should hold 90 times in 100.

    Exit 2 for a trace that cannot be read.
    """
    asked = [_checked(horizon_s) for horizon_s in horizons] or list(HORIZONS_S)
    with working("forecasting", len(asked) + 1, as_json=as_json) as shown:
        shown.begin(f"reading {trace}")
        arrivals_s = [row.at_s for row in source.load(trace, seed=seed, minutes=minutes, rate=1.0)]
        scored = []
        for horizon_s in asked:
            shown.begin(f"forecasting {horizon_s:g} s ahead")
            scored.append(evaluate(arrivals_s, horizon_s))
    if as_json:
        say_json(_report(trace, arrivals_s, scored))
    else:
        _show(arrivals_s, scored)


def _checked(horizon_s: float) -> float:
    steps = horizon_s / STEP_S
    if not (STEP_S <= horizon_s <= LONGEST_HORIZON_S and steps == round(steps)):
        hint = f"a multiple of {STEP_S:g} from {STEP_S:g} to {LONGEST_HORIZON_S:g}, such as 30"
        raise ConfigError("--horizon", f"{horizon_s:g} is no horizon", hint)
    return horizon_s


def _report(
    trace: str, arrivals_s: Sequence[float], scored: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "trace": trace,
        "arrivals": len(arrivals_s),
        "duration_s": arrivals_s[-1],
        "step_s": STEP_S,
        "skipped_s": SKIP_S,
        "wape_limit": WAPE_LIMIT,
        "horizons": list(scored),
    }


def _show(arrivals_s: Sequence[float], scored: Sequence[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("ahead", "forecasts", "WAPE", "last value", "5-min mean", "p50", "p90"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("90 % interval", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in scored:
        table.add_row(*_cells(row))
    console = Console(width=110)
    minutes = arrivals_s[-1] / 60.0
    console.print(f"{len(arrivals_s):,} arrivals in {minutes:.1f} min", highlight=False)
    console.print(table)
    console.print(
        f"WAPE: sum of errors over sum of counts; above {WAPE_LIMIT:g} not forecastable.\n"
        "p50, p90: share of counts within the bound; the interval is binomial, 95 %, for that\n"
        "many forecasts as if independent; windows longer than a step overlap, so they are fewer.",
        highlight=False,
    )


def _cells(row: dict[str, Any]) -> list[str]:
    shares = ("wape", "wape_last_value", "wape_mean_5min", "coverage_p50", "coverage_p90")
    values = ["–" if row[name] is None else f"{row[name]:.3f}" for name in shares]
    interval = "–"
    if row["coverage_p90"] is not None:
        inside = "" if row["coverage_p90_inside"] else " missed"
        interval = f"{row['coverage_p90_low']:.3f}–{row['coverage_p90_high']:.3f}{inside}"
    verdict = "" if row["forecastable"] else "not forecastable"
    if row["wape"] is None:
        verdict = "too short to say"
    return [f"{row['horizon_s']:g} s", str(row["forecasts"]), *values, interval, verdict]
