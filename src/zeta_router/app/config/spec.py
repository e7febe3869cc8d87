"""`zeta.yaml` as types: the one place that says which settings exist.

The loader checks files against these classes, the JSON Schema and the reference page are generated
from them. So a setting is added here or in the file of its section, with its meaning, unit, range
and default, and nowhere else except where it is used. Units are in the names; `extra` carries what
types cannot say:

    check    a function of `texts` that finds what is wrong with a text
    words    what a text is, in words
    secret   the value never appears in a message
    least    how many keys a section must have, where none of them is required by itself
    also     names of the same setting in other routers, to recognise it in a wrong key
    default  what the default does, where the value alone does not tell
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from zeta_router.app.config.sections.classifier import ClassifierSpec
from zeta_router.app.config.sections.endpoints import EndpointSpec
from zeta_router.app.config.sections.gateway import GatewaySpec
from zeta_router.app.config.sections.joint import JointSpec
from zeta_router.app.config.sections.keys import KeySpec
from zeta_router.app.config.sections.learning import LearningSpec
from zeta_router.app.config.sections.limits import LimitsSpec
from zeta_router.app.config.sections.log import LogSpec
from zeta_router.app.config.sections.models import ModelSpec
from zeta_router.app.config.sections.otel import OtelSpec
from zeta_router.app.config.sections.slo import SloSpec
from zeta_router.app.config.sections.values import Address, ModelName, Text, says
from zeta_router.core.query import Task


class FileSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The whole of `zeta.yaml`."""

    listen: Annotated[
        Address,
        says("Address to listen on, HOST:PORT; port 0 takes a free one.", also=("bind", "address")),
    ] = "127.0.0.1:8080"
    models: Annotated[
        dict[ModelName, ModelSpec],
        Meta(min_length=1),
        says("The models of the fleet by name, which is also what clients write to pin one."),
    ]
    endpoints: Annotated[
        list[EndpointSpec],
        Meta(min_length=1),
        says("The servers that answer.", also=("servers", "backends", "upstreams", "replicas")),
    ]
    keys: Annotated[
        list[KeySpec],
        says(
            "API keys. Where there are any, every query needs one, and so does everything but "
            "/health, /ready and the dashboard's empty page.",
            also=("api_keys", "users", "clients"),
        ),
    ] = field(default_factory=list)
    routes: Annotated[
        dict[Task, ModelName],
        says("The static rules: which model answers a task. Prior and fallback of every policy."),
    ] = field(default_factory=dict)
    slo: Annotated[
        dict[Task, SloSpec],
        says("Latency objectives by task, for requests that bring none of their own."),
    ] = field(default_factory=dict)
    policy: Annotated[
        Text,
        says(
            "How to choose among capable endpoints; `zeta check` lists the names.",
            also=("strategy",),
        ),
    ] = "static"
    limits: Annotated[LimitsSpec, says("Bounds on what is held and accepted.")] = field(
        default_factory=LimitsSpec
    )
    gateway: Annotated[GatewaySpec, says("How requests get from clients to engines.")] = field(
        default_factory=GatewaySpec
    )
    joint: Annotated[JointSpec, says("Dials of the `joint` policy.")] = field(
        default_factory=JointSpec
    )
    classifier: Annotated[
        ClassifierSpec, says("How tasks are told apart, where a request does not say its own.")
    ] = field(default_factory=ClassifierSpec)
    log: Annotated[LogSpec, says("The decision log.", also=("logging", "database"))] = field(
        default_factory=LogSpec
    )
    otel: Annotated[
        OtelSpec, says("OpenTelemetry traces.", also=("tracing", "opentelemetry", "otlp"))
    ] = field(default_factory=OtelSpec)
    learning: Annotated[
        LearningSpec, says("Retraining from the decision log.", also=("training", "retraining"))
    ] = field(default_factory=LearningSpec)
