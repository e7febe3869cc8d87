"""Each rule finds its own mistake, says the exact mend, and is silent over a sound fleet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from zeta_router.app.config import Resources as Places
from zeta_router.app.doctor import engines, fleet, gateway, resources, signals
from zeta_router.app.doctor.finding import Finding, Severity
from zeta_router.app.doctor.meeting import Met
from zeta_router.core.fleet import Endpoint, FleetConfig, Limits, Model
from zeta_router.core.query import Slo, Task
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.monitor.engines.protocol import Identity, Reply, ServedModel
from zeta_router.monitor.resources.usage import Resources

ENDPOINT = Endpoint("a", "http://127.0.0.1:8081", "m", engine="llamacpp", slots=4)
MODEL = Model("m", {Task.CODE: 0.7}, context_tokens=4096)
SERVED = ServedModel("m", context_tokens=4096, resident=True)


def told(value: float | None, source: str = "x") -> Signal:
    return Signal(value, 0.0, source)


SAMPLE = EngineSample(slots=told(4.0), running=told(0.0), waiting=told(0.0))


def page(status: int = 200, body: bytes = b"", **headers: str) -> Reply:
    return Reply(0.0, status, body, headers)


def met(**more: Any) -> Met:
    """A sound llama.cpp, or what `more` makes of it."""
    pages = {"/v1/models": page(), "/metrics": page(), "/slots": page()} | more.pop("pages", {})
    sound = Met(Identity("llamacpp", (SERVED,), slots=4), SAMPLE, pages, 0.4)
    return replace(sound, **more)


def found(endpoint: Endpoint = ENDPOINT, model: Model = MODEL, **more: Any) -> list[Finding]:
    said = met(**more)
    first = engines.examine("endpoints[0]", endpoint, model, said)
    return [*first, *signals.missing("endpoints[0]", endpoint, said)]


def only(findings: list[Finding]) -> Finding:
    (one,) = findings
    assert all((one.code, one.place, one.what, one.why, one.mend))
    return one


def identity(engine: str, **more: Any) -> dict[str, Any]:
    return {"identity": Identity(engine, (replace(SERVED, **more),))}


def test_a_sound_endpoint_has_no_finding() -> None:
    assert found() == []


def test_nobody_there() -> None:
    refused = Reply(0.0, problem="ClientConnectorError: Connect call failed ('127.0.0.1', 8081)")
    lost = Met(pages={"/v1/models": refused})
    one = only(list(engines.examine("endpoints[0]", ENDPOINT, MODEL, lost)))
    assert (one.code, one.severity) == ("unreachable", Severity.ERROR)
    assert "connection refused" in one.what
    assert "llama-server" in one.mend
    at = {"m": "http://127.0.0.1:11434"}
    moved = only(list(engines.examine("endpoints[0]", ENDPOINT, MODEL, lost, at)))
    assert "url: http://127.0.0.1:11434" in moved.mend


def test_a_key_is_wanted() -> None:
    one = only(found(pages={"/v1/models": page(401)}))
    assert one.code == "key_refused"
    assert "api_key: ${NAME}" in one.mend


def test_somebody_who_is_no_engine() -> None:
    assert only(found(identity=None, sample=None)).code == "no_engine"


def test_another_engine_than_configured() -> None:
    vllm = replace(ENDPOINT, engine="vllm")
    one = only(found(vllm))
    assert (one.code, one.severity) == ("other_engine", Severity.ERROR)
    assert "engine: llamacpp" in one.mend
    hidden = only(found(vllm, **identity("openai")))
    assert hidden.severity is Severity.WARNING
    assert found(replace(ENDPOINT, engine="auto")) == []


def test_a_model_that_is_not_served() -> None:
    one = only(found(**identity("llamacpp", name="other")))
    assert one.code == "model_not_served"
    assert "upstream_model: other" in one.mend
    ollama = replace(ENDPOINT, engine="ollama")
    pulled = found(ollama, identity=Identity("ollama", (replace(SERVED, name="other"),)))
    assert "ollama pull m" in only(pulled).mend
    assert found(ollama, identity=Identity("ollama", (replace(SERVED, name="m:latest"),))) == []
    assert only(found(identity=Identity("llamacpp"))).code == "no_models"


def test_a_model_that_is_not_in_memory() -> None:
    ollama = replace(ENDPOINT, engine="ollama")
    one = only(found(ollama, **identity("ollama", resident=False)))
    assert (one.code, one.severity) == ("not_resident", Severity.NOTE)


def test_more_slots_than_the_engine_has() -> None:
    one = only(found(replace(ENDPOINT, slots=9)))
    assert (one.code, one.severity) == ("slots_above_engine", Severity.WARNING)
    assert "--parallel 9" in one.mend
    ollama = replace(ENDPOINT, engine="ollama", slots=9)
    assumed = only(found(ollama, **identity("ollama")))
    assert assumed.severity is Severity.NOTE
    assert "OLLAMA_NUM_PARALLEL=9" in assumed.mend


def test_slots_that_nobody_tells() -> None:
    sample = replace(SAMPLE, slots=told(None), kv_used_ratio=told(0.1))
    vllm = replace(ENDPOINT, engine="vllm", slots=None)
    one = only(found(vllm, sample=sample, **identity("vllm")))
    assert one.code == "slots_unknown"
    assert "--max-num-seqs" in one.mend
    assert found(replace(vllm, slots=32), sample=sample, **identity("vllm")) == []


def test_more_context_than_the_engine_takes() -> None:
    one = only(found(model=replace(MODEL, context_tokens=8192)))
    assert (one.code, one.place) == ("context_above_engine", "models.m.context_tokens")
    assert "context_tokens: 4096" in one.mend
    unset = only(found(model=replace(MODEL, context_tokens=None)))
    assert (unset.code, unset.severity) == ("context_unset", Severity.NOTE)


def test_a_clock_that_is_wrong() -> None:
    one = only(found(skew_s=-90.0))
    assert one.code == "clock_skew"
    assert "90 s behind" in one.what
    assert found(skew_s=None) == found(skew_s=4.0) == []


BLIND = EngineSample(slots=told(4.0), running=told(0.0), waiting=told(None, "/metrics: HTTP 501"))


@pytest.mark.parametrize(
    ("engine", "flag"),
    [
        ("llamacpp", "--metrics"),
        ("sglang", "--enable-metrics"),
        ("vllm", "--disable-log-stats"),
        ("tei", "let http://127.0.0.1:8081/metrics through"),
    ],
)
def test_the_flag_that_is_missing(engine: str, flag: str) -> None:
    said = met(sample=BLIND, pages={"/metrics": page(501)}, **identity(engine))
    one = only(list(signals.missing("endpoints[0]", ENDPOINT, said)))
    assert one.code == "metrics_missing"
    assert "waiting" in one.what
    assert flag in one.mend


def test_both_pages_of_llama_cpp_are_switched_off() -> None:
    sample = replace(BLIND, running=told(None))
    said = met(sample=sample, pages={"/metrics": page(501)})
    codes = [each.code for each in signals.missing("endpoints[0]", ENDPOINT, said)]
    assert codes == ["metrics_missing", "slots_page_missing"]


def test_metrics_with_new_names() -> None:
    body = b'# HELP x\nvllm:num_requests_queued{engine="0"} 3\nvllm:num_requests_running 1\n'
    said = met(sample=BLIND, pages={"/metrics": page(body=body)}, **identity("vllm"))
    one = only(list(signals.missing("endpoints[0]", ENDPOINT, said)))
    assert one.code == "metrics_renamed"
    assert "vllm:num_requests_" in one.what


def test_engines_that_tell_nothing_miss_nothing() -> None:
    blank = EngineSample(slots=told(1.0), running=told(None), waiting=told(None))
    assert list(signals.missing("e", ENDPOINT, met(sample=blank, **identity("ollama")))) == []


def a_fleet(**more: Any) -> FleetConfig:
    return FleetConfig({"m": MODEL}, (ENDPOINT,), **more)


def test_a_task_that_nobody_up_can_do() -> None:
    assert list(fleet.examine(a_fleet(), {"a": met()})) == []
    one = only(list(fleet.examine(a_fleet(), {"a": Met()})))
    assert one.code == "no_capable_model"
    assert "code" in one.what


def test_one_server_counted_twice() -> None:
    other = replace(ENDPOINT, id="b", slots=4)
    both = FleetConfig({"m": MODEL}, (ENDPOINT, other))
    ollama = met(**identity("ollama"))
    one = only(list(fleet.examine(both, {"a": ollama, "b": ollama})))
    assert one.code == "shared_address"
    assert "claim 8" in one.what
    assert "divide its 4 slots" in one.mend
    assert list(fleet.examine(both, {"a": met(), "b": met()})) == []  # llama.cpp tells


@pytest.mark.parametrize("engine", ["ollama", "lmstudio"])
def test_two_models_of_an_engine_with_slots_for_each(engine: str) -> None:
    """OLLAMA_NUM_PARALLEL is per model: what `zeta init` writes for two is right."""
    one, two = (replace(ENDPOINT, id=key, slots=1, model=key) for key in ("a", "b"))
    models = {key: replace(MODEL, name=key) for key in ("a", "b")}
    said = met(sample=replace(SAMPLE, slots=told(1.0)), **identity(engine))
    assert list(fleet.examine(FleetConfig(models, (one, two)), {"a": said, "b": said})) == []
    same = replace(two, upstream_model="a:latest")
    found = only(list(fleet.examine(FleetConfig(models, (one, same)), {"a": said, "b": said})))
    assert found.code == "shared_address"
    assert "keep 1 of them" in found.mend


def test_vectors_of_different_lengths_in_one_space() -> None:
    models = {name: Model(name, {Task.EMBEDDING: 1.0}, embedding_space="s") for name in ("m", "n")}
    endpoints = (ENDPOINT, replace(ENDPOINT, id="b", url="http://127.0.0.1:8082", model="n"))
    met_both = {"a": met(dimensions=384), "b": met(dimensions=768)}
    one = only(list(fleet.examine(FleetConfig(models, endpoints), met_both)))
    assert one.code == "mixed_space"
    assert "384" in one.what
    assert "768" in one.what


def test_waiting_longer_than_any_objective_allows() -> None:
    slo = {Task.CODE: Slo(ttft_s=1, e2e_s=10)}
    one = only(list(fleet.examine(a_fleet(slo=slo), {"a": met()})))
    assert (one.code, one.severity) == ("waits_beyond_slo", Severity.NOTE)
    assert "max_wait_s: 10" in one.mend
    patient = a_fleet(slo=slo, limits=Limits(max_wait_s=8))
    assert list(fleet.examine(patient, {"a": met()})) == []
    assert list(fleet.examine(a_fleet(slo={Task.SIMPLE: Slo(1)}), {"a": met()})) == []


def test_joint_without_any_objective() -> None:
    both = {"m": MODEL, "n": replace(MODEL, name="n")}
    bare = FleetConfig(both, (ENDPOINT,), policy="joint", limits=Limits(max_wait_s=20))
    one = only(list(fleet.examine(bare, {"a": met()})))
    assert (one.code, one.severity) == ("no_objectives", Severity.NOTE)
    assert "20 s at most" in one.why
    for sound in (
        replace(bare, slo={Task.SIMPLE: Slo(1)}),
        replace(bare, policy="static"),
        replace(bare, models={"m": MODEL}),
    ):
        assert list(fleet.examine(sound, {"a": met()})) == []


def test_resources_that_cannot_be_read() -> None:
    def said(places: Places, read: Resources, url: str = ENDPOINT.url) -> list[str]:
        at = replace(ENDPOINT, url=url)
        return [each.code for each in resources.examine("endpoints[0]", at, places, read)]

    assert said(Places(), Resources(rss_bytes=told(1e9))) == []
    assert said(Places(), Resources(rss_bytes=told(None, "held by ssh"))) == [
        "resources_unreadable"
    ]
    assert said(Places(), Resources(), "http://10.0.0.9:80") == ["resources_elsewhere"]
    assert said(Places(local=False), Resources()) == []
    exporter = Places(local=False, node_exporter="http://10.0.0.9:9100")
    assert said(exporter, Resources()) == ["resources_unreadable"]
    assert said(exporter, Resources(host_memory_ratio=told(0.5))) == []


def pages(**more: Any) -> gateway.Pages:
    from support.told_gateway import endpoint, learned
    from zeta_router import __version__

    health = {"version": __version__, "log_trouble": None} | more.get("health", {})
    fleet_page = {"policy": "static", "endpoints": [endpoint("a", **more.get("fleet", {}))]}
    state = {"endpoints": [learned("a", **more.get("state", {}))]}
    return gateway.Pages(health, fleet_page, state)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"health": {"log_trouble": "the disk is full"}}, "log_trouble"),
        ({"health": {"version": "0.0"}}, "other_version"),
        ({"fleet": {"state": "down"}}, "endpoint_out"),
        ({"fleet": {"state": "draining"}}, "draining"),
        (
            {"fleet": {"signals": {"slots": {"value": 4.0, "age_s": 99.0, "source": "x"}}}},
            "signals_old",
        ),
        ({"state": {"quality": ("degraded", "answers got worse")}}, "condition_quality"),
    ],
)
def test_what_a_running_gateway_says(more: dict[str, Any], code: str) -> None:
    assert only(list(gateway.examine("http://g", pages(**more), None))).code == code
    assert list(gateway.examine("http://g", pages(), None)) == []


def test_a_gateway_that_serves_something_else() -> None:
    one = only(list(gateway.examine("http://g", pages(), a_fleet())))
    assert one.code == "not_in_force"
    assert "a" in one.what
