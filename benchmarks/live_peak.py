"""`static` against `joint` on a live gateway, under a synthetic peak of three minutes.

    python benchmarks/live_peak.py --data DIR     three emulated engines, reference speeds
    python benchmarks/live_peak.py --embedded     the real engines of the embedded fleet

Engines, gateway and load are processes of their own on this machine: `zeta emulate`, `zeta serve`
and `zeta bench`. Each run starts a fresh gateway, which has learned nothing; the policies take
turns. Prints a table in Markdown on stdout, progress on stderr; exit 1 when a request was lost.

DIR holds `quality/zeroeval_*.scores.csv.gz` with the prompts beside them. They are not part of the
project: the outcomes are WildEval/ZeroEval's (Apache-2.0). Without --data the prompts are a
built-in set, answers have lengths of a log-normal law, and there is no quality-goodput. The
embedded engines are always asked the built-in set: their answers are not the tables'.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from live_fleet import SLO, TABLE_MODELS, embedded_fleet, emulated_fleet, tables_in
from live_table import table

from zeta_router.app.config.render import render_yaml
from zeta_router.core.fleet import FleetConfig

PEAK = "peak:rate=2,factor=5"
"""2 requests a second rising to 10: by `zeta simulate`, more than the 14B alone can do, and less
than the three together."""

EMBEDDED_PEAK = "peak:rate=0.3,factor=4"
EMBEDDED_TOKENS = 48
EMBEDDED_SLO = ("--slo-ttft", "3", "--slo-e2e", "30")
"""The loosest objective of the embedded fleet's defaults; the gateway goes by its own, per task."""

POLICIES = ("static", "joint")
ZETA = (sys.executable, "-m", "zeta_router")


def main() -> int:
    """Play every policy in every round and print the table."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no child is left behind
    asked = _arguments()
    folder = Path(asked.keep or tempfile.mkdtemp(prefix="live-peak-"))
    folder.mkdir(parents=True, exist_ok=True)
    if asked.data is None and not asked.embedded:
        say("no --data: built-in prompts, no quality-goodput (original: WildEval/ZeroEval)")
    rows = []
    with embedded_fleet() if asked.embedded else emulated(asked.data, folder) as fleet:
        for number in range(asked.first - 1, asked.first - 1 + asked.rounds):
            for policy in asked.policies.split(","):
                say(f"round {number + 1}, {policy}")
                name = f"{policy}-{number + 1}"
                limits = replace(fleet.limits, max_wait_s=asked.max_wait)
                wanted = replace(fleet, policy=policy, limits=limits)
                rows.append(play(wanted, asked, number, folder / name))
                (folder / f"{name}.json").write_text(json.dumps(rows[-1], indent=1))
    print(table(rows))  # noqa: T201
    say(f"figures, decision logs and messages are in {folder}")
    return 1 if any(row["lost"] for row in rows) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder with quality/zeroeval_*")
    parser.add_argument(
        "--embedded", action="store_true", help="real engines of the embedded fleet"
    )
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--first", type=int, default=1, help="number of the first round (1)")
    parser.add_argument("--minutes", type=float, help="length of a peak (3; 2 with --embedded)")
    parser.add_argument("--trace", help=f"arrivals ({PEAK}; {EMBEDDED_PEAK} with --embedded)")
    parser.add_argument(
        "--max-wait", type=float, help="longest wait in the gateway, s (2; 30 with --embedded)"
    )
    parser.add_argument("--policies", default=",".join(POLICIES))
    parser.add_argument("--keep", help="folder for figures and decision logs (a temporary one)")
    asked = parser.parse_args()
    asked.data = None if asked.embedded else asked.data
    asked.trace = asked.trace or (EMBEDDED_PEAK if asked.embedded else PEAK)
    asked.minutes = asked.minutes or (2.0 if asked.embedded else 3.0)
    asked.max_wait = asked.max_wait or (30.0 if asked.embedded else 2.0)
    return asked


@contextlib.contextmanager
def emulated(data: Path | None, folder: Path) -> Iterator[FleetConfig]:
    """Three emulated engines on free ports, until the end of the block."""
    fleet = emulated_fleet(data)
    path = folder / "fleet.yaml"
    path.write_text(render_yaml(fleet), encoding="utf-8")
    with contextlib.ExitStack() as stack:
        for endpoint in fleet.endpoints:
            command = ("emulate", "--fleet", str(path), "--endpoint", endpoint.id)
            stack.enter_context(
                running(command, folder / f"emulate-{endpoint.id}.log", "emulating")
            )
        yield fleet


def play(
    fleet: FleetConfig, asked: argparse.Namespace, number: int, folder: Path
) -> dict[str, Any]:
    """One peak at a fresh gateway over `fleet`; the figures of `zeta bench`, and what it cost."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "zeta.yaml"
    config.write_text(render_yaml(fleet).replace("path: zeta.db", f"path: {folder / 'zeta.db'}"))
    command = ("serve", "--config", str(config), "--listen", "127.0.0.1:0")
    with running(command, folder / "serve.log", "listening on ") as (_, url):
        before = cpu_seconds()
        started_s = time.monotonic()
        told = bench(url, asked, number)
        seconds = time.monotonic() - started_s
        after = cpu_seconds()
    used = {name: (after[name] - before.get(name, 0.0)) / seconds for name in after}
    return {**told, "policy": fleet.policy, "round": number + 1, "cpu": used}


