"""Writing `zeta.yaml`: what `zeta init` leaves behind, with every setting explained.

What is written loads again into the same fleet. All settings are there, with their defaults where
nothing else was asked for, because a file that shows its dials needs no manual.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap

from msgspec import NODEFAULT, inspect

from zeta_router.app.config.kinds import FILE, Kind, Setting, fields_of, setting_of
from zeta_router.app.config.quote import Value, flow, text
from zeta_router.core.fleet import Endpoint, FleetConfig, Model, SimulatedSpeed
from zeta_router.core.query import Slo

_WIDTH = 96
_ROOT = setting_of(FILE).kinds[0]

Values = Mapping[str, Value]


def render_yaml(
    fleet: FleetConfig,
    *,
    listen: str = "127.0.0.1:8080",
    header: Sequence[str] = (),
    notes: Mapping[str, str] | None = None,
    keys: Mapping[str, str] | None = None,
    schema: str = "",
) -> str:
    """The text of a `zeta.yaml` for a fleet; `load_text` reads the same fleet from it.

    Args:
        fleet: What to write; names, ids and URLs as the file allows them.
        listen: The address to listen on.
        header: Lines of comment at the top, without the hash.
        notes: A comment above an endpoint, by its id, e.g. how it was found.
        keys: The environment variable with an endpoint's key, by its id.
        schema: Path or URL of the JSON Schema, for editors; empty leaves it out.
    """
    settings = _settings()
    modeline = [f"yaml-language-server: $schema={schema}"] if schema else []
    lines = [*_comment([*modeline, *header])]
    lines += [*_lead(settings["listen"]), f"listen: {text(listen)}"]
    lines += [*_lead(settings["models"]), "models:"]
    lines += _models(fleet, _part(settings["models"]))
    lines += [*_lead(settings["endpoints"]), "endpoints:"]
    lines += _endpoints(fleet, _part(settings["endpoints"]), notes or {}, keys or {})
    lines += [*_lead(settings["keys"]), "keys: []"]
    lines += _mapping("routes", settings["routes"], {t.value: m for t, m in fleet.routes.items()})
    lines += _mapping("slo", settings["slo"], {t.value: _slo(s) for t, s in fleet.slo.items()})
    lines += [*_lead(settings["policy"]), f"policy: {text(fleet.policy)}"]
    lines += _sections(fleet, settings)
    return "\n".join(lines).lstrip("\n") + "\n"


def defaults() -> str:
    """The sections of a `zeta.yaml` that are not about one's own fleet, with their defaults."""
    return "\n".join(_sections(FleetConfig({}, ()), _settings())).lstrip("\n") + "\n"


def _models(fleet: FleetConfig, section: Kind) -> Iterator[str]:
    for index, (name, model) in enumerate(fleet.models.items()):
        yield f"  {text(name)}:"
        yield from _entry(section, _model(model), "    ", explain=index == 0)


def _endpoints(
    fleet: FleetConfig, section: Kind, notes: Mapping[str, str], keys: Mapping[str, str]
) -> Iterator[str]:
    for index, endpoint in enumerate(fleet.endpoints):
        yield from _comment(notes.get(endpoint.id, "").splitlines(), "  ")
        values = {**_endpoint(endpoint), "api_key": keys.get(endpoint.id)}
        body = list(_entry(section, values, "    ", explain=index == 0))
        first = next(i for i, line in enumerate(body) if not line.lstrip().startswith("#"))
        yield from (line[2:] for line in body[:first])
        yield "  - " + body[first].lstrip()
        yield from body[first + 1 :]


def _sections(fleet: FleetConfig, settings: Mapping[str, Setting]) -> Iterator[str]:
    limits, joint = fleet.limits, fleet.joint
    held: Values = {
        "queue": limits.queue,
        "max_wait_s": limits.max_wait_s,
        "attempts": limits.attempts,
        "canary_ratio": limits.canary_ratio,
        "prewarm": limits.prewarm,
        "hedge_ratio": limits.hedge_ratio,
        "cpu_ratio": limits.cpu_ratio,
    }
    dials: Values = {
        "eta": joint.eta,
        "rho": joint.rho,
        "floor": joint.floor,
        "switch_cost": joint.switch_cost,
    }
    yield from _section("limits", settings["limits"], held)
    yield from _section("gateway", settings["gateway"], {})
    yield from _section("joint", settings["joint"], dials)
    yield from _section("classifier", settings["classifier"], {})
    yield from _section("log", settings["log"], {})
    yield from _section("otel", settings["otel"], {})
    yield from _section("learning", settings["learning"], {})


