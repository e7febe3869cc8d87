"""What can go wrong with an engine during a run, each with its time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slow:
    """Everything takes `factor` times as long, and nothing says so."""

    endpoint_id: str
    from_s: float
    to_s: float
    factor: float


@dataclass(frozen=True, slots=True)
class Stall:
    """No token comes for a while; then work goes on where it stopped."""

    endpoint_id: str
    at_s: float
    for_s: float


@dataclass(frozen=True, slots=True)
class Kill:
    """The process dies with everything in it; for `down_s` nobody listens."""

    endpoint_id: str
    at_s: float
    down_s: float


@dataclass(frozen=True, slots=True)
class Busy:
    """A share of requests is answered 503 within milliseconds: failing that looks fast."""

    endpoint_id: str
    from_s: float
    to_s: float
    share: float


@dataclass(frozen=True, slots=True)
class Drift:
    """Answers are worth `factor` of what they should be, at the same speed: nothing shows it."""

    endpoint_id: str
    from_s: float
    to_s: float
    factor: float


@dataclass(frozen=True, slots=True)
class Cold:
    """The model is not in memory at the start, and is unloaded when idle for `keep_alive_s`."""

    endpoint_id: str
    load_s: float
    keep_alive_s: float


Fault = Slow | Stall | Kill | Busy | Drift | Cold
