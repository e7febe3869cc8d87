"""What can be wrong between an endpoint's entry and the engine behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zeta_router.app.config.nearest import nearest
from zeta_router.app.doctor.finding import Finding, Severity
from zeta_router.app.doctor.meeting import Met
from zeta_router.core.fleet import DEFAULT_SLOTS, Endpoint, Model
from zeta_router.monitor.engines import AUTO
from zeta_router.monitor.engines.protocol import Identity, ServedModel
from zeta_router.monitor.guess import UNTOLD_SLOTS

SKEW_S = 5.0
"""Clocks further apart than this are told; headers have whole seconds and may be cached for one."""

_START = {
    "ollama": "ollama serve",
    "llamacpp": "llama-server -m MODEL.gguf --metrics",
    "vllm": "vllm serve MODEL",
    "sglang": "python -m sglang.launch_server --model-path MODEL --enable-metrics",
    "lmstudio": "lms server start",
}


def examine(
    place: str,
    endpoint: Endpoint,
    model: Model,
    met: Met,
    elsewhere: Mapping[str, str] | None = None,
) -> Iterator[Finding]:
    """Everything wrong with one endpoint.

    Args:
        place: How the file names it, e.g. ``endpoints[0]``.
        endpoint: As configured.
        model: The model that it is to serve.
        met: What its engine said.
        elsewhere: Addresses on this machine that serve a model, by its name.
    """
    if not met.reached:
        yield _unreachable(place, endpoint, met, elsewhere or {})
        return
    status = met.pages["/v1/models"].status
    if status in (401, 403):
        yield Finding(
            "key_refused", Severity.ERROR, f"{place}.api_key",
            f"{endpoint.url} answers {status}: it wants a key, or another one",
            "every query sent there is refused",
            f"add `api_key: ${{NAME}}` to {endpoint.id} and export NAME",
        )  # fmt: skip
        return
    if met.identity is None:
        yield Finding(
            "no_engine", Severity.ERROR, f"{place}.url",
            f"somebody answers on {endpoint.url}, but it is no engine that is known",
            "queries sent there fail",
            "correct `url`: the engine's base address, without /v1",
        )  # fmt: skip
        return
    yield from _kind(place, endpoint, met.identity)
    yield from _model(place, endpoint, met.identity)
    yield from _slots(place, endpoint, met)
    yield from _context(endpoint, model, met.identity)
    yield from _clock(place, endpoint, met)


def _unreachable(place: str, endpoint: Endpoint, met: Met, elsewhere: Mapping[str, str]) -> Finding:
    start = f"`{_START[endpoint.engine]}`" if endpoint.engine in _START else "the engine"
    there = elsewhere.get(endpoint.upstream_model or endpoint.model)
    return Finding(
        "unreachable", Severity.ERROR, f"{place}.url",
        f"nobody answers on {endpoint.url} ({_short(met.problem)})",
        f"{endpoint.id} gets no queries; those for {endpoint.model} wait or are refused where no "
        "other endpoint serves it",
        f"write `url: {there}`, where that model is served" if there is not None
        else f"start {start}, or correct `url`",
    )  # fmt: skip


def _short(problem: str) -> str:
    if "Connect call failed" in problem:
        return "connection refused"
    return "no such host" if "DNS" in problem else problem


def _kind(place: str, endpoint: Endpoint, identity: Identity) -> Iterator[Finding]:
    if endpoint.engine in (AUTO, identity.engine, "openai"):
        return
    hidden = identity.engine == "openai"
    yield Finding(
        "other_engine", Severity.WARNING if hidden else Severity.ERROR, f"{place}.engine",
        f"{endpoint.url} is {identity.engine}, not {endpoint.engine}"
        + ("; or something in front of it hides what it is" if hidden else ""),
        "its state is read where it is not, so that load, slots and waiting stay unknown",
        f"write `engine: {identity.engine}` (or `engine: auto`)",
    )  # fmt: skip


def _served(endpoint: Endpoint, identity: Identity) -> ServedModel | None:
    """The model as the engine lists it; Ollama means ``:latest`` where no tag is given."""
    name = endpoint.upstream_model or endpoint.model
    names = {name, f"{name}:latest"} if identity.engine == "ollama" else {name}
    return next((served for served in identity.models if served.name in names), None)


def _model(place: str, endpoint: Endpoint, identity: Identity) -> Iterator[Finding]:
    name = endpoint.upstream_model or endpoint.model
    served = _served(endpoint, identity)
    if served is None and identity.models:
        names = [each.name for each in identity.models]
        guess = names[0] if len(names) == 1 else nearest(name, names)
        listed = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        pull = f"`ollama pull {name}`, or " if identity.engine == "ollama" else ""
        yield Finding(
            "model_not_served", Severity.ERROR, f"{place}.model",
            f"{endpoint.url} does not serve {name!r}; it serves {listed}",
            "queries sent there are answered with 404, or by another model",
            f"{pull}write `upstream_model: {guess or 'NAME'}` under {endpoint.id}",
        )  # fmt: skip
    elif served is None:
        yield Finding(
            "no_models", Severity.WARNING, f"{place}.model",
            f"{endpoint.url} lists no model",
            "it is loading still, or every query to it fails",
            "look at its log; run `zeta doctor` again when it has loaded",
        )  # fmt: skip
    elif served.resident is False:
        yield Finding(
            "not_resident", Severity.NOTE, f"{place}.model",
            f"{name!r} is not in memory at {endpoint.url}",
            "the first query for it waits until it is loaded",
            "send it a query, keep it loaded (Ollama: OLLAMA_KEEP_ALIVE=-1), or set "
            "`limits.prewarm: true`",
        )  # fmt: skip


def _slots(place: str, endpoint: Endpoint, met: Met) -> Iterator[Finding]:
    engine = met.identity.engine if met.identity is not None else ""
    told = met.sample.slots if met.sample is not None else None
    value = told.value if told is not None else None
    if endpoint.slots is None and value is None:
        usual = UNTOLD_SLOTS.get(engine)
        flag = {"vllm": "--max-num-seqs", "sglang": "--max-running-requests"}.get(engine)
        yield Finding(
            "slots_unknown", Severity.WARNING, f"{place}.slots",
            f"{engine} does not tell how many requests it works on at once, so {DEFAULT_SLOTS} are "
            "assumed",
            "with too few it idles while queries wait; with too many they wait inside it, where "
            "no priority reaches them",
            f"write `slots: N`, its {flag or 'number of parallel requests'}"
            + (f" ({usual} is a usual value)" if usual else ""),
        )  # fmt: skip
    assumed = engine in ("ollama", "lmstudio")
    if endpoint.slots is None or value is None or endpoint.slots <= value:
        return
    raising = {
        "llamacpp": f"start it with `--parallel {endpoint.slots}`",
        "ollama": f"set OLLAMA_NUM_PARALLEL={endpoint.slots} where it runs (it does not tell)",
    }.get(engine, "give the engine more")
    yield Finding(
        "slots_above_engine", Severity.NOTE if assumed else Severity.WARNING, f"{place}.slots",
        f"slots is {endpoint.slots}, "
        + (f"{engine} works on {value:g} at once unless told otherwise" if assumed
           else f"the engine has {value:g}"),
        "the rest waits inside the engine, where no priority and no other replica reaches it",
        f"write `slots: auto`, or {raising}",
    )  # fmt: skip


def _context(endpoint: Endpoint, model: Model, identity: Identity) -> Iterator[Finding]:
    served = _served(endpoint, identity)
    place = f"models.{model.name}.context_tokens"
    if served is None or served.context_tokens is None:
        return
    if model.context_tokens is None:
        yield Finding(
            "context_unset", Severity.NOTE, place,
            f"{endpoint.id} takes {served.context_tokens} tokens, which the file does not say",
            "longer prompts are sent there and refused by the engine",
            f"write `context_tokens: {served.context_tokens}` under {model.name}",
        )  # fmt: skip
    elif model.context_tokens > served.context_tokens:
        yield Finding(
            "context_above_engine", Severity.ERROR, place,
            f"context_tokens is {model.context_tokens}, {endpoint.id} takes "
            f"{served.context_tokens}",
            "prompts between the two are sent there and refused or cut by the engine",
            f"write `context_tokens: {served.context_tokens}`, or start the engine with more",
        )  # fmt: skip


def _clock(place: str, endpoint: Endpoint, met: Met) -> Iterator[Finding]:
    if met.skew_s is None or abs(met.skew_s) <= SKEW_S:
        return
    ahead = "ahead of" if met.skew_s > 0 else "behind"
    yield Finding(
        "clock_skew", Severity.WARNING, f"{place}.url",
        f"the clock of {endpoint.url} is {abs(met.skew_s):.0f} s {ahead} this machine's",
        "routing does not read it, but its logs, its exporters and keep-alive times do not line up "
        "with those of here",
        "keep both machines' time with NTP (`timedatectl set-ntp true`)",
    )  # fmt: skip
