"""What can happen. Each event carries the time at which it happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zeta_router.core.checks import Checks
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.outcome import Outcome
from zeta_router.core.query import Query, TopicShare
from zeta_router.core.signal import EngineSample


@dataclass(frozen=True, slots=True)
class Arrived:
    """A query came in."""

    at_s: float
    query: Query


@dataclass(frozen=True, slots=True)
class FirstToken:
    """The first token of a dispatched query came back."""

    at_s: float
    query_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Progress:
    """A running query has produced `output_tokens` so far."""

    at_s: float
    query_id: str
    attempt: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt ended, or the client left while the query was still held (`attempt` 0)."""

    at_s: float
    query_id: str
    attempt: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Sampled:
    """A poll of an endpoint returned; `sample` holds what it said."""

    at_s: float
    endpoint_id: str
    generation: int
    sample: EngineSample


@dataclass(frozen=True, slots=True)
class Probed:
    """An endpoint was asked whether it is alive; `deep` where by a real call.

    `gone` where nobody is there at all: the connection was refused or broke.
    """

    at_s: float
    endpoint_id: str
    generation: int
    alive: bool
    deep: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class CanaryAnswered:
    """An endpoint was asked golden prompt `number`; `right` is None when it gave no answer.

    Without a number it was asked for `logprobs`; there are none where its engine gives none, and
    they are None when it gave no answer.
    """

    at_s: float
    endpoint_id: str
    generation: int
    number: int | None
    right: bool | None
    logprobs: tuple[Mapping[str, float], ...] | None = ()


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A poll of an endpoint has had no answer so far; it may be stopped, or only busy."""

    at_s: float
    endpoint_id: str
    generation: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of an answer after its last byte, by whoever had its text."""

    at_s: float
    query_id: str
    checks: Checks


@dataclass(frozen=True, slots=True)
class Answered:
    """Who answered a query that the router no longer remembers, as its log has it."""

    model: str
    topics: tuple[TopicShare, ...]
    asker: str = ""
    features: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Feedback:
    """A client said how good an answer was.

    Attributes:
        score: In [0, 1], higher is better.
        voter: Who said so, named as `Query.asker` is; empty takes whoever asked.
        answered: For a query of long ago, or of before a restart.
    """

    at_s: float
    query_id: str
    score: float
    voter: str = ""
    answered: Answered | None = None


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that was set by `SetTimer` is due."""

    at_s: float
    key: str


@dataclass(frozen=True, slots=True)
class ConfigChanged:
    """The fleet's configuration was replaced."""

    at_s: float
    config: FleetConfig


@dataclass(frozen=True, slots=True)
class DrainRequested:
    """An operator wants an endpoint emptied (`draining`) or back in service."""

    at_s: float
    endpoint_id: str
    draining: bool


@dataclass(frozen=True, slots=True)
class Relearned:
    """Heads were trained anew elsewhere: take them in place of the present ones.

    Attributes:
        parts: By name, as `ZetaDynamicRouter.learned_part` gives them.
    """

    at_s: float
    parts: Mapping[str, Any]


Event = (
    Arrived
    | FirstToken
    | Progress
    | Finished
    | Sampled
    | Probed
    | Checked
    | Unanswered
    | CanaryAnswered
    | Feedback
    | Timer
    | ConfigChanged
    | DrainRequested
    | Relearned
)
