"""Named disturbances of a run: ``--scenario slow:endpoint=b,factor=3``.

A scenario changes the workload (who asks what and when), the engines (faults) or what the router
gets to see (stale polls); never the router. Times count from the start of the simulation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Task
from zeta_router.sim.engine.faults import Busy, Cold, Drift, Fault, Kill, Slow, Stall
from zeta_router.sim.workload.arrivals import Warp, flash_crowd
from zeta_router.sim.workload.source import numbers_of, options_of


@dataclass(frozen=True, slots=True)
class Mix:
    """From `at_s` on, a share `after` of prompts is of `task`; `before` until then."""

    task: Task
    at_s: float
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Hog:
    """From `from_s` on, a share of arrivals is one tenant's, its prompts `factor` times as long."""

    share: float
    from_s: float
    factor: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is different from an undisturbed run."""

    name: str = ""
    warp: Warp | None = None
    mix: Mix | None = None
    hog: Hog | None = None
    faults: tuple[Fault, ...] = ()
    poll_lag_s: float | None = None


CALM = Scenario()
"""An undisturbed run."""

Values = Mapping[str, float]
Maker = Callable[[str, Values], Scenario]

_WHILE = {"from_s": 300.0, "to_s": 600.0}


def _slow(where: str, v: Values) -> Scenario:
    return Scenario(faults=(Slow(where, v["from_s"], v["to_s"], v["factor"]),))


def _stall(where: str, v: Values) -> Scenario:
    return Scenario(faults=(Stall(where, v["at_s"], v["for_s"]),))


def _kill(where: str, v: Values) -> Scenario:
    return Scenario(faults=(Kill(where, v["at_s"], v["down_s"]),))


def _busy(where: str, v: Values) -> Scenario:
    return Scenario(faults=(Busy(where, v["from_s"], v["to_s"], v["share"]),))


def _drift(where: str, v: Values) -> Scenario:
    return Scenario(faults=(Drift(where, v["from_s"], v["to_s"], v["factor"]),))


def _cold(where: str, v: Values) -> Scenario:
    return Scenario(faults=(Cold(where, v["load_s"], v["keep_alive_s"]),))


def _flash(where: str, v: Values) -> Scenario:
    return Scenario(warp=flash_crowd(v["at_s"], v["for_s"], v["factor"]))


def _mix(where: str, v: Values) -> Scenario:
    return Scenario(mix=Mix(Task.REASONING, v["at_s"], v["before"], v["after"]))


def _tenant(where: str, v: Values) -> Scenario:
    return Scenario(hog=Hog(v["share"], v["from_s"], v["factor"]))


def _stale(where: str, v: Values) -> Scenario:
    return Scenario(poll_lag_s=v["lag_s"])


_MAKERS: Mapping[str, tuple[Maker, Values]] = {
    "slow": (_slow, {**_WHILE, "factor": 3.0}),
    "stall": (_stall, {"at_s": 300.0, "for_s": 10.0}),
    "kill": (_kill, {"at_s": 300.0, "down_s": 60.0}),
    "busy": (_busy, {**_WHILE, "share": 1.0}),
    "drift": (_drift, {"from_s": 300.0, "to_s": inf, "factor": 0.5}),
    "cold": (_cold, {"load_s": 20.0, "keep_alive_s": inf}),
    "flash": (_flash, {"at_s": 300.0, "for_s": 30.0, "factor": 5.0}),
    "mix": (_mix, {"at_s": 600.0, "before": 0.25, "after": 0.5}),
    "tenant": (_tenant, {"share": 0.2, "from_s": 300.0, "factor": 10.0}),
    "stale": (_stale, {"lag_s": 2.0}),
}

SCENARIOS = tuple(_MAKERS)

_RANGES = {
    "factor": (0.0, inf),
    "share": (0.0, 1.0),
    "before": (0.0, 1.0),
    "after": (0.0, 1.0),
}


def parse_scenario(text: str | None, endpoint_ids: Sequence[str]) -> Scenario:
    """The scenario that ``NAME[:k=v,…]`` names; calm for None.

    Where a fault needs an engine, ``endpoint=ID`` says which; the first of the fleet otherwise.

    Raises:
        ConfigError: For an unknown name, option, endpoint or an impossible value.
    """
    if text is None:
        return CALM
    name, _, tail = text.partition(":")
    if name not in _MAKERS:
        raise ConfigError(
            "scenario", f"unknown scenario {name!r}", f"known: {', '.join(SCENARIOS)}"
        )
    place = f"scenario {name}"
    options = options_of(tail, place)
    where = options.pop("endpoint", endpoint_ids[0])
    if where not in endpoint_ids:
        known = ", ".join(endpoint_ids)
        raise ConfigError(place, f"no simulated endpoint {where!r}", f"there are {known}")
    make, defaults = _MAKERS[name]
    values = numbers_of(options, defaults, place)
    for key, value in values.items():
        low, high = _RANGES.get(key, (0.0, inf))
        if not low <= value <= high or (key == "factor" and value == 0):
            raise ConfigError(place, f"{key} is {value:g}, outside {low:g} … {high:g}")
    made = make(where, values)
    return Scenario(text, made.warp, made.mix, made.hog, made.faults, made.poll_lag_s)
