"""A test in virtual time: one long simulation whose router changes its policy between blocks."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from statistics import median

from zeta_router.app.ab.design import Block
from zeta_router.app.ab.verdict import BlockFigures
from zeta_router.core.fleet import FleetConfig
from zeta_router.router.events import ConfigChanged
from zeta_router.sim.drive import Drive
from zeta_router.sim.record import End, Record

_STEP_S = 5.0


class SimulatedArms:
    """See `session.Arms`.

    What was learned under one policy stays in the router for the other, as it would live.

    Args:
        drive: A run that has not begun.
        fleet: What its router serves.
    """

    def __init__(self, drive: Drive, fleet: FleetConfig) -> None:
        self._drive = drive
        self._fleet = fleet
        self._at_s = [record.played.at_s for record in drive.records]
        self._last: Block | None = None
        drive.begin()

    async def play(self, block: Block) -> bool:
        """See `Arms`."""
        drive = self._drive
        if self._at_s[-1] < block.start_s:
            return False
        fleet = replace(self._fleet, policy=block.policy)
        drive.tell(ConfigChanged(drive.kernel.now_s, fleet))
        drive.advance(block.end_s)
        self._last = block
        return True

    def figures(self, block: Block) -> BlockFigures:
        """See `Arms`."""
        records = self._records(block)
        served = [record for record in records if record.end is End.SERVED]
        return BlockFigures(
            len(records),
            sum(record.value for record in records) / len(records) if records else None,
            median(record.ttft_s for record in served) if served else None,
            refused=sum(record.end is End.SHED for record in records),
            lost=sum(record.end is End.FAILED for record in records),
        )

    async def finish(self) -> None:
        """See `Arms`."""
        if self._last is None:
            return
        records = self._records(self._last)
        until_s = self._last.end_s
        while not self._drive.is_over and any(record.end is None for record in records):
            until_s += _STEP_S
            self._drive.advance(until_s)

    def _records(self, block: Block) -> list[Record]:
        """Of the queries that arrived in the part that counts."""
        first = bisect_left(self._at_s, block.counts_from_s)
        return self._drive.records[first : bisect_left(self._at_s, block.end_s)]
