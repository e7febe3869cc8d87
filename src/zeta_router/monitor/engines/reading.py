"""Reading JSON that may be anything.

Every function here returns None for whatever it cannot read. `Gauge` pairs a reading with the
reason for its absence, which ends up as the source of the signal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TypeVar

import msgspec

from zeta_router.core.signal import Signal
from zeta_router.monitor.engines.protocol import Reply

T = TypeVar("T")

MAX_COUNT = 10_000_000.0
"""Counts above this (requests, slots) are garbage rather than load."""

RATIO_SLACK = 0.05
"""A ratio may exceed 1 by rounding; above this it is on another scale and cannot be read."""


def json_of(reply: Reply) -> object:
    """The decoded body of a 200 answer; None when it is not one or not JSON."""
    return decoded(msgspec.json.decode, reply)


def decoded(decode: Callable[[bytes], T], reply: Reply) -> T | None:
    """What `decode` makes of a 200 answer; None when it is not one or not what is wanted."""
    if not reply.ok:
        return None
    try:
        return decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def field_of(value: object, *path: str) -> object:
    """The value under nested keys; None when any is missing."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def rows_of(value: object, *path: str) -> list[dict[str, object]]:
    """The objects of a list under nested keys; empty when there is no such list."""
    value = field_of(value, *path)
    if not isinstance(value, list):
        return []
    return [row for row in value if isinstance(row, dict)]


def text_of(value: object) -> str | None:
    """A non-empty string."""
    return value if isinstance(value, str) and value else None


def number_of(value: object) -> float | None:
    """A finite number; a Boolean is none, and neither is a number in words."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def whole_of(value: object) -> int | None:
    """A positive whole number below 10^15 (tokens, bytes, slots)."""
    number = number_of(value)
    if number is None or number < 1 or number > 1e15:
        return None
    return int(number)


@dataclass(frozen=True, slots=True)
class Gauge:
    """A reading, or None with the reason in `source`."""

    value: float | None
    source: str

    def at(self, at_s: float) -> Signal:
        """As a signal observed at `at_s`."""
        return Signal(self.value, at_s, self.source)


def count(value: float | None, source: str) -> Gauge:
    """A number of things, 0 or more."""
    if value is None:
        return Gauge(None, f"{source}: not given")
    if not 0.0 <= value <= MAX_COUNT:
        return Gauge(None, f"{source}: {value} is not a count")
    return Gauge(value, source)


def ratio(value: float | None, source: str) -> Gauge:
    """A share in 0..1."""
    if value is None:
        return Gauge(None, f"{source}: not given")
    if not 0.0 <= value <= 1.0 + RATIO_SLACK:
        return Gauge(None, f"{source}: {value} is not within 0..1")
    return Gauge(min(value, 1.0), source)


def size(value: float | None, source: str) -> Gauge:
    """A number of bytes, above 0: nothing that runs weighs nothing."""
    if value is None:
        return Gauge(None, f"{source}: not given")
    if not 0.0 < value <= 1e15:
        return Gauge(None, f"{source}: {value} is not a size")
    return Gauge(value, source)


Check = Callable[[float | None, str], Gauge]
"""Decides whether one reading can be what it claims to be."""


def total(values: Sequence[float | None], source: str, check: Check = count) -> Gauge:
    """The sum over all ranks or processes of an engine.

    Unreadable when one part is, or when there is none: a part is not the whole.
    """
    return _combined(values, source, check, math.fsum)


def mean(values: Sequence[float | None], source: str, check: Check = ratio) -> Gauge:
    """The mean over all ranks of an engine; unreadable when one part is, or when there is none."""
    return _combined(values, source, check, fmean)


def _combined(
    values: Sequence[float | None],
    source: str,
    check: Check,
    combine: Callable[[list[float]], float],
) -> Gauge:
    parts = [check(value, source) for value in values]
    wrong = next((part for part in parts if part.value is None), None)
    if wrong is not None or not parts:
        return wrong or check(None, source)
    return check(combine([part.value for part in parts if part.value is not None]), source)


def absent(reply: Reply, path: str) -> Signal:
    """A signal that could not be read because `path` gave no usable answer."""
    reason = reply.why if not reply.ok else "unreadable"
    return Signal(None, reply.at_s, f"{path}: {reason}")