def _section(name: str, setting: Setting, values: Values) -> Iterator[str]:
    kind = setting.kinds[0]
    usual = {field.name: field.default for field in fields_of(kind)}
    written = usual | dict(values)
    yield from _lead(setting)
    yield f"{name}:" if any(value is not None for value in written.values()) else f"# {name}:"
    yield from _entry(kind, written, "  ", explain=True)


def _mapping(name: str, setting: Setting, values: Values) -> Iterator[str]:
    yield from _lead(setting)
    yield f"{name}:" if values else f"# {name}:"
    for key, value in values.items():
        yield f"  {text(key)}: {flow(value)}"


def _entry(section: Kind, values: Values, indent: str, *, explain: bool) -> Iterator[str]:
    """The keys of a section, those without a value as comments when they are to be explained."""
    for field in fields_of(section):
        setting = setting_of(field.type)
        value = values.get(field.name)
        if explain:
            yield from _comment([_explanation(setting)], indent)
        if value is not None and field.name == "api_key":
            yield f"{indent}{field.name}: ${{{value}}}"  # a reference, which `flow` would escape
        elif value is not None:
            yield f"{indent}{field.name}: {flow(value)}"
        elif explain:
            yield f"{indent}# {field.name}: {_default(field)}".rstrip()


def _explanation(setting: Setting) -> str:
    default = setting.extra.get("default")
    return setting.description + (f" Default: {default}." if default else "")


def _default(field: inspect.Field) -> str:
    if field.name == "api_key":
        return "${NAME}"
    if field.default is NODEFAULT:
        return "[]"
    return "" if field.default is None else flow(field.default)


def _lead(setting: Setting) -> list[str]:
    return ["", *_comment([setting.description])]


def _comment(lines: Iterable[str], indent: str = "") -> Iterator[str]:
    for line in lines:
        clean = "".join(c if c.isprintable() else " " for c in line)
        for part in wrap(clean, _WIDTH - len(indent), break_long_words=False) or [""]:
            yield f"{indent}# {part}".rstrip()


def _settings() -> dict[str, Setting]:
    return {field.name: setting_of(field.type) for field in fields_of(_ROOT)}


def _part(setting: Setting) -> Kind:
    """The section that a list or mapping of sections is made of."""
    type_ = setting.kinds[0].type
    inner = type_.item_type if isinstance(type_, inspect.ListType) else None
    inner = type_.value_type if isinstance(type_, inspect.DictType) else inner
    assert inner is not None  # noqa: S101 - models and endpoints are such
    return setting_of(inner).kinds[0]


def _model(model: Model) -> Values:
    known = {task.value: quality for task, quality in model.tasks.items()}
    unknown = all(quality is None for quality in known.values())
    return {
        "tasks": list(known) if unknown else known,
        "params_b": model.params_b,
        "context_tokens": model.context_tokens,
        "embedding_space": model.embedding_space,
        "lacks": sorted(need.value for need in model.lacks) or None,
    }


def _endpoint(endpoint: Endpoint) -> Values:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "model": endpoint.model,
        "engine": endpoint.engine,
        "slots": "auto" if endpoint.slots is None else endpoint.slots,
        "upstream_model": endpoint.upstream_model,
        "simulate": _speed(endpoint.simulate),
    }


def _speed(speed: SimulatedSpeed | None) -> Value:
    if speed is None:
        return None
    return {
        "prefill_tokens_per_s": speed.prefill_tokens_per_s,
        "step_s": speed.step_s,
        "step_per_seq_s": speed.step_per_seq_s,
        "slots": speed.slots,
    }


def _slo(slo: Slo) -> Value:
    given = {"ttft_s": slo.ttft_s, "tpot_s": slo.tpot_s, "e2e_s": slo.e2e_s}
    return {name: value for name, value in given.items() if value is not None}
