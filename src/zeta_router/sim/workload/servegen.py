"""Arrivals from ServeGen's client windows: many clients, each with a rate and a burstiness by time.

The published tables give, per client and window of ten minutes, the rate and the family and shape
of the gaps between requests. Each window is played as a stationary renewal process of its own.
Only arrivals: the tables have no lengths.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

from zeta_router.core.errors import ConfigError
from zeta_router.sim.workload.arrivals import gamma_stream, weibull_stream
from zeta_router.sim.workload.files import bad_row, csv_rows, number, opened
from zeta_router.sim.workload.traces import header_of

SERVEGEN_HEADER = ("model", "client", "window_s", "rate_rps", "cv", "dist", "shape")

_FAMILIES = {"Gamma": gamma_stream, "Weibull": weibull_stream}


@dataclass(frozen=True, slots=True)
class Window:
    """One client in one window: `family` and `shape` describe the gaps, `rate_rps` their mean."""

    model: str
    client: str
    start_s: float
    rate_rps: float
    family: str
    shape: float


def is_servegen(path: Path) -> bool:
    """Whether the file is a table of client windows."""
    return header_of(path) == SERVEGEN_HEADER


def read_windows(path: Path) -> list[Window]:
    """All windows.

    Raises:
        ConfigError: With file, line and reason.
    """
    windows = []
    with opened(path) as file:
        for line, fields in csv_rows(path, file, SERVEGEN_HEADER):
            try:
                windows.append(_window(fields))
            except ValueError as error:
                raise bad_row(path, line, str(error)) from None
    if not windows:
        raise ConfigError(str(path), "has no rows")
    return windows


def arrivals(
    windows: list[Window],
    random: Random,
    *,
    start_s: float,
    duration_s: float,
    model: str | None = None,
    clients: int | None = None,
) -> list[float]:
    """Arrivals of all clients within `duration_s` from `start_s` on, sorted, counted from there.

    Args:
        windows: The table; a window lasts as long as the shortest distance between two.
        random: The random stream.
        start_s: Where in the table to begin.
        duration_s: For how long.
        model: Only this model's clients; None takes all.
        clients: Only the first so many clients in the table's order; None takes all.
    """
    chosen = [w for w in windows if model is None or w.model == model]
    if not chosen:
        known = ", ".join(sorted({w.model for w in windows}))
        raise ConfigError("model", f"no client of {model!r} in the table", f"it has {known}")
    if clients is not None:
        kept = set(list(dict.fromkeys((w.model, w.client) for w in chosen))[:clients])
        chosen = [w for w in chosen if (w.model, w.client) in kept]
    width_s = _width_s(windows)
    end_s = start_s + duration_s
    times: list[float] = []
    for window in chosen:
        if window.start_s >= end_s or window.start_s + width_s <= start_s:
            continue
        stream = _FAMILIES[window.family](random, window.rate_rps, window.shape, width_s)
        times.extend(
            at_s - start_s
            for offset_s in stream
            if start_s <= (at_s := window.start_s + offset_s) < end_s
        )
    return sorted(times)


def _window(fields: list[str]) -> Window:
    model, client, start, rate, _cv, family, shape = fields
    if family not in _FAMILIES:
        raise ValueError(f"dist is {family!r}, not one of {', '.join(_FAMILIES)}")
    window = Window(
        model,
        client,
        number(start, "window_s"),
        number(rate, "rate_rps"),
        family,
        number(shape, "shape"),
    )
    if not (window.rate_rps > 0 and window.shape > 0):
        raise ValueError("rate_rps and shape must be greater than 0")
    return window


def _width_s(windows: list[Window]) -> float:
    starts = sorted({w.start_s for w in windows})
    return min((after - before for before, after in pairwise(starts)), default=600.0)
