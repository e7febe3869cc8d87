"""Learned state over restarts: saved while the router runs, put back when it starts.

Every `SAVE_EVERY_S` what changed is taken out of the router, one part per turn of the event loop,
compressed in a thread, and handed to the log's writer, which writes all parts in one transaction of
the write-ahead log, without a sync of its own. With the quarter of a second
that the thread collects rows, a killed process loses at most the last second.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, Protocol

from zeta_router.app.background import in_background
from zeta_router.app.learning.sealed import (
    LAYOUT,
    BrokenSealError,
    packed,
    sealed,
    unpacked,
    unsealed,
)
from zeta_router.router.learned import FLEET
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.telemetry.records import LogHealth, SavedState

SAVE_EVERY_S = 0.6

PREFIX = "learned/"
"""How the names of learned parts begin in the log's table of states."""

REFUSED = "refused/"
"""Where a part that could not be taken over is kept, so that the next save does not erase it."""

_LOG = logging.getLogger("zeta_router.learning")


class Shelf(Protocol):
    """Where states lie; `DecisionLog` is one."""

    def save_states(self, states: Sequence[SavedState]) -> None:
        """Keep all of `states`, or none."""

    def load_states(self, prefix: str) -> list[SavedState]:
        """Those whose names begin with `prefix`."""

    def health(self) -> LogHealth:
        """Says how often a file was opened: what was saved may lie in an earlier one."""


class Keeper:
    """Saves what a router learns, and puts it back.

    Args:
        router: Whose learned state it is; used on the event loop only.
        shelf: Where it is kept.
        wall_offset_s: Wall time minus the router's, whose clock starts anew with the machine;
            called at each look where it may change.
    """

    def __init__(
        self, router: ZetaDynamicRouter, shelf: Shelf, wall_offset_s: float | Callable[[], float]
    ) -> None:
        self._router = router
        self._shelf = shelf
        self._offset_s = wall_offset_s
        self._kept: dict[str, bytes] = {}
        self._openings = shelf.health().openings
        self._told_of = ""

    @property
    def _wall_offset_s(self) -> float:
        return self._offset_s() if callable(self._offset_s) else self._offset_s

    def restore(self, now_s: float) -> dict[str, str]:
        """Put back what was saved last; what could not be, by name, and why."""
        found, left = self._read()
        fleet = {
            name: part for parts in found.values() for name, part in parts.items() if name == FLEET
        }
        for wall_offset_s, parts in found.items():
            shift_s = wall_offset_s - self._wall_offset_s
            left |= self._router.restore({**fleet, **parts}, now_s, shift_s)
        self._put_by(left)
        self._kept.clear()
        for name, why in sorted(left.items()):
            _LOG.warning("learned state: %s starts from its priors: %s", name, why)
        if found:
            _LOG.info("learned state: restored from the log")
        return left

    def save(self, now_s: float) -> int:
        """Save what changed since the last time; how many parts did."""
        return self._hand_over(((n, self._taken(n)) for n in self._router.learned_names()), now_s)

    async def save_gently(self, now_s: float) -> int:
        """Like `save`, but lets the event loop go on after every part, and packs in a thread.

        A part costs the loop about a millisecond; compressing all of them takes ten, elsewhere.
        """
        taken = []
        for name in self._router.learned_names():
            taken.append((name, self._taken(name)))
            await asyncio.sleep(0)
        return await asyncio.to_thread(self._hand_over, taken, now_s)

    def _taken(self, name: str) -> bytes | None:
        """A part as JSON; None when it went in the meantime (an endpoint of an old fleet)."""
        try:
            part = self._router.learned_part(name)
        except KeyError:
            return None
        return packed({"wall_offset_s": self._wall_offset_s, "part": part})

    def _hand_over(self, taken: Iterable[tuple[str, bytes | None]], now_s: float) -> int:
        self._look_at_the_file()
        changed = {
            name: json for name, json in taken if json is not None and self._kept.get(name) != json
        }
        states = [
            SavedState(PREFIX + name, LAYOUT, now_s, sealed(json)) for name, json in changed.items()
        ]
        if states:
            self._shelf.save_states(states)
            self._kept.update(changed)
        return len(states)

    def _look_at_the_file(self) -> None:
        """Save everything anew where the log went on in another file."""
        health = self._shelf.health()
        if health.openings != self._openings:
            self._openings = health.openings
            self._kept.clear()
        if health.set_aside != self._told_of:
            self._told_of = health.set_aside
            _LOG.error("%s", health.set_aside)

    def _read(self) -> tuple[dict[float, dict[str, Any]], dict[str, str]]:
        """Parts that are whole, by the offset of the clock that they go by; what is wrong else."""
        found: dict[float, dict[str, Any]] = {}
        broken: dict[str, str] = {}
        for state in self._shelf.load_states(PREFIX):
            name = state.name.removeprefix(PREFIX)
            try:
                value = _opened(state)
                found.setdefault(float(value["wall_offset_s"]), {})[name] = value["part"]
            except (LookupError, TypeError, ValueError) as error:
                broken[name] = f"it is damaged or of another version ({error})"
        return found, broken

    def _put_by(self, left: dict[str, str]) -> None:
        """Keep what could not be taken over under another name."""
        refused = [
            SavedState(REFUSED + state.name, state.version, state.saved_at_s, state.blob)
            for state in self._shelf.load_states(PREFIX)
            if state.name.removeprefix(PREFIX) in left
        ]
        if refused:
            self._shelf.save_states(refused)


@contextlib.asynccontextmanager
async def kept(
    keeper: Keeper, clock: Callable[[], float], every_s: float = SAVE_EVERY_S
) -> AsyncIterator[Keeper]:
    """Put back what was saved, save during the block, and once more at its end."""
    keeper.restore(clock())
    try:
        async with in_background(_keep(keeper, clock, every_s)):
            yield keeper
    finally:
        keeper.save(clock())


async def _keep(keeper: Keeper, clock: Callable[[], float], every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        try:
            await keeper.save_gently(clock())
        except Exception:
            _LOG.exception("a bug: learned state could not be saved; it is tried again")


def _opened(state: SavedState) -> Any:
    """What was saved.

    Raises:
        BrokenSealError: It is not whole, or of another layout.
    """
    if state.version != LAYOUT:
        raise BrokenSealError(f"layout {state.version}, not {LAYOUT}")
    return unpacked(unsealed(state.blob))
