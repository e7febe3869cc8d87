"""From a checked file to the values that the program runs on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from zeta_router.app.config.loaded import (
    ClassifierSettings,
    EndpointSettings,
    Listen,
    LoadedConfig,
    LogSettings,
    Resources,
    Secret,
    TlsFiles,
)
from zeta_router.app.config.report import Report
from zeta_router.app.config.sections.classifier import ClassifierSpec
from zeta_router.app.config.sections.endpoints import EndpointSpec, SimulateSpec
from zeta_router.app.config.sections.gateway import TlsSpec
from zeta_router.app.config.sections.keys import KeySpec
from zeta_router.app.config.sections.limits import LimitsSpec
from zeta_router.app.config.sections.models import ModelSpec
from zeta_router.app.config.spec import FileSpec
from zeta_router.app.config.texts import split_listen
from zeta_router.core.errors import BugError
from zeta_router.core.fleet import (
    Endpoint,
    FleetConfig,
    JointParams,
    Limits,
    Model,
    SimulatedSpeed,
)
from zeta_router.core.query import Slo, Task
from zeta_router.gateway.clients.limits import ClientLimits
from zeta_router.gateway.keys.key import Key, digest_from
from zeta_router.learn.task.protocol import TaskCosts


def build(file: FileSpec, report: Report) -> LoadedConfig:
    """The configuration that a file without problems describes."""
    address = split_listen(file.listen)
    if address is None:
        raise BugError(f"listen was checked, yet {file.listen!r} is no address")
    return LoadedConfig(
        fleet=_fleet(file),
        listen=Listen(*address),
        log=LogSettings(file.log.path, file.log.keep_days, file.log.prompts),
        body_bytes=file.limits.body_bytes,
        stall_s=file.limits.stall_s,
        clients=_clients(file.limits),
        upstream=file.gateway.upstream,
        keys=tuple(_key(spec) for spec in file.keys),
        without_keys=file.gateway.without_keys,
        tls=_tls(file.gateway.tls),
        endpoints={endpoint.id: _settings(endpoint) for endpoint in file.endpoints},
        source=report.source,
        classifier=_classifier(file.classifier),
        otel_endpoint=file.otel.endpoint,
        retrain_every_h=file.learning.retrain_every_h,
        warnings=report.warnings,
    )


def _key(spec: KeySpec) -> Key:
    return Key(
        spec.name,
        digest_from(spec.hash),
        frozenset(spec.scopes),
        spec.requests_per_min,
        spec.concurrent,
        spec.tokens_per_day,
    )


def _clients(spec: LimitsSpec) -> ClientLimits:
    return ClientLimits(**{field.name: getattr(spec, field.name) for field in fields(ClientLimits)})


def _tls(spec: TlsSpec | None) -> TlsFiles | None:
    return TlsFiles(spec.certificate, spec.key) if spec is not None else None


def _fleet(file: FileSpec) -> FleetConfig:
    limits, joint = file.limits, file.joint
    return FleetConfig(
        models={name: _model(name, spec) for name, spec in file.models.items()},
        endpoints=tuple(_endpoint(spec) for spec in file.endpoints),
        routes=dict(file.routes),
        slo={task: Slo(s.ttft_s, s.tpot_s, s.e2e_s) for task, s in file.slo.items()},
        policy=file.policy,
        limits=Limits(
            limits.queue,
            limits.max_wait_s,
            limits.attempts,
            limits.canary_ratio,
            limits.prewarm,
            limits.hedge_ratio,
            limits.cpu_ratio,
        ),
        joint=JointParams(
            joint.eta, joint.rho, joint.floor, joint.switch_cost, joint.forecast_floor
        ),
    )


def _classifier(spec: ClassifierSpec) -> ClassifierSettings:
    return ClassifierSettings(
        weights=spec.weights,
        costs=TaskCosts(spec.hard_called_simple, spec.simple_called_hard, spec.hard_swapped),
        embedder_head=spec.embedder_head,
        embedder_below=spec.embedder_below,
        embedder_wait_s=spec.embedder_wait_s,
    )


def _model(name: str, spec: ModelSpec) -> Model:
    tasks: Mapping[Task, float | None]
    tasks = spec.tasks if isinstance(spec.tasks, dict) else dict.fromkeys(spec.tasks)
    return Model(
        name=name,
        tasks=tasks,
        params_b=spec.params_b,
        context_tokens=spec.context_tokens,
        embedding_space=spec.embedding_space,
        lacks=frozenset(spec.lacks),
    )


def _endpoint(spec: EndpointSpec) -> Endpoint:
    return Endpoint(
        id=spec.id,
        url=spec.url.rstrip("/"),
        model=spec.model,
        engine=spec.engine,
        slots=None if spec.slots == "auto" else spec.slots,
        upstream_model=spec.upstream_model,
        simulate=_speed(spec.simulate),
    )


def _speed(spec: SimulateSpec | None) -> SimulatedSpeed | None:
    if spec is None:
        return None
    return SimulatedSpeed(spec.prefill_tokens_per_s, spec.step_s, spec.step_per_seq_s, spec.slots)


def _settings(spec: EndpointSpec) -> EndpointSettings:
    if spec.resources == "auto":
        resources = Resources()
    elif spec.resources == "none":
        resources = Resources(local=False)
    else:
        resources = Resources(False, spec.resources.node_exporter, spec.resources.dcgm)
    return EndpointSettings(resources, Secret(spec.api_key) if spec.api_key is not None else None)
