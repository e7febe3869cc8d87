"""What a router has learned, as plain values: to be saved, and to start the next one from.

Kept are the heads of `Knowledge` (everything in it that has `state` and `restore`) and, of each
endpoint, its latency head with both rate corrections, its price, the peak of its TTFT, when it was
last heard of, and what is normal for its answers and its memory. One part per head and two per
endpoint, so that what changed can be saved alone.

Knowingly not kept, because it belongs to the process and not to the world: queries on their way,
the waiting line, who answered which query, places of conversations, what tenants were charged,
beliefs about prefix caches, polls, health and pauses (the first probe or answer tells again), and
the count of dispatches.

A part that does not fit is left at its priors and named; it never stops a start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from math import floor, isfinite
from typing import Any, Protocol, runtime_checkable

from zeta_router.core.fleet import FleetConfig
from zeta_router.learn.forecast.arrivals import STEP_S
from zeta_router.router.endpoint.fleet import FleetState
from zeta_router.router.endpoint.state import EndpointState
from zeta_router.router.knowledge import Knowledge

ENDPOINT = "endpoint/"
"""How names of endpoints' parts begin; an endpoint's id follows."""

CONDITION = "condition/"
"""The same for what is normal for an endpoint's answers and memory, which changes less often."""

CONDITION_VERSION = 1

FLEET = "fleet"
"""The part that says which models all others are about."""

Part = dict[str, Any]
"""``{"version": int, "state": plain values}``; an endpoint's also what it is `of`, `as` named."""

UNFIT = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError)
"""What a `restore` raises for values that it did not write."""


@runtime_checkable
class Head(Protocol):
    """Something that learns and can be saved.

    Rows of a state that are about a model name it as their second entry, or are a mapping's value
    under its name: so the rows of a model that was replaced can be left out. A head whose layout
    changes counts that in a class attribute `STATE_VERSION` (1 when it has none).
    """

    def state(self) -> Any:
        """Everything it knows, as plain values of its own."""

    def restore(self, state: Any) -> Any:
        """Replace what it knows by an earlier `state()`."""


def heads_of(knowledge: Knowledge) -> dict[str, Head]:
    """The heads that can be saved, by their name in `Knowledge`."""
    found = ((field.name, getattr(knowledge, field.name)) for field in fields(knowledge))
    return {name: value for name, value in found if isinstance(value, Head)}


class Learned:
    """Takes out and puts back what one router has learned."""

    def __init__(self, fleet: FleetState, knowledge: Knowledge) -> None:
        self._fleet = fleet
        self._knowledge = knowledge

    def names(self) -> list[str]:
        """The parts that there are."""
        return [
            FLEET,
            *heads_of(self._knowledge),
            *(ENDPOINT + key for key in self._fleet.endpoints),
            *(CONDITION + key for key in self._fleet.endpoints),
        ]

    def part(self, name: str) -> Part:
        """One part by its name; shares nothing that changes with the router.

        Raises:
            KeyError: There is no such part.
        """
        if name == FLEET:
            return {"version": 1, "state": _sizes(self._fleet.config)}
        if name.startswith(ENDPOINT):
            return _endpoint_part(self._fleet.endpoints[name.removeprefix(ENDPOINT)])
        if name.startswith(CONDITION):
            return _condition_part(self._fleet.endpoints[name.removeprefix(CONDITION)])
        head = heads_of(self._knowledge)[name]
        return {"version": version_of(head), "state": head.state()}

    def restore(self, parts: Mapping[str, Any], now_s: float, shift_s: float) -> dict[str, str]:
        """Take over `parts`; what was left at its priors, by name, with the reason.

        Args:
            parts: As `part` gave them, perhaps in another process, version or fleet.
            now_s: The time; nothing that is restored lies after it.
            shift_s: What to add to times of the process that saved them.
        """
        changed = _changed_models(parts.get(FLEET), self._fleet.config)
        left = {f"model {name}": "it is another model now" for name in changed}
        heads = heads_of(self._knowledge)
        for name, part in parts.items():
            if name == FLEET:
                continue
            if name.startswith(ENDPOINT):
                state = self._fleet.endpoints.get(name.removeprefix(ENDPOINT))
                why = _restore_endpoint(state, part, now_s, shift_s)
            elif name.startswith(CONDITION):
                state = self._fleet.endpoints.get(name.removeprefix(CONDITION))
                why = _restore_condition(state, part, shift_s)
            else:
                why = _restore_head(heads.get(name), part, changed, now_s, shift_s)
            if why:
                left[name] = why
        self._fleet.version += 1
        return left


def version_of(head: Head) -> int:
    """Layout of a head's state."""
    return int(getattr(head, "STATE_VERSION", 1))


def without_models(state: Any, models: frozenset[str]) -> Any:
    """A state less its rows about `models` (see `Head`)."""
    if isinstance(state, Mapping):
        kept = {k: v for k, v in state.items() if k not in models}
        return {key: without_models(value, models) for key, value in kept.items()}
    if isinstance(state, list):
        return [without_models(row, models) for row in state if not _is_about(row, models)]
    return state


def _is_about(row: Any, models: frozenset[str]) -> bool:
    return isinstance(row, list) and len(row) > 2 and isinstance(row[1], str) and row[1] in models


