import pytest

from zeta_router.core.query import Capability
from zeta_router.monitor.engines.lmstudio import LMStudio
from zeta_router.monitor.engines.protocol import ModelKind


def loaded(**config):
    return {"type": "llm", "key": "a", "loaded_instances": [{"id": "a", "config": config}]}


def v1(*rows):
    return {"/api/v1/models": {"models": list(rows)}}


V0 = {
    "/api/v0/models": {
        "data": [
            {
                "id": "gpt-oss-20b", "type": "llm", "compatibility_type": "gguf",
                "state": "loaded", "max_context_length": 131072, "loaded_context_length": 8192,
            },
            {"id": "gemma-vlm", "type": "vlm", "state": "not-loaded"},
            {"id": "text-embedding-nomic", "type": "embeddings", "state": "not-loaded"},
        ]
    }
}  # fmt: skip


def test_context_is_that_of_the_loaded_instance_not_the_models_most(hold):
    row = loaded(context_length=4096) | {"max_context_length": 262144}
    (model,) = hold(LMStudio().identify(), v1(row)).models
    assert model.context_tokens == 4096


def test_an_unloaded_model_has_no_known_context(hold):
    row = {"type": "llm", "key": "a", "loaded_instances": [], "max_context_length": 262144}
    (model,) = hold(LMStudio().identify(), v1(row)).models
    assert (model.context_tokens, model.resident, model.slots) == (None, False, None)


def test_parallel_is_the_number_of_slots(hold):
    sample = hold(LMStudio().sample("a"), v1(loaded(parallel=4)))
    assert sample.slots.value == 4


def test_slots_without_parallel_are_the_stated_assumption(hold):
    sample = hold(LMStudio().sample("a"), v1(loaded(context_length=4096)))
    assert sample.slots.value == 1
    assert "not told" in sample.slots.source


def test_slots_of_a_model_it_does_not_have_are_absent(hold):
    assert hold(LMStudio().sample("b"), v1(loaded(parallel=4))).slots.value is None


def test_abilities(hold):
    row = loaded() | {"capabilities": {"vision": False, "trained_for_tool_use": True}}
    (model,) = hold(LMStudio().identify(), v1(row)).models
    assert model.lacks == {Capability.VISION}


def test_the_older_list_is_read_too(hold):
    llm, vlm, embedder = hold(LMStudio().identify(), V0).models
    assert (llm.name, llm.context_tokens, llm.resident) == ("gpt-oss-20b", 8192, True)
    assert (vlm.kind, vlm.lacks) == (ModelKind.CHAT, frozenset())
    assert (embedder.kind, embedder.resident) == (ModelKind.EMBEDDING, False)


def test_no_models_at_all_is_still_lm_studio(hold):
    assert hold(LMStudio().identify(), v1()).models == ()


@pytest.mark.parametrize(
    "answers",
    [
        {"/api/v1/models": {"error": "Unexpected endpoint or method."}},
        {"/api/v1/models": {"models": [{"name": "x"}]}},
        {"/api/v0/models": {"data": [{"id": "x", "owned_by": "somebody"}]}},
        {"/api/v0/models": {"data": []}},
    ],
)
def test_other_lists_are_not_lm_studio(hold, answers):
    assert hold(LMStudio().identify(), answers) is None
    assert hold(LMStudio().probe("a"), answers) is False


def test_residency_is_told(hold):
    rows = [loaded(), {"type": "llm", "key": "b", "loaded_instances": []}]
    sample = hold(LMStudio().sample("a"), v1(*rows))
    assert (sample.models, sample.resident) == (("a", "b"), ("a",))
