"""One endpoint's outage under load: how much was lost, how soon traffic left and came back."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from support.steady_load import Fate, SteadyLoad

BAD = (Fate.LOST, Fate.CUT_SILENTLY, Fate.MEANINGLESS, Fate.EMPTY)

QUIET_S = 1.5
"""Traffic has left an endpoint with the last query before so long a time without one."""


@dataclass(slots=True)
class Outage:
    """Times in seconds since 1970; durations in seconds.

    Attributes:
        endpoint: The one that failed.
        peers: All that served the same queries, itself included.
        dispatches: When each of them was sent a query: time and endpoint, in order.
        fates: What clients got, over the whole run.
        back_s: From its recovery to its first good answer to a query sent after it.
        complaints: What clients were told who got nothing: seconds since the fault, status, words.
    """

    name: str
    endpoint: str
    began_s: float
    ended_s: float
    dispatches: list[tuple[float, str]]
    fates: Counter[Fate]
    back_s: float | None
    complaints: list[str]
    quiet_s: float = QUIET_S

    @property
    def during(self) -> list[tuple[float, str]]:
        return [one for one in self.dispatches if self.began_s <= one[0] < self.ended_s]

    @property
    def left_s(self) -> float | None:
        """From the fault to the last query before a pause; None where there was none."""
        last_s = self.began_s
        times = [at_s for at_s, endpoint in self.during if endpoint == self.endpoint]
        for at_s in [*times, self.ended_s]:
            if at_s - last_s > self.quiet_s:
                return last_s - self.began_s
            last_s = at_s
        return None

    @property
    def share(self) -> float:
        """Its part of the queries while it was faulty."""
        return self._share(self.during)

    def share_after(self, count: int) -> float:
        """The same, once it was sent so many queries."""
        sent = 0
        for number, (_, endpoint) in enumerate(self.during):
            sent += endpoint == self.endpoint
            if sent > count:
                return self._share(self.during[number:])
        return 0.0

    def _share(self, dispatches: list[tuple[float, str]]) -> float:
        if not dispatches:
            return 0.0
        return sum(endpoint == self.endpoint for _, endpoint in dispatches) / len(dispatches)

    @property
    def lost(self) -> int:
        """Requests that got no answer, or no whole one, without being told."""
        return sum(self.fates[fate] for fate in BAD)

    def row(self) -> str:
        """For a table in Markdown."""
        return (
            f"| {self.name} | {self.fates.total()} | {self.lost} | {self.fates[Fate.CUT]} "
            f"| {_seconds(self.left_s)} | {self.share:.1%} | {_seconds(self.back_s)} |"
        )


HEAD = (
    "| fault | requests | lost | cut | traffic left after | share while faulty | back after |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"


def dispatches(log: Path, endpoints: list[str], since_s: float) -> list[tuple[float, str]]:
    """Every query sent to one of these endpoints, by the gateway's log; it must be closed."""
    marks = ", ".join("?" * len(endpoints))
    sql = (
        "SELECT wall_s, endpoint_id FROM decisions WHERE verdict = 'dispatch' "  # noqa: S608
        f"AND endpoint_id IN ({marks}) AND wall_s >= ? ORDER BY wall_s, seq"
    )
    connection = sqlite3.connect(log)
    try:
        return list(connection.execute(sql, (*endpoints, since_s)))
    finally:
        connection.close()


def measured(
    name: str,
    load: SteadyLoad,
    log: Path,
    times_s: tuple[float, float],
    peers: list[str],
) -> Outage:
    """What became of the traffic of `name`; the first of the `peers` is the one that failed.

    Args:
        name: The queries' name in the load.
        load: Stopped.
        log: Of a gateway that has ended.
        times_s: When the fault began and ended.
        peers: Every endpoint that could serve these queries.
    """
    began_s, ended_s = times_s
    first_s = load.first_ok(name, peers[0], ended_s)
    return Outage(
        name=name,
        endpoint=peers[0],
        began_s=began_s,
        ended_s=ended_s,
        dispatches=dispatches(log, peers, began_s),
        fates=Counter(one.fate for one in load.of(name)),
        back_s=None if first_s is None else first_s - ended_s,
        complaints=[
            f"{one.at_s - began_s:.1f} s: {one.fate} {one.status} {one.endpoint} {one.said}"
            for one in load.of(name)
            if one.fate in BAD
        ],
    )
