"""What the fleet is: models, the endpoints that serve them, and the rules between them.

These are facts that change only when the configuration does. What changes by the second is in
`core.snapshot`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zeta_router.core.query import Capability, Slo, Task


@dataclass(frozen=True, slots=True)
class Model:
    """A model that some endpoint serves.

    Attributes:
        name: Its name in this fleet; what clients write to pin it.
        tasks: Tasks it can do, with the prior quality in [0, 1]; None takes it from the size table.
        params_b: Parameters in billions; None when unknown.
        context_tokens: Longest prompt plus answer; None when unknown (then nothing is filtered).
        embedding_space: Name of the vector space its embeddings live in. Vectors of different
            spaces must never be compared, so this decides where an embedding may overflow to.
        lacks: Capabilities it is known not to have.
    """

    name: str
    tasks: Mapping[Task, float | None]
    params_b: float | None = None
    context_tokens: int | None = None
    embedding_space: str | None = None
    lacks: frozenset[Capability] = frozenset()


@dataclass(frozen=True, slots=True)
class SimulatedSpeed:
    """How fast an endpoint is in the simulator: prefill rate, and step time by batch size."""

    prefill_tokens_per_s: float
    step_s: float
    step_per_seq_s: float
    slots: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address that serves one model. Several endpoints of one model are its replicas.

    Attributes:
        slots: Requests it works on at once; None asks the engine (see `DEFAULT_SLOTS`).
        upstream_model: The model's name as this engine knows it; None takes the fleet's name.
        simulate: Its speed in the simulator, when the fleet file gives one.
    """

    id: str
    url: str
    model: str
    engine: str = "auto"
    slots: int | None = None
    upstream_model: str | None = None
    simulate: SimulatedSpeed | None = None

    @property
    def upstream_name(self) -> str:
        """The model's name in requests to this engine."""
        return self.upstream_model or self.model


DEFAULT_SLOTS = 4
"""In-flight cap of an endpoint whose engine does not say how many slots it has."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what is held: queries in the queue, seconds of waiting, attempts per query.

    `canary_ratio` is the most of an endpoint's time that golden prompts may take, 0..1.
    `hedge_ratio` is the most copies per embedding that are sent because an answer is late, 0..1.
    `cpu_ratio` is the share of its CPU above which an endpoint gets no more than it has; None caps
    none, because inference on CPUs fills them always.
    `prewarm` allows loading models that an engine has dropped, ahead of forecast queries.
    """

    queue: int = 1000
    max_wait_s: float = 30.0
    attempts: int = 2
    canary_ratio: float = 0.01
    prewarm: bool = False
    hedge_ratio: float = 0.03
    cpu_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class JointParams:
    """Dials of the `joint` policy (DESIGN §2).

    Attributes:
        eta: Quality that a typical query pays per batch of backlog (`control.price`).
        rho: Target load of an endpoint, engine-seconds per second.
        floor: Score below which a query is not worth a wait.
        switch_cost: Quality that it costs a conversation to move to another endpoint.
        forecast_floor: Share of the price that the forecast load would have which no price falls
            below (`router.decision.foresight`); 0 leaves prices to what has come.
    """

    eta: float = 0.2
    rho: float = 0.9
    floor: float = 0.02
    switch_cost: float = 0.03
    forecast_floor: float = 0.0


@dataclass(frozen=True, slots=True)
class FleetConfig:
    """Everything the router has to know about the fleet, validated before it gets here.

    Invariants (checked by `app.config`): every endpoint names a model of `models`, endpoint ids
    are unique, every route names a model that can do the task.
    """

    models: Mapping[str, Model]
    endpoints: tuple[Endpoint, ...]
    routes: Mapping[Task, str] = field(default_factory=dict)
    slo: Mapping[Task, Slo] = field(default_factory=dict)
    policy: str = "static"
    limits: Limits = Limits()
    joint: JointParams = JointParams()
