"""What a gateway costs, beside others in the same run.

Usage: ``python benchmarks/gateway/run.py [--rounds N] [--subjects a,b] [--json FILE]``.

Engines, load and measuring share one core, the gateway has the other. Each round takes every
gateway in turn, so that what else the machine does hits all of them; medians over the rounds are
shown, with the share of the gateway's core that others took meanwhile. Where that share is not
small, only the processor time and the ratios between gateways mean anything.

``wrk`` and ``nginx`` (as the engine, too) it must have; ``make bench-peers`` installs them and the
others (`peers.py`). What is not there is left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commands import engine_by_nginx
from engine import WHOLE_BODY
from peers import environment, needed
from shown import medians, table
from subjects import (
    HERE,
    LOAD_CPU,
    ROUTER_CPU,
    TICK_S,
    Subject,
    pinned,
    start,
    wait_for_answer,
)

NAMES = (
    "direct,nginx,haproxy,sglang-router,vllm-router,"
    "bare-lean,bare-aiohttp,zeta,zeta-aiohttp,portkey,litellm"
)
SLOW = {"litellm", "portkey"}
"""Who cannot keep up with the steady rates, and would work off their queue in others' rounds."""

FAST_PORTS, STREAM_PORTS = [18491, 18492, 18493], [18494, 18495, 18496]
FIRST_PORT = 18500
Row = dict[str, Any]


def busy_s() -> float:
    """Time that the gateway's core has worked so far, for whomever."""
    lines = Path("/proc/stat").read_text().splitlines()
    fields = next(line.split() for line in lines if line.startswith(f"cpu{ROUTER_CPU} "))
    user, nice, system, _, _, irq, softirq = map(int, fields[1:8])
    return (user + nice + system + irq + softirq) * TICK_S


@contextmanager
def accounted(subject: Subject, row: Row) -> Iterator[None]:
    """Note processor time of a gateway and the share of its core that others took."""
    cpu_s, all_s, began_s = subject.cpu_s(), busy_s(), time.perf_counter()
    yield
    took_s = time.perf_counter() - began_s
    row["cpu_s"] = subject.cpu_s() - cpu_s
    row["others_ratio"] = max(0.0, (busy_s() - all_s - row["cpu_s"]) / took_s)


def settled(subject: Subject) -> None:
    """Wait until a gateway has worked off what the last run left it."""
    quick = 0
    for _ in range(200):
        began_s = time.perf_counter()
        wait_for_answer(subject.port, subject.process, HERE, header=subject.header)
        quick = quick + 1 if time.perf_counter() - began_s < 0.1 else 0
        if quick == 3:
            return


def closed(subject: Subject, model: str, seconds: float) -> Row:
    """64 connections that ask again as soon as they are answered."""
    command = [
        "taskset",
        "-c",
        LOAD_CPU,
        needed("wrk"),
        "-t1",
        "-c64",
        f"-d{seconds:.0f}s",
        "--latency",
    ]
    command += ["-s", str(HERE / "closed.lua"), f"http://127.0.0.1:{subject.port}"]
    settled(subject)
    row: Row = {}
    with accounted(subject, row):
        out = subprocess.run(  # noqa: S603
            command,
            capture_output=True,
            text=True,
            check=True,
            env={**environment(), "MODEL": model, "HEADER": subject.header},
        ).stdout
    found = json.loads(out.partition("JSON ")[2])
    row["per_s"] = found["requests"] / (found["duration_us"] / 1e6)
    row["us"] = row["cpu_s"] * 1e6 / max(1, found["requests"])
    return {**row, "failed": found["non_2xx"] + found["errors"], "p50": found["p50_ms"]}


def loaded(subject: Subject, kind: str, *given: float, model: str = "m") -> Row:
    """A run of `load.py`."""
    command = ["taskset", "-c", LOAD_CPU, sys.executable, str(HERE / "load.py"), kind]
    command += [str(subject.port), model, *(f"{value:g}" for value in given)]
    settled(subject)
    row: Row = {}
    with accounted(subject, row):
        out = subprocess.run(  # noqa: S603
            command,
            capture_output=True,
            text=True,
            check=True,
            env={**environment(), "HEADER": subject.header},
        ).stdout
    row |= json.loads(out)
    row["us"] = row["cpu_s"] * 1e6 / max(1, row.get("chunks") or row["asked"])
    return row


def plain_round(subject: Subject, seconds: float, rates: list[int]) -> dict[str, Row]:
    """Everything without streams."""
    found = {f"rate {rate}": loaded(subject, "rate", rate, seconds) for rate in rates}
    found["pinned"] = closed(subject, "m", seconds)
    if subject.name.startswith("zeta"):
        found["auto"] = closed(subject, "auto", seconds)
    return found


def measured(
    names: list[str], rounds: int, seconds: float, folder: Path, *, streams: bool
) -> dict[str, dict[str, list[Row]]]:
    """All rounds over all gateways that are installed."""
    ports = STREAM_PORTS if streams else FAST_PORTS
    by_nginx = None if streams else engine_by_nginx(ports, WHOLE_BODY.decode(), folder)
    own = [sys.executable, str(HERE / "engine.py"), *map(str, ports)]
    engine = pinned(LOAD_CPU, by_nginx or own, folder / "engine.log")
    found: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    subjects: list[Subject] = []
    try:
        wait_for_answer(ports[0], engine, folder / "engine.log")
        for number, name in enumerate(names):
            subject = start(name, FIRST_PORT + number, ports, folder)
            if subject is None:
                sys.stderr.write(f"{name} is not installed: left out\n")
                continue
            subjects.append(subject)
            start_row = {"started_s": subject.started_s, "idle_mb": subject.idle_mb}
            found[name]["start"].append(start_row)
        for number in range(rounds):
            for subject in subjects[number % len(subjects) :] + subjects[: number % len(subjects)]:
                if streams:
                    rows = {"streams": loaded(subject, "streams", 200, 50)}
                else:
                    rates = [] if subject.name in SLOW else [200, 1000]
                    rows = plain_round(subject, seconds, rates)
                for kind, row in rows.items():
                    row["rss_mb"] = subject.memory_mb()
                    found[subject.name][kind].append(row)
                    sys.stderr.write(f"{number} {subject.name} {kind} {json.dumps(row)}\n")
    finally:
        for subject in subjects:
            subject.stop()
        engine.terminate()
        engine.wait()
    return found


def main() -> None:
    """As the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--subjects", default=NAMES)
    parser.add_argument("--parts", default="plain,streams", help="the rest comes from --json")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    names = list(dict.fromkeys(["direct", *given.subjects.split(",")]))
    found: dict[str, dict[str, dict[str, list[Row]]]] = {}
    if given.json is not None and given.json.exists():
        found = json.loads(given.json.read_text())
    with tempfile.TemporaryDirectory() as folder:
        for part in given.parts.split(","):
            streams = part == "streams"
            asked = [name for name in names if not (streams and name in SLOW)]
            found[part] = measured(
                asked, given.rounds, given.seconds, Path(folder), streams=streams
            )
            if given.json is not None:
                given.json.write_text(json.dumps(found, indent=1))
    if len(found) == 2:
        sys.stdout.write(table(medians(found["plain"]), medians(found["streams"])))
        sys.stdout.write("* some were refused or failed\n")


if __name__ == "__main__":
    main()
