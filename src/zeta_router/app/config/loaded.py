"""What a configuration file says once it has been read and found good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from zeta_router.app.config.report import Problem
from zeta_router.core.fleet import FleetConfig
from zeta_router.gateway.clients.limits import ClientLimits
from zeta_router.gateway.keys.key import Key
from zeta_router.learn.task.protocol import DEFAULT_COSTS, TaskCosts


class Secret:
    """A text that does not show itself: not in logs, not in tracebacks, not in `repr`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))


class Listen(NamedTuple):
    """Where the gateway listens; port 0 takes a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class TlsFiles(NamedTuple):
    """Files in PEM, relative to the working directory: a certificate's chain and its key."""

    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class LogSettings:
    """The decision log.

    Attributes:
        path: SQLite file, relative to the working directory.
        keep_days: Age in days at which records are deleted; above 0.
        prompts: Whether prompt texts are stored too.
    """

    path: str
    keep_days: float
    prompts: bool


@dataclass(frozen=True, slots=True)
class ClassifierSettings:
    """How tasks are told apart.

    Attributes:
        weights: File of trained weights; None takes those of the package.
        costs: What each mistake costs.
        embedder_head: File of a head for one embedding model; None asks no embedder.
        embedder_below: Probability of the likeliest task below which the embedder is asked.
        embedder_wait_s: Longest time that a query waits for its embedding; above 0.
    """

    weights: str | None = None
    costs: TaskCosts = DEFAULT_COSTS
    embedder_head: str | None = None
    embedder_below: float = 0.9
    embedder_wait_s: float = 0.05


@dataclass(frozen=True, slots=True)
class Resources:
    """Where the CPU, memory and GPU of an endpoint's machine are measured.

    Attributes:
        local: Look for the process behind the endpoint's port on this machine.
        node_exporter: URL of a Prometheus node exporter, or None.
        dcgm: URL of an NVIDIA DCGM exporter, or None.
    """

    local: bool = True
    node_exporter: str | None = None
    dcgm: str | None = None


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """What the gateway and the monitor need of an endpoint, and the router must not know."""

    resources: Resources = Resources()
    api_key: Secret | None = None


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A valid configuration.

    Attributes:
        fleet: What the router is given.
        body_bytes: Largest request body that is accepted.
        stall_s: Longest silence within a stream, in seconds.
        endpoints: By endpoint id; has an entry for every endpoint of the fleet.
        source: The file's name, or what stands for it.
        otel_endpoint: OTLP/HTTP collector for traces; None leaves it to the environment.
        retrain_every_h: Hours between two retrainings from the decision log; 0 for never.
        keys: Who may ask; without any, everybody may.
        without_keys: Whether everybody may, from other machines, too.
        tls: What TLS is spoken with; None speaks none.
        clients: What the connections of clients may cost.
        upstream: The client that queries are sent with: auto, lean or aiohttp.
        warnings: What is probably not meant, but no reason to refuse the file.
    """

    fleet: FleetConfig
    listen: Listen
    log: LogSettings
    body_bytes: int
    endpoints: Mapping[str, EndpointSettings]
    source: str
    classifier: ClassifierSettings = ClassifierSettings()
    otel_endpoint: str | None = None
    retrain_every_h: float = 24.0
    stall_s: float = 60.0
    upstream: str = "auto"
    keys: tuple[Key, ...] = ()
    without_keys: bool = False
    tls: TlsFiles | None = None
    clients: ClientLimits = field(default_factory=ClientLimits)
    warnings: tuple[Problem, ...] = ()
