"""`zeta calibrate`: measure a live engine, and say how fast it is as zeta.yaml says it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import asdict
from typing import Any

import click

from zeta_router.app.calibrate.measuring import Measured, Measuring
from zeta_router.app.calibrate.stream import AskError
from zeta_router.app.calibrate.target import Target, find_target
from zeta_router.app.calibrate.verdict import Verdict, judge
from zeta_router.app.calibrate.wire import Wire, new_session
from zeta_router.app.cli.numbers import Number
from zeta_router.app.cli.progress import Working, working
from zeta_router.app.cli.saying import say_aside, say_json
from zeta_router.core.errors import ConfigError

LONGEST_BUDGET_S = 85.0


@click.command("calibrate", epilog="Example: zeta calibrate http://127.0.0.1:11434")
@click.argument("url")
@click.option("--model", help="Which of its models. [default: the only one, or the loaded one]")
@click.option("--slots", type=click.IntRange(1), help="Requests at once. [default: asks or sees]")
@click.option(
    "--budget-s",
    type=Number(5.0, LONGEST_BUDGET_S),
    default=60.0,
    show_default=True,
    help="Seconds to take; less when the result is steady.",
)
@click.option("--key-env", metavar="NAME", help="Environment variable that holds its key.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(url: str, budget_s: float, key_env: str | None, as_json: bool, **chosen: Any) -> None:
    """Measure the engine at URL with short prompts, and print its `simulate:` entry.

    Any engine that `zeta serve` knows, or any OpenAI-compatible server that streams. It should
    serve nobody else meanwhile. Paste the printed line into its endpoint in zeta.yaml.

    Exit 0 when held-out answers are foretold within 25 % (half of them) and 40 % (nine in ten), 1
    when they are not or the figures did not settle, 2 when the engine cannot be measured.
    """
    with working(f"measuring, at most {budget_s:g} s", as_json=as_json) as shown:
        target, measured = asyncio.run(_measure(url, budget_s, _key(key_env), shown, **chosen))
    verdict = judge(measured)
    if measured.calibration is None or verdict is None:
        raise ConfigError(
            target.url,
            f"gave too few answers to go by ({measured.answers}; {measured.problem or 'slow'})",
            "a larger --budget-s?",
        )
    facts = _facts(target, measured, verdict)
    if as_json:
        say_json(facts)
    else:
        click.echo(_yaml(target, measured, verdict), nl=False)
    doubts = _doubts(measured, verdict)
    for doubt in doubts:
        say_aside(f"zeta: {doubt}")
    sys.exit(1 if doubts else 0)


async def _measure(
    url: str,
    budget_s: float,
    api_key: str | None,
    shown: Working,
    *,
    model: str | None,
    slots: int | None,
) -> tuple[Target, Measured]:
    async with new_session() as session:
        target = await find_target(session, url, model=model, slots=slots, api_key=api_key)
        told = f", {target.slots} slots" if target.slots else ""
        shown.say(f"{target.url}: {target.engine}, {target.model}{told}")
        measuring = Measuring(
            Wire(session, target).ask,
            time.perf_counter,
            budget_s=budget_s,
            slots=target.slots,
            context_tokens=target.context_tokens,
            tell=shown.say,
        )
        try:
            return target, await measuring.run()
        except AskError as error:
            hint = "name its key's variable with --key-env" if _unauthorised(error) else ""
            raise ConfigError(target.url, f"cannot be measured: {error}", hint) from error


def _unauthorised(error: AskError) -> bool:
    return str(error).startswith(("HTTP 401", "HTTP 403"))


def _key(name: str | None) -> str | None:
    if name is None:
        return None
    key = os.environ.get(name)
    if not key:
        raise ConfigError("--key-env", f"the environment has no {name}", f"export {name}=…")
    return key


def _rounded(value: float) -> float:
    """Four digits: what lies beyond is noise."""
    return float(f"{value:.4g}")


def _speed(measured: Measured) -> dict[str, float | int]:
    fitted = measured.calibration
    if fitted is None:
        return {}
    speed = fitted.speed(measured.slots)
    numbers = asdict(speed)
    return {name: _rounded(value) if name != "slots" else value for name, value in numbers.items()}


def _facts(target: Target, measured: Measured, verdict: Verdict) -> dict[str, Any]:
    fitted = measured.calibration
    return {
        "url": target.url,
        "engine": target.engine,
        "model": target.model,
        "simulate": _speed(measured),
        "base_ttft_s": _rounded(fitted.base_ttft_s) if fitted else None,
        "slots_from": measured.slots_from,
        "fit": asdict(fitted) if fitted else None,
        "stable": measured.stable,
        "errors": asdict(verdict),
        "answers": measured.answers,
        "failed": measured.failed,
        "took_s": _rounded(measured.took_s),
        "load_average": _load(),
    }


def _yaml(target: Target, measured: Measured, verdict: Verdict) -> str:
    fitted = measured.calibration
    overhead_s = fitted.overhead_s if fitted else 0.0
    on = "held-out" if verdict.held_out else "its own"
    speed = ", ".join(f"{name}: {value:g}" for name, value in _speed(measured).items())
    return "".join(
        (
            f"# {target.model} ({target.engine}) at {target.url}\n",
            f"# {measured.answers} answers in {measured.took_s:.0f} s; slots {measured.slots_from}",
            f"; {1000 * overhead_s:.0f} ms a request on top, which has no field\n",
            f"# off on {verdict.answers} {on} answers: ",
            f"TTFT {verdict.ttft.p50:.0%} (p50), {verdict.ttft.p90:.0%} (p90); ",
            f"TPOT {verdict.tpot.p50:.0%}, {verdict.tpot.p90:.0%}\n",
            f"simulate: {{{speed}}}\n",
        )
    )


def _doubts(measured: Measured, verdict: Verdict) -> list[str]:
    """Why the result should not be relied on."""
    doubts = []
    if not measured.stable:
        doubts.append("the figures did not settle; is the engine idle? a larger --budget-s?")
    if not verdict.held_out:
        doubts.append("no time was left to try the result on other answers")
    if not (verdict.ttft.good and verdict.tpot.good):
        doubts.append("the engine's answers are not foretold well; is it serving others?")
    return doubts


def _load() -> float | None:
    """The machine's load average; None where there is no such thing."""
    return _rounded(os.getloadavg()[0]) if hasattr(os, "getloadavg") else None
