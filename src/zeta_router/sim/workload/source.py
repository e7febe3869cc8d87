"""Where arrivals come from: what `--trace` names, scaled to the load that is asked for.

Beside a file it may be a generator, written like a scenario: ``poisson:rate=5``,
``gamma:rate=5,cv=3``, ``diurnal:rate=5,period_s=3600,amplitude=0.6``. A file may be followed by
options, too: ``day.csv.gz:from_s=3600,to_s=7200`` takes a part of it, and for a table of client
windows ``model=m-small,clients=20`` says whose.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isnan
from pathlib import Path
from random import Random

from zeta_router.core.errors import ConfigError
from zeta_router.sim.workload import arrivals, servegen
from zeta_router.sim.workload.traces import TraceRow, read_trace

DEFAULT_MINUTES = 20.0
"""Length of a generated stream when no length is asked for."""

LEAST_CV, MOST_CV = 0.01, 100.0
"""Of generated gaps: a clock, and bursts of thousands; beyond, the draws are out of range."""

_GENERATORS = {
    "poisson": {"rate": 5.0},
    "gamma": {"rate": 5.0, "cv": 2.0},
    "diurnal": {"rate": 5.0, "cv": 1.0, "period_s": 3600.0, "amplitude": 0.6},
}
_FILE_OPTIONS = ("from_s", "to_s")
_SERVEGEN_OPTIONS = (*_FILE_OPTIONS, "model", "clients")


def load(spec: str, *, seed: int, minutes: float | None, rate: float) -> list[TraceRow]:
    """The arrivals of a run: `rate` divides the gaps, `minutes` is the simulated time after that.

    Args:
        spec: See above.
        seed: For generators and client windows; a recorded trace is the same for every seed.
        minutes: None plays a file to its end, and a generator for `DEFAULT_MINUTES`.
        rate: Times the source's own rate, > 0.

    Raises:
        ConfigError: For an unreadable source or an unknown option.
    """
    place, options = _split(spec)
    length_s = None if minutes is None else minutes * 60 * rate
    if place in _GENERATORS:
        rows = _generated(place, options, seed, length_s or DEFAULT_MINUTES * 60 * rate)
    elif servegen.is_servegen(Path(place)):
        rows = _client_windows(place, options, seed, length_s or DEFAULT_MINUTES * 60 * rate)
    else:
        rows = _recorded(place, options)
    scaled = [row._replace(at_s=row.at_s / rate) for row in rows]
    if minutes is not None:
        scaled = [row for row in scaled if row.at_s < minutes * 60]
    if not scaled:
        raise ConfigError("trace", f"{spec} gives no arrival in the time asked for")
    return scaled


def options_of(text: str, place: str) -> dict[str, str]:
    """``k=v,k=v`` as a mapping.

    Raises:
        ConfigError: For a part without ``=``.
    """
    options = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals:
            raise ConfigError(place, f"{part!r} is not of the form name=value")
        options[name.strip()] = value.strip()
    return options


def numbers_of(
    options: Mapping[str, str], defaults: Mapping[str, float], place: str
) -> dict[str, float]:
    """The options as numbers over their defaults.

    Raises:
        ConfigError: For an unknown name or a value that is not a number.
    """
    unknown = sorted(set(options) - set(defaults))
    if unknown:
        raise ConfigError(place, f"unknown option {unknown[0]!r}", f"known: {', '.join(defaults)}")
    values = dict(defaults)
    for name, text in options.items():
        try:
            values[name] = float(text)
        except ValueError:
            raise ConfigError(place, f"{name} is {text!r}, not a number") from None
        if isnan(values[name]):
            raise ConfigError(place, f"{name} is {text!r}, not a number")
    return values


def _split(spec: str) -> tuple[str, dict[str, str]]:
    """The place and its options; a path may contain a colon itself, options contain ``=``."""
    place, colon, tail = spec.rpartition(":")
    if colon and "=" in tail:
        return place, options_of(tail, "trace")
    return spec, {}


def _generated(kind: str, options: Mapping[str, str], seed: int, length_s: float) -> list[TraceRow]:
    values = numbers_of(options, _GENERATORS[kind], f"trace {kind}")
    rate, cv = values["rate"], values.get("cv", 1.0)
    if not (0 < rate < inf and 0 < cv < inf):
        raise ConfigError(f"trace {kind}", "rate and cv must be greater than 0 and finite")
    if not LEAST_CV <= cv <= MOST_CV:
        raise ConfigError(f"trace {kind}", f"cv is {cv:g}, outside {LEAST_CV:g} … {MOST_CV:g}")
    times = arrivals.gamma(Random(f"arrivals:{kind}:{seed}"), rate, cv, length_s)
    if kind == "diurnal":
        if not (0 <= values["amplitude"] < 1 and 1 <= values["period_s"] < inf):
            problem = "0 <= amplitude < 1 and a finite period_s of at least 1 are needed"
            raise ConfigError("trace diurnal", problem)
        warp = arrivals.diurnal(values["period_s"], values["amplitude"], length_s)
        times = [warp.simulated_s(at_s) for at_s in times]
    return [TraceRow(at_s) for at_s in times]


def _client_windows(
    place: str, options: Mapping[str, str], seed: int, length_s: float
) -> list[TraceRow]:
    _refuse_unknown(options, _SERVEGEN_OPTIONS)
    span = _part({k: v for k, v in options.items() if k != "model"}, clients=inf)
    clients = span["clients"]
    if clients < 1 or (clients < inf and clients != int(clients)):
        raise ConfigError("trace", f"clients is {clients:g}, not a whole number of at least 1")
    times = servegen.arrivals(
        servegen.read_windows(Path(place)),
        Random(f"arrivals:windows:{seed}"),
        start_s=span["from_s"],
        duration_s=min(length_s, span["to_s"] - span["from_s"]),
        model=options.get("model"),
        clients=None if clients == inf else int(clients),
    )
    return [TraceRow(at_s) for at_s in times]


def _recorded(place: str, options: Mapping[str, str]) -> list[TraceRow]:
    _refuse_unknown(options, _FILE_OPTIONS)
    span = _part(options)
    rows = read_trace(Path(place))
    if not options:
        return rows
    start_s = span["from_s"]
    return [
        row._replace(at_s=row.at_s - start_s) for row in rows if start_s <= row.at_s < span["to_s"]
    ]


def _part(options: Mapping[str, str], **more: float) -> dict[str, float]:
    """Which part of a file is asked for, and other numbers with their defaults."""
    span = numbers_of(options, {"from_s": 0.0, "to_s": inf, **more}, "trace")
    if not 0 <= span["from_s"] < span["to_s"]:
        told = f"from_s={span['from_s']:g} and to_s={span['to_s']:g} leave nothing"
        raise ConfigError("trace", told, "0 <= from_s < to_s")
    return span


def _refuse_unknown(options: Mapping[str, str], known: tuple[str, ...]) -> None:
    for name in options:
        if name not in known:
            raise ConfigError("trace", f"unknown option {name!r}", f"known: {', '.join(known)}")
