"""What a client says about its query beside it: hint headers, each with its bounds.

Looking a header up costs ten times as much as looking a name up in a dictionary, and most requests
bring none of the fifteen names that are asked for. So the few that may matter are copied once.
"""

from __future__ import annotations

from collections.abc import Mapping

from zeta_router.core.query import LANES, NO_SLO, Lane, Slo
from zeta_router.gateway.problems import RequestError

Hints = Mapping[str, str]
"""Headers by their names in lower case; of several with one name the first."""

MOST_WEIGHT = 100.0
"""Of one query: beyond that a client would only switch prices off for itself."""

_LONGEST_MS = 1e9


def hints_of(headers: Mapping[str, str]) -> Hints:
    """The headers that can be hints: those that begin with ``x-``, and ``authorization``."""
    hints: dict[str, str] = {}
    for name, value in headers.items():
        if name[:1] in "xXaA":
            hints.setdefault(name.lower(), value)
    return hints


def slo_of(hints: Hints) -> Slo:
    """The client's own objectives.

    Raises:
        RequestError: 400 where one is no positive number.
    """
    if not hints:
        return NO_SLO
    ttft_s = _milliseconds(hints, "x-zeta-slo-ttft-ms")
    tpot_s = _milliseconds(hints, "x-zeta-slo-tpot-ms")
    e2e_s = _milliseconds(hints, "x-zeta-slo-e2e-ms")
    none = ttft_s is None and tpot_s is None and e2e_s is None
    return NO_SLO if none else Slo(ttft_s, tpot_s, e2e_s)


def weight_of(hints: Hints) -> float:
    """What the answer is worth, relative to 1.

    Raises:
        RequestError: 400 where it is out of bounds.
    """
    text = hints.get("x-zeta-weight")
    if text is None:
        return 1.0
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= MOST_WEIGHT:
        raise RequestError(
            400,
            f"header x-zeta-weight must be a number above 0, at most {MOST_WEIGHT:g}",
            param="x-zeta-weight",
        )
    return value


def lane_of(hints: Hints) -> Lane:
    """The priority asked for.

    Raises:
        RequestError: 400 for a lane that there is not.
    """
    text = hints.get("x-zeta-priority")
    if text is None:
        return Lane.NORMAL
    if text not in LANES:
        allowed = ", ".join(LANES)
        raise RequestError(
            400,
            f"header x-zeta-priority must be one of {allowed}, not {text!r}",
            param="x-zeta-priority",
        )
    return Lane(text)


def _milliseconds(hints: Hints, name: str) -> float | None:
    text = hints.get(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value < _LONGEST_MS:
        raise RequestError(400, f"header {name} must be a positive number", param=name)
    return value / 1000.0
