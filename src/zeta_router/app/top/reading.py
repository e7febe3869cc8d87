"""One look at a running gateway: what its pages say at one moment, before any arithmetic."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from zeta_router.app.reaching import NO_GATEWAY, WANTS_KEY, why
from zeta_router.core.errors import ConfigError
from zeta_router.monitor.engines.exposition import Series, read

OVERHEAD = "zeta_overhead_seconds_bucket"
DECISIONS = "zeta_decisions_total"
_METRICS = frozenset({OVERHEAD, DECISIONS})

TIMEOUT_S = 5.0
"""A gateway that needs longer for its own state is told to be away."""

MOST = 1000
"""Decisions that one request may ask for."""


class AwayError(Exception):
    """Nobody answers there at the moment; says why in a few words."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the gateway said.

    Attributes:
        fleet: As `GET /zeta/fleet`.
        state: As `GET /zeta/state`.
        decisions: As `GET /zeta/decisions`, newest first.
        overhead: Requests by upper bound of the router's own time on them, in seconds; cumulative.
        decided: Decisions since the gateway started.
    """

    fleet: Mapping[str, Any]
    state: Mapping[str, Any]
    decisions: tuple[Mapping[str, Any], ...]
    overhead: Mapping[float, float]
    decided: float

    @property
    def now_s(self) -> float:
        """When it was, on the gateway's own clock."""
        return float(self.fleet["now_s"])


async def look(session: aiohttp.ClientSession, url: str, decisions: int) -> Reading:
    """Ask a gateway for everything that is shown, all pages at once.

    Args:
        session: Connections with a timeout.
        url: Its base address, without a trailing slash.
        decisions: How many of the latest decisions to ask for, 1 to `MOST`.

    Raises:
        AwayError: It does not answer, or not in time.
        ConfigError: Somebody else answers there.
    """
    paths = ("/zeta/fleet", "/zeta/state", f"/zeta/decisions?limit={decisions}", "/metrics")
    try:
        async with asyncio.timeout(TIMEOUT_S), asyncio.TaskGroup() as group:
            tasks = [group.create_task(_fetch(session, url + path)) for path in paths]
    except TimeoutError:
        raise AwayError(f"no answer within {TIMEOUT_S:g} s") from None
    except ExceptionGroup as errors:
        if (other := errors.subgroup(ConfigError)) is not None:
            raise ConfigError("", f"{url} {why(other)}", "name a gateway with --url") from None
        if errors.subgroup((aiohttp.ClientError, OSError, ValueError)) is None:
            raise
        raise AwayError(why(errors)) from None
    fleet, state, told, page = (task.result() for task in tasks)
    series = read(page.encode(), _METRICS)
    return Reading(
        fleet, state, tuple(told["decisions"]), _overhead(series), _sum(series.get(DECISIONS, []))
    )


async def _fetch(session: aiohttp.ClientSession, url: str) -> Any:
    async with session.get(url) as response:
        if response.status in (401, 403):
            raise ConfigError("", f"answers {response.status}; {WANTS_KEY}")
        if response.status in (404, 405):
            raise ConfigError("", NO_GATEWAY)
        if response.status != 200:
            raise aiohttp.ClientError(f"HTTP {response.status} from {response.url.path}")
        if response.content_type == "text/plain":
            return await response.text()
        return await response.json(content_type=None)


def _overhead(series: Mapping[str, list[Series]]) -> dict[float, float]:
    return {float(labels["le"]): count for labels, count in series.get(OVERHEAD, [])}


def _sum(series: list[Series]) -> float:
    return sum(value for _, value in series)