def bench(url: str, asked: argparse.Namespace, number: int) -> dict[str, Any]:
    """`zeta bench` at the gateway; its messages pass through."""
    flags = ["--trace", asked.trace, "--minutes", str(asked.minutes), "--seed", str(number)]
    if asked.embedded:
        flags += ["--max-tokens", str(EMBEDDED_TOKENS), "--timeout", "300", *EMBEDDED_SLO]
    else:
        flags += ["--slo-ttft", str(SLO.ttft_s), "--slo-tpot", str(SLO.tpot_s)]
    if asked.data is not None:
        flags += [*tables_flags(asked.data), "--tell-lengths"]
    command = (*ZETA, "bench", url, "--json", *flags)
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)  # noqa: S603
    if not done.stdout:
        sys.exit(f"zeta bench failed with exit code {done.returncode}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def tables_flags(data: Path) -> Sequence[str]:
    """What names the quality tables to `zeta bench`."""
    flags = [text for path in tables_in(data) for text in ("--quality", str(path))]
    return [*flags, *(x for pair in TABLE_MODELS.items() for x in ("--map", "=".join(pair)))]


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, ready: str, within_s: float = 60.0
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A command of ours until the end of the block; yields it and the address it told."""
    with log.open("wb") as file:
        process = subprocess.Popen((*ZETA, *command), stdout=file, stderr=file)  # noqa: S603
    try:
        until_s = time.monotonic() + within_s
        while not (line := _line_with(ready, log)):
            if process.poll() is not None or time.monotonic() > until_s:
                sys.exit(f"{' '.join(command)} did not start:\n{log.read_text()}")
            time.sleep(0.1)
        yield process, next((word for word in line.split() if word.startswith("http")), "")
    finally:
        process.terminate()
        process.wait(timeout=150)


def _line_with(words: str, log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line for line in lines if words in line), "")


def cpu_seconds() -> Mapping[str, float]:
    """CPU seconds so far of our children that are alive, by their command; and of the machine."""
    times = psutil.cpu_times()
    found = {"machine": sum(times) - times.idle - times.iowait}
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            words = child.cmdline()
            name = next((word for word in ("emulate", "serve", "engine") if word in words), "other")
            found[name] = found.get(name, 0.0) + sum(child.cpu_times()[:2])
    reaped = psutil.Process().cpu_times()
    found["bench"] = reaped.children_user + reaped.children_system
    return found


def say(text: str) -> None:
    """A line on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
