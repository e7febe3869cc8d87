import pytest

from zeta_router.core.query import Capability
from zeta_router.monitor.engines.llamacpp import LlamaCpp

PROPS = {"total_slots": 4, "is_sleeping": False, "modalities": {"vision": False}}
METRICS = "llamacpp:requests_processing 2\nllamacpp:requests_deferred 1\n"
SLOTS = [{"id": index, "is_processing": index < 3} for index in range(4)]
MODELS = {
    "data": [
        {
            "id": "m.gguf",
            "owned_by": "llamacpp",
            "meta": {"n_ctx": 1024, "n_ctx_train": 8192, "n_params": 134515008, "size": 96576768},
        }
    ]
}
ALL = {"/props": PROPS, "/metrics": METRICS, "/slots": SLOTS, "/v1/models": MODELS}


def without(*paths):
    return {path: answer for path, answer in ALL.items() if path not in paths}


def test_context_is_that_of_one_slot_and_size_is_told(hold):
    (model,) = hold(LlamaCpp().identify(), ALL).models
    assert model.context_tokens == 1024
    assert model.params_b == pytest.approx(0.1345, rel=1e-3)
    assert model.size_bytes == 96576768
    assert model.lacks == {Capability.VISION}


def test_is_known_by_its_signature_alone(hold, reply):
    loading = reply({"error": {"message": "Loading model"}}, 503, server="llama.cpp")
    identity = hold(LlamaCpp().identify(), {"/v1/models": loading, "/props": loading})
    assert (identity.engine, identity.models, identity.slots) == ("llamacpp", (), None)


def test_busy_slots_stand_in_for_metrics_that_are_off(hold):
    """Without ``--metrics`` the address answers 501; deferred requests are then not known."""
    sample = hold(LlamaCpp().sample("m.gguf"), without("/metrics"))
    assert (sample.running.value, sample.running.source) == (3, "/slots is_processing")
    assert sample.waiting.value is None
    assert sample.waiting.source == "/metrics: HTTP 404"


def test_metrics_are_enough_when_slots_are_off(hold):
    sample = hold(LlamaCpp().sample("m.gguf"), without("/slots"))
    assert (sample.running.value, sample.waiting.value, sample.slots.value) == (2, 1, 4)


def test_slots_are_counted_when_props_do_not_tell(hold):
    sample = hold(LlamaCpp().sample("m.gguf"), without("/props"))
    assert (sample.slots.value, sample.slots.source) == (4, "/slots")


def test_kv_use_is_not_made_up(hold):
    sample = hold(LlamaCpp().sample("m.gguf"), ALL)
    assert sample.kv_used_ratio.value is None
    assert "does not export" in sample.kv_used_ratio.source


def test_a_sleeping_engine_is_not_woken(hold):
    asked = []
    answers = ALL | {"/props": PROPS | {"is_sleeping": True}}
    sample = hold(LlamaCpp().sample("m.gguf"), answers, asked)
    assert not any(path.startswith(("/metrics", "/slots")) for path in asked)
    assert sample.running.value is None
    assert sample.slots.value == 4
    assert sample.resident == ()


def test_a_router_is_asked_about_the_model_without_loading_it(hold):
    asked = []
    hold(LlamaCpp().sample("qwen/7b:q4"), ALL, asked)
    assert "/metrics?model=qwen%2F7b%3Aq4&autoload=false" in asked
    assert "/slots?model=qwen%2F7b%3Aq4&autoload=false" in asked


def test_a_router_tells_which_models_are_loaded(hold):
    rows = [
        {"id": name, "owned_by": "llamacpp", "status": {"value": state}}
        for name, state in (("a", "loaded"), ("b", "unloaded"), ("c", "sleeping"))
    ]
    sample = hold(LlamaCpp().sample("a"), ALL | {"/v1/models": {"data": rows}})
    assert sample.models == ("a", "b", "c")
    assert sample.resident == ("a",)


@pytest.mark.parametrize(("status", "alive"), [(200, True), (503, False), (404, False)])
def test_loading_is_not_alive_yet(hold, reply, status, alive):
    assert hold(LlamaCpp().probe("m"), {"/health": reply({"status": "x"}, status)}) is alive
