import json

import pytest

from zeta_router.core.query import Capability
from zeta_router.monitor.engines.ollama import SHOWN_AT_MOST, Ollama
from zeta_router.monitor.engines.protocol import ModelKind, Reply

VERSION = {"version": "0.14.1"}


def tag(name, size="7.6B", families=("qwen2",)):
    return {
        "name": name,
        "size": 4_683_087_332,
        "details": {"parameter_size": size, "families": list(families)},
    }


def identify(hold, *tags, ps=(), show=None):
    answers = {
        "/api/version": VERSION,
        "/api/tags": {"models": list(tags)},
        "/api/ps": {"models": list(ps)},
    }
    if show is not None:
        answers["/api/show"] = {"capabilities": show}
    return hold(Ollama().identify(), answers)


def test_size_is_taken_from_the_label(hold):
    (model,) = identify(hold, tag("qwen2.5-coder:latest", "7.6B")).models
    assert model.params_b == pytest.approx(7.6)
    assert model.size_bytes == 4_683_087_332


def test_context_is_known_only_of_loaded_models(hold):
    loaded = {"name": "a", "context_length": 4096}
    models = identify(hold, tag("a"), tag("b"), ps=[loaded]).models
    assert [(m.name, m.context_tokens, m.resident) for m in models] == [
        ("a", 4096, True),
        ("b", None, False),
    ]


@pytest.mark.parametrize(
    ("abilities", "kind", "lacks"),
    [
        (["completion", "tools"], ModelKind.CHAT, {Capability.VISION}),
        (["completion", "vision", "tools"], ModelKind.CHAT, set()),
        (["completion"], ModelKind.CHAT, {Capability.VISION, Capability.TOOLS}),
        (["embedding"], ModelKind.EMBEDDING, {Capability.VISION, Capability.TOOLS}),
        ([], ModelKind.UNKNOWN, set()),
        (None, ModelKind.UNKNOWN, set()),
    ],
)
def test_abilities_are_taken_as_told(hold, abilities, kind, lacks):
    (model,) = identify(hold, tag("a"), show=abilities).models
    assert model.kind is kind
    assert model.lacks == lacks


def test_an_older_ollama_tells_an_embedder_by_its_family(hold):
    (model,) = identify(hold, tag("a", families=["nomic-bert"])).models
    assert model.kind is ModelKind.EMBEDDING


def test_each_model_is_shown_by_its_own_name():
    conversation = Ollama().identify()
    next(conversation)
    tags = {"models": [tag("a"), tag("b")]}
    asks = conversation.send(
        (
            Reply(0.0, 200, json.dumps(VERSION).encode()),
            Reply(0.0, 200, json.dumps(tags).encode()),
        )
    )
    shows = [json.loads(ask.body) for ask in asks if ask.path == "/api/show"]
    assert shows == [{"model": "a"}, {"model": "b"}]


def test_a_large_library_is_not_asked_about_without_end(hold):
    asked = []
    answers = {
        "/api/version": VERSION,
        "/api/tags": {"models": [tag(f"m{number}") for number in range(500)]},
    }
    hold(Ollama().identify(), answers, asked)
    assert asked.count("/api/show") == SHOWN_AT_MOST


def test_load_is_absent_and_slots_are_the_stated_assumption(hold):
    sample = hold(Ollama().sample("a"), {"/api/ps": {"models": []}, "/api/tags": {"models": []}})
    assert sample.running.value is None
    assert sample.waiting.value is None
    assert sample.slots.value == 1
    assert "OLLAMA_NUM_PARALLEL" in sample.slots.source


def test_nothing_loaded_is_known_from_not_told(hold):
    assert hold(Ollama().sample("a"), {"/api/ps": {"models": []}}).resident == ()
    assert hold(Ollama().sample("a"), {}).resident is None


def test_what_speaks_only_half_of_ollama_is_not_ollama(hold):
    assert hold(Ollama().identify(), {"/api/version": VERSION}) is None
    assert hold(Ollama().identify(), {"/api/tags": {"models": []}}) is None
