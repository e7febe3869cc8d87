"""What an engine adapter is: conversations without I/O.

An adapter does not fetch anything. It is a set of generators: each yields the requests it wants
made, gets the replies sent back in, and returns what they mean. So every adapter is tested with a
dictionary of recorded replies, one place does all network I/O (`monitor.client`), and that place
decides about timeouts, sizes and what need not be asked again.

A reply may be anything: an error, HTML, half a document, numbers as words. Reading one never
raises and never turns "not told" into 0.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from zeta_router.core.query import Capability
from zeta_router.core.signal import EngineSample

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that an adapter wants made.

    Attributes:
        path: Path and query below the engine's base URL, starting with a slash.
        every_s: The answer changes so seldom that one this old, in seconds, will do. 0 asks anew.
        patience: How many times the usual timeout the answer may take.
        always: Ask also where the address was missing a moment ago. For probes, whose answer must
            never be a memory.
    """

    path: str
    method: str = "GET"
    body: bytes = b""
    every_s: float = 0.0
    patience: float = 1.0
    always: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, as raw as it came.

    Attributes:
        at_s: When it came, on the client's clock; the time at which its signals were observed.
        status: HTTP status; 0 when no HTTP answer came at all.
        headers: With lower-case names.
        problem: Why no answer came, e.g. ``no answer within 1 s``; empty when one came.
        late: Whether none came within its time.
    """

    at_s: float
    status: int = 0
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    late: bool = False

    @property
    def ok(self) -> bool:
        """Whether the answer was 200."""
        return self.status == 200

    @property
    def why(self) -> str:
        """In a few words what this reply was, for the source of an absent signal."""
        return self.problem or f"HTTP {self.status}"


Conversation = Generator[tuple[Ask, ...], tuple[Reply, ...], T]
"""Yields asks, is sent their replies in the same order, returns its finding."""


class ModelKind(StrEnum):
    """What a served model is for, as far as its engine says."""

    CHAT = "chat"
    EMBEDDING = "embedding"
    RERANK = "rerank"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that an engine offers. None means that the engine does not say.

    Attributes:
        name: As requests to this engine must name it.
        context_tokens: Longest prompt plus answer of one request as served, not as trained.
        params_b: Parameters in billions.
        size_bytes: Size of the weights.
        lacks: Capabilities that the engine says this model does not have.
        resident: Whether it is in memory.
        slots: Requests of this model worked on at once, where that is per model.
    """

    name: str
    kind: ModelKind = ModelKind.UNKNOWN
    context_tokens: int | None = None
    params_b: float | None = None
    size_bytes: int | None = None
    lacks: frozenset[Capability] = frozenset()
    resident: bool | None = None
    slots: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """What stands behind an address.

    Attributes:
        models: Empty while it loads, or when it does not list them.
        slots: Requests the whole engine works on at once; None when it does not say.
    """

    engine: str
    models: tuple[ServedModel, ...] = ()
    slots: int | None = None
    version: str | None = None


class Adapter(Protocol):
    """One engine's habits. Stateless; every method starts a new conversation."""

    @property
    def name(self) -> str:
        """The engine's name in `zeta.yaml`."""

    def identify(self) -> Conversation[Identity | None]:
        """Who answers; None when it is not this engine."""

    def probe(self, model: str) -> Conversation[bool]:
        """Whether the engine could take a request for `model`; a loading engine could not."""

    def sample(self, model: str) -> Conversation[EngineSample]:
        """How busy the engine is. `model` is the name that this engine knows the model by."""
