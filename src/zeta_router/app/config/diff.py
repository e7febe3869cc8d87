"""What changed between two configurations, and what of it waits for a restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from zeta_router.app.config.loaded import (
    ClassifierSettings,
    EndpointSettings,
    LoadedConfig,
    Resources,
    Secret,
)
from zeta_router.app.config.report import Path, path_text
from zeta_router.core.fleet import Endpoint, Model

Settings = Mapping[Path, object]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; as text, a line for people.

    Attributes:
        path: The setting; endpoints go by their id, because that is what makes them the same.
        what: From which value to which, or that something was added or removed.
        restart: Whether it takes effect only after a restart.
    """

    path: str
    what: str
    restart: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.what}" + (" (after a restart)" if self.restart else "")


def diff(old: LoadedConfig, new: LoadedConfig) -> list[Change]:
    """Every setting that differs; empty when the two do the same.

    Secrets are named, never shown. Models and endpoints that came or went are one change each;
    their order is no setting.
    """
    return [
        *_compare(_plain_settings(old), _plain_settings(new)),
        *_compare_members("keys", _keys(old), _keys(new)),
        *_compare_members("models", _models(old), _models(new)),
        *_compare_members("endpoints", _endpoints(old), _endpoints(new)),
    ]


def until_restart(running: LoadedConfig, new: LoadedConfig) -> LoadedConfig:
    """`new`, with what cannot change while running as it is in `running`."""
    return replace(
        new,
        listen=running.listen,
        log=running.log,
        classifier=running.classifier,
        upstream=running.upstream,
        without_keys=running.without_keys,
        tls=running.tls,
        otel_endpoint=running.otel_endpoint,
        retrain_every_h=running.retrain_every_h,
    )


def _compare(before: Settings, after: Settings) -> Iterator[Change]:
    for path in dict.fromkeys([*before, *after]):
        was, now = before.get(path), after.get(path)
        if was != now:
            where = path_text(path)
            yield Change(where, f"{_shown(was)} → {_shown(now)}", where in RESTART_PATHS)


def _compare_members(
    group: str, before: Mapping[str, Settings], after: Mapping[str, Settings]
) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield Change(path_text((group, name)), "removed")
        elif name not in before:
            yield Change(path_text((group, name)), "added")
        else:
            yield from _compare(before[name], after[name])


def _plain_settings(config: LoadedConfig) -> Settings:
    fleet, log = config.fleet, config.log
    settings: dict[Path, object] = {("listen",): str(config.listen)}
    for task, model in fleet.routes.items():
        settings["routes", task.value] = model
    for task, slo in fleet.slo.items():
        settings["slo", task.value, "ttft_s"] = slo.ttft_s
        settings["slo", task.value, "tpot_s"] = slo.tpot_s
        settings["slo", task.value, "e2e_s"] = slo.e2e_s
    settings["policy",] = fleet.policy
    settings["limits", "body_bytes"] = config.body_bytes
    settings["limits", "stall_s"] = config.stall_s
    for field in fields(config.clients):
        settings["limits", field.name] = getattr(config.clients, field.name)
    for field in fields(fleet.limits):
        settings["limits", field.name] = getattr(fleet.limits, field.name)
    settings["gateway", "upstream"] = config.upstream
    settings["gateway", "without_keys"] = config.without_keys
    settings["gateway", "tls", "certificate"] = config.tls and config.tls.certificate
    settings["gateway", "tls", "key"] = config.tls and config.tls.key
    for field in fields(fleet.joint):
        settings["joint", field.name] = getattr(fleet.joint, field.name)
    for name, value in _classifier(config.classifier).items():
        settings["classifier", name] = value
    settings["log", "path"] = log.path
    settings["log", "keep_days"] = log.keep_days
    settings["log", "prompts"] = log.prompts
    settings["otel", "endpoint"] = config.otel_endpoint
    settings["learning", "retrain_every_h"] = config.retrain_every_h
    return settings


def _classifier(settings: ClassifierSettings) -> dict[str, object]:
    costs = settings.costs
    return {
        "weights": settings.weights,
        "hard_called_simple": costs.hard_called_simple,
        "simple_called_hard": costs.simple_called_hard,
        "hard_swapped": costs.hard_swapped,
        "embedder_head": settings.embedder_head,
        "embedder_below": settings.embedder_below,
        "embedder_wait_s": settings.embedder_wait_s,
    }


def _keys(config: LoadedConfig) -> dict[str, Settings]:
    return {
        key.name: {
            ("keys", key.name, "hash"): Secret(key.digest.hex()),
            ("keys", key.name, "scopes"): ", ".join(sorted(key.scopes)),
            ("keys", key.name, "requests_per_min"): key.requests_per_min,
            ("keys", key.name, "concurrent"): key.concurrent,
            ("keys", key.name, "tokens_per_day"): key.tokens_per_day,
        }
        for key in config.keys
    }


def _models(config: LoadedConfig) -> dict[str, Settings]:
    return {name: _model(model) for name, model in config.fleet.models.items()}


def _model(model: Model) -> Settings:
    root: Path = ("models", model.name)
    settings: dict[Path, object] = {}
    for task, quality in model.tasks.items():
        settings[*root, "tasks", task.value] = "from the size table" if quality is None else quality
    settings[*root, "params_b"] = model.params_b
    settings[*root, "context_tokens"] = model.context_tokens
    settings[*root, "embedding_space"] = model.embedding_space
    settings[*root, "lacks"] = ", ".join(sorted(model.lacks)) or None
    return settings


def _endpoints(config: LoadedConfig) -> dict[str, Settings]:
    return {e.id: _endpoint(e, config.endpoints[e.id]) for e in config.fleet.endpoints}


def _endpoint(endpoint: Endpoint, settings: EndpointSettings) -> Settings:
    root: Path = ("endpoints", endpoint.id)
    speed = endpoint.simulate
    return {
        (*root, "url"): endpoint.url,
        (*root, "model"): endpoint.model,
        (*root, "engine"): endpoint.engine,
        (*root, "slots"): "auto" if endpoint.slots is None else endpoint.slots,
        (*root, "resources"): _resources(settings.resources),
        (*root, "upstream_model"): endpoint.upstream_model,
        (*root, "api_key"): settings.api_key,
        (*root, "simulate", "prefill_tokens_per_s"): speed and speed.prefill_tokens_per_s,
        (*root, "simulate", "step_s"): speed and speed.step_s,
        (*root, "simulate", "step_per_seq_s"): speed and speed.step_per_seq_s,
        (*root, "simulate", "slots"): speed and speed.slots,
    }


def _resources(resources: Resources) -> str:
    if resources.local:
        return "auto"
    places = {"node_exporter": resources.node_exporter, "dcgm": resources.dcgm}
    return ", ".join(f"{name} {url}" for name, url in places.items() if url) or "none"


def _shown(value: object) -> str:
    if value is None:
        return "not set"
    if isinstance(value, Secret):
        return "a key"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


RESTART_PATHS = frozenset(
    {
        "listen",
        "log.path",
        "log.keep_days",
        "log.prompts",
        "otel.endpoint",
        "gateway.upstream",
        "gateway.without_keys",
        "gateway.tls.certificate",
        "gateway.tls.key",
        "learning.retrain_every_h",
    }
) | {f"classifier.{name}" for name in _classifier(ClassifierSettings())}
"""Settings that are read once at the start; every other change is applied live."""
