"""Retraining while a gateway runs: every so often, in a process of its own.

The gateway starts `zeta train` on its own log, at low priority and tied to its life, and looks once
a minute whether there is anything new on the record: what was promoted or rolled back, by that
process or by hand, is put into the router as an event. Nothing is computed here, so that no stream
ever waits for training. What was taken over last is kept beside the learned state.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Protocol

from zeta_router.app.background import in_background
from zeta_router.app.learning.sealed import BrokenSealError, unpacked, unsealed
from zeta_router.app.lifeline import SUPERVISOR_PID
from zeta_router.core.errors import ZetaError
from zeta_router.router.events import Relearned
from zeta_router.telemetry.log.promotions import Promotion, Verdict, read_promotions
from zeta_router.telemetry.records import SavedState

LOOK_EVERY_S = 60.0
LONGEST_S = 3600.0
"""Time after which a training process is ended: it hangs, or the machine has no time for it."""

APPLIED = "promotions/applied"
"""Name of the state that says which entry of the record was taken over last."""

_HOUR_S = 3600.0
_LOG = logging.getLogger("zeta_router.learning")


class Shelf(Protocol):
    """Where the number of the latest entry lies; `DecisionLog` is one."""

    def save_states(self, states: Sequence[SavedState]) -> None:
        """Keep all of `states`, or none."""

    def load_state(self, name: str) -> SavedState | None:
        """The state of this name."""


class Retraining:
    """Keeps a router's heads up to date with the record of its log.

    Args:
        path: The decision log.
        shelf: The same log, open for writing.
        submit: Takes events for the router; on the event loop only.
        clock, wall_clock: The driver's clock, and seconds since 1970.
        every_h: Hours between two retrainings; 0 for none, the record is followed all the same.
        weights: The classifier's weights; None for those that come with this version.
    """

    def __init__(
        self,
        path: Path,
        shelf: Shelf,
        submit: Callable[[Relearned], None],
        *,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        every_h: float,
        weights: str | None = None,
    ) -> None:
        self._path = path
        self._shelf = shelf
        self._submit = submit
        self._clock = clock
        self._wall_clock = wall_clock
        self._every_s = every_h * _HOUR_S
        self._weights = weights
        self._trained_wall_s: float | None = None
        self._applied = _number(shelf.load_state(APPLIED))

    async def look(self) -> bool:
        """Take over what is new on the record; whether it is time to train."""
        entries = await asyncio.to_thread(self._entries)
        for entry in entries:
            if entry.seq > self._applied:
                self._take_over(entry)
            self._trained_wall_s = entry.wall_s
        now_s = self._wall_clock()
        if self._trained_wall_s is None or self._trained_wall_s > now_s:
            self._trained_wall_s = now_s
        return 0.0 < self._every_s <= now_s - self._trained_wall_s

    def _entries(self) -> list[Promotion]:
        """The latest entry that was taken over, which says when, and all after it."""
        try:
            return read_promotions(self._path, self._applied - 1)
        except (ZetaError, sqlite3.Error, OSError):
            return []  # the log says itself what is wrong with it

    def _take_over(self, entry: Promotion) -> None:
        if entry.state is not None:
            try:
                part = unpacked(unsealed(entry.state))
            except BrokenSealError as error:
                _LOG.error("the record's %s of %s is damaged: %s", entry.verdict, entry.head, error)
            else:
                self._submit(Relearned(self._clock(), {entry.head: part}))
        told = _LOG.info if entry.verdict is Verdict.REFUSED else _LOG.warning
        told("learning: %s %s: %s", entry.head, entry.verdict.value, entry.reason)
        self._applied = entry.seq
        number = str(entry.seq).encode()
        self._shelf.save_states([SavedState(APPLIED, 1, self._clock(), number)])

    async def run(self, every_s: float = LOOK_EVERY_S) -> None:
        """Look and train until cancelled."""
        while True:
            try:
                if await self.look():
                    self._trained_wall_s = self._wall_clock()
                    await train(self._path, self._weights)
                    continue
            except Exception:
                _LOG.exception("a bug in retraining; it is tried again")
            await asyncio.sleep(every_s)


async def train(path: Path, weights: str | None = None, longest_s: float = LONGEST_S) -> int:
    """Run `zeta train` on a log in a process of its own; its exit status, -1 if it was ended."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "zeta_router",
        "train",
        "--log",
        str(path),
        "--background",
        *(() if weights is None else ("--weights", weights)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, SUPERVISOR_PID: str(os.getpid())},
    )
    try:
        async with asyncio.timeout(longest_s):
            said = await process.stderr.read() if process.stderr is not None else b""
            status = await process.wait()
    except TimeoutError:
        _LOG.warning("retraining took longer than %.0f s and was ended", longest_s)
        return -1
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if status:
        last = said.decode("utf-8", "replace").strip().splitlines()[-1:]
        _LOG.warning("retraining failed (%d): %s", status, " ".join(last))
    return status


@contextlib.asynccontextmanager
async def retrained(retraining: Retraining) -> AsyncIterator[None]:
    """Look and train during the block."""
    async with in_background(retraining.run()):
        yield


def _number(state: SavedState | None) -> int:
    return int(state.blob) if state is not None and state.blob.isdigit() else 0