def _restore_head(
    head: Head | None, part: Any, changed: frozenset[str], now_s: float, shift_s: float
) -> str:
    if head is None:
        return "this version has no such head"
    if not _is_part(part) or part["version"] != version_of(head):
        return f"its layout is not {version_of(head)}, which this version knows"
    state = without_models(part["state"], changed) if changed else part["state"]
    before = head.state()
    try:
        head.restore(_moved(state, now_s, shift_s))
        _check(head.state())
    except UNFIT as error:
        head.restore(before)
        return _damage(error)
    return ""


def _moved(state: Any, now_s: float, shift_s: float) -> Any:
    """A forecaster's state with its open bin on this process' clock, and not after `now_s`.

    It closes nothing before that bin ends: one ahead would hold its forecasts still until then.
    """
    if not isinstance(state, dict) or not isinstance(state.get("bin"), int):
        return state
    moved = state["bin"] + round(shift_s / STEP_S)
    return {**state, "bin": min(moved, floor(now_s / STEP_S))}


def _endpoint_part(state: EndpointState) -> Part:
    values = {
        "latency": state.latency.state(),
        "price": state.price.state(),
        "residency": state.residency.state(),
        "peak": state.peak.state(),
        "learned_at_s": state.learned_at_s,
    }
    about = {"of": _identity(state), "as": state.endpoint.upstream_name}
    return {"version": version_of(state.latency), **about, "state": values}


def _condition_part(state: EndpointState) -> Part:
    endpoint = state.endpoint
    about = {"of": [endpoint.url, endpoint.engine, endpoint.model], "as": endpoint.upstream_name}
    return {"version": CONDITION_VERSION, **about, "state": state.cognition.state()}


def _restore_condition(state: EndpointState | None, part: Any, shift_s: float) -> str:
    if state is None:
        return "there is no such endpoint in the fleet"
    if not _is_part(part) or part["version"] != CONDITION_VERSION:
        return f"its layout is not {CONDITION_VERSION}, which this version knows"
    before = _condition_part(state)
    if not _is_of_same(part, before):
        return "its address, engine or model changed"
    try:
        state.cognition.restore(part["state"], shift_s)
        _check(state.cognition.state())
    except UNFIT as error:
        state.cognition.restore(before["state"])
        return _damage(error)
    finally:
        state.touch()
    return ""


def _identity(state: EndpointState) -> list[Any]:
    """What has to be the same for an endpoint's speed to be the same."""
    prior, endpoint = state.latency.prior, state.endpoint
    speed = [prior.prefill_s_per_token, prior.base_ttft_s, prior.step_s, prior.step_per_seq_s]
    return [endpoint.url, endpoint.engine, endpoint.model, *speed]


def _restore_endpoint(state: EndpointState | None, part: Any, now_s: float, shift_s: float) -> str:
    if state is None:
        return "there is no such endpoint in the fleet"
    if not _is_part(part) or part["version"] != version_of(state.latency):
        return f"its layout is not {version_of(state.latency)}, which this version knows"
    before = _endpoint_part(state)
    if not _is_of_same(part, before):
        return "its address, engine, model or stated speed changed"
    before = before["state"]
    try:
        _take_over(state, part["state"], now_s, shift_s)
        _check(_endpoint_part(state)["state"])
        _check(list(state.latency.outlook(batch=0)))
    except UNFIT as error:
        _take_over(state, before, now_s, 0.0)
        return _damage(error)
    finally:
        state.touch()
    return ""


def _is_of_same(part: Part, own: Part) -> bool:
    """Whether a part is about what this endpoint is; older ones do not have the engine's name."""
    return bool(part.get("of") == own["of"] and part.get("as", own["as"]) == own["as"])


def _take_over(state: EndpointState, saved: Part, now_s: float, shift_s: float) -> None:
    def moved(values: Part) -> Part:
        at_s = float(values["at_s"] or 0.0) + shift_s
        return {**values, "at_s": min(now_s, at_s)}

    state.latency.restore(saved["latency"])
    state.price.restore(moved(saved["price"]))
    state.residency.restore(saved["residency"])
    state.peak.restore(moved(saved["peak"]))
    state.learned_at_s = min(now_s, float(saved["learned_at_s"]) + shift_s)


def _sizes(config: FleetConfig) -> dict[str, Any]:
    return {"models": {name: [model.params_b] for name, model in config.models.items()}}


def _changed_models(part: Any, config: FleetConfig) -> frozenset[str]:
    """Models of this fleet whose name stood for another size when `part` was saved."""
    try:
        known = part["state"]["models"] if _is_part(part) else {}
        now = _sizes(config)["models"]
        return frozenset(name for name in now if name in known and known[name] != now[name])
    except UNFIT:
        return frozenset()


def _is_part(part: Any) -> bool:
    return isinstance(part, dict) and "version" in part and "state" in part


def _damage(error: BaseException) -> str:
    return f"it cannot be read ({type(error).__name__}: {error})"


def _check(state: Any) -> None:
    """Refuse numbers that are none.

    Raises:
        ValueError: There is one.
    """
    for number in _numbers(state):
        if not isfinite(number):
            raise ValueError("a number is not finite")


def _numbers(state: Any) -> Iterator[float]:
    if isinstance(state, float):
        yield state
    elif isinstance(state, Mapping):
        for value in state.values():
            yield from _numbers(value)
    elif isinstance(state, list | tuple):
        for value in state:
            yield from _numbers(value)
