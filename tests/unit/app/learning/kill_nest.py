"""Run by `test_kill`: forks routers that learn and save, kills each at a random moment, looks.

The product's own pieces at their own pace, or sped up so that a thousand fit into a minute: the
router, the keeper and the log's thread. Each child goes on from what its predecessor saved. What
it learns is a counter: every feedback on one topic adds to the evidence of one cell.

A child reports through a pipe (small writes, which a kill cannot tear): ``L n t`` after the n-th
lesson, ``F n`` after a flush that came back with everything up to the n-th in the file.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from support.bench import Bench
from support.fleets import endpoint, fleet
from zeta_router.app.learning.keeper import SAVE_EVERY_S, Keeper
from zeta_router.core.query import Task, TopicShare
from zeta_router.telemetry.log import thread as log_thread
from zeta_router.telemetry.log.decision_log import DecisionLog

SHARE = (TopicShare("code", Task.CODE, 1.0),)
CONFIG = fleet(endpoint("c", "coder"), endpoint("t", "thinker"))


class Counting:
    """A head that counts lessons, beside the router's own (which only remember so many)."""

    def __init__(self) -> None:
        self.lessons = 0
        self.ballast = [0.0] * 400

    def state(self) -> dict[str, Any]:
        return {"lessons": self.lessons, "ballast": list(self.ballast)}

    def restore(self, state: dict[str, Any]) -> None:
        if state["ballast"] != [float(state["lessons"])] * 400:
            raise ValueError("torn")
        self.lessons = int(state["lessons"])


def a_router() -> tuple[Any, Counting]:
    router = Bench(CONFIG).router
    counting = Counting()
    router.knowledge.length = counting
    return router, counting


def open_log(path: Path) -> DecisionLog:
    return DecisionLog(path, wall_offset_s=time.time() - time.monotonic())


def child(path: Path, pipe: int, every_s: float, fast: bool) -> None:
    """Learn, save, report; never ends by itself."""
    if fast:
        log_thread.BATCH_S = 0.003
    log = open_log(path)
    router, counting = a_router()
    keeper = Keeper(router, log, time.time() - time.monotonic())
    left = keeper.restore(time.monotonic())
    os.write(pipe, f"S {counting.lessons} {json.dumps(left)}\n".encode())
    due_s = time.monotonic() + every_s
    while True:
        counting.lessons += 1
        counting.ballast = [float(counting.lessons)] * 400
        router.knowledge.quality.observe(SHARE, "coder", 1.0)
        os.write(pipe, f"L {counting.lessons} {time.monotonic()}\n".encode())
        time.sleep(0.0005 if fast else 0.01)
        if time.monotonic() < due_s:
            continue
        saved = counting.lessons
        keeper.save(time.monotonic())
        due_s = time.monotonic() + every_s
        if fast and saved % 3 == 0 and log.flush():
            os.write(pipe, f"F {saved}\n".encode())


def killed_after(path: Path, life_s: float, every_s: float, fast: bool) -> str:
    """What a child reported before it was killed."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            os.close(reading)
            child(path, writing, every_s, fast)
        os._exit(3)
    os.close(writing)
    time.sleep(life_s)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status):
        raise SystemExit(f"a child ended by itself: {status}")
    with os.fdopen(reading) as lines:
        return lines.read()


def look(path: Path) -> tuple[int, dict[str, str]]:
    """What the next router finds: the counter, and what was refused. Raises for a broken file."""
    with closing(sqlite3.connect(path)) as file:
        verdict = file.execute("PRAGMA integrity_check").fetchall()
        if verdict != [("ok",)]:
            raise SystemExit(f"corrupt: {verdict}")
    log = open_log(path)
    router, counting = a_router()
    left = Keeper(router, log, 0.0).restore(1e12)
    if log.health().set_aside:
        raise SystemExit(log.health().set_aside)
    log.close()
    return counting.lessons, left


class Ledger:
    """What was promised, and what was found."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {"kills": 0, "started": 0, "flushes": 0, "left": []}
        self.told |= {"lessons": 0, "worst_s": 0.0}
        self._safe = 0

    def take(self, said: str) -> list[tuple[int, float]]:
        """Read a child's report; its lessons with their times."""
        lines = [line.split(" ", 2) for line in said.splitlines()]
        self.told["kills"] += 1
        for line in lines:
            if line[0] == "S":
                self.told["started"] += 1
                self.found(int(line[1]), json.loads(line[2]))
            elif line[0] == "F":
                self.told["flushes"] += 1
                self._safe = int(line[1])
        return [(int(line[1]), float(line[2])) for line in lines if line[0] == "L"]

    def found(self, lessons: int, left: dict[str, str]) -> None:
        """A router started from this."""
        if lessons < self._safe:
            raise SystemExit(f"went back to {lessons}, though {self._safe} was in the file")
        self.told["left"] += sorted(left)
        self.told["lessons"] = self._safe = lessons

    def lost(self, lessons: list[tuple[int, float]]) -> None:
        """Of a child's lessons, those after what was found are lost."""
        lost = [at_s for number, at_s in lessons if number > self.told["lessons"]]
        if lost:
            self.told["worst_s"] = max(self.told["worst_s"], lessons[-1][1] - lost[0])


def main(path: Path, kills: int, seed: int, fast: bool) -> None:
    """Kill, look at every second file (a look closes it in order), and report."""
    draw = random.Random(seed)
    every_s, longest_s = (0.004, 0.09) if fast else (SAVE_EVERY_S, 2.6)
    ledger = Ledger()
    for number in range(kills):
        said = killed_after(path, draw.uniform(0.0, longest_s), every_s, fast)
        lessons = ledger.take(said)
        if path.exists() and not (fast and number % 2):
            ledger.found(*look(path))
            ledger.lost(lessons)
    sys.stdout.write(json.dumps(ledger.told) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "fast")
