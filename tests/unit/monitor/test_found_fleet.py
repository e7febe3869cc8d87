import re

import pytest

from zeta_router.core.query import Capability, Task
from zeta_router.monitor.discover import Found
from zeta_router.monitor.engines.protocol import Identity, ModelKind, ServedModel
from zeta_router.monitor.found_fleet import fleet_of


def found(engine, *names, port=1, slots=None, **more):
    served = tuple(
        name if isinstance(name, ServedModel) else ServedModel(name, **more) for name in names
    )
    return Found(f"http://127.0.0.1:{port}", Identity(engine, served, slots=slots))


OLLAMA = found(
    "ollama",
    "qwen2.5-coder:7b",
    "llama3.1:8b",
    "llama3.2:1b",
    "deepseek-r1:14b",
    "nomic-embed-text:latest",
    port=11434,
)


class TestOneOllama:
    fleet = fleet_of([OLLAMA])

    def test_every_model_is_an_endpoint_of_its_own(self):
        assert [one.upstream_model or one.model for one in self.fleet.endpoints] == [
            model.name for model in OLLAMA.identity.models
        ]
        assert {one.url for one in self.fleet.endpoints} == {"http://127.0.0.1:11434"}
        assert {one.engine for one in self.fleet.endpoints} == {"ollama"}

    def test_ids_are_readable_and_unique(self):
        ids = [one.id for one in self.fleet.endpoints]
        assert ids[0] == "ollama-qwen2.5-coder-7b"
        assert len(set(ids)) == len(ids)

    def test_each_task_goes_to_the_model_for_it(self):
        assert self.fleet.routes == {
            Task.SIMPLE: "qwen2.5-coder:7b",
            Task.CODE: "qwen2.5-coder:7b",
            Task.REASONING: "deepseek-r1:14b",
            Task.EMBEDDING: "nomic-embed-text:latest",
        }

    def test_the_hidden_queue_is_not_used(self):
        assert {one.slots for one in self.fleet.endpoints} == {1}

    def test_an_embedding_lives_in_the_space_of_its_model(self):
        spaces = {name: model.embedding_space for name, model in self.fleet.models.items()}
        assert spaces.pop("nomic-embed-text:latest") == "nomic-embed-text:latest"
        assert set(spaces.values()) == {None}


def test_the_reference_fleet_is_routed_as_the_design_says():
    fleet = fleet_of(
        [
            found("llamacpp", "small-4b", port=1, slots=8),
            found("llamacpp", "coder-7b", port=2, slots=8),
            found("llamacpp", "reasoner-14b", port=3, slots=8),
            found("openai", ServedModel("embedder-4b", ModelKind.EMBEDDING), port=4),
        ]
    )
    assert fleet.routes == {
        Task.SIMPLE: "small-4b",
        Task.CODE: "coder-7b",
        Task.REASONING: "reasoner-14b",
        Task.EMBEDDING: "embedder-4b",
    }


def test_simple_falls_to_the_best_when_none_is_good_enough():
    fleet = fleet_of([found("llamacpp", "x-135m", port=1), found("llamacpp", "x-1.5b", port=2)])
    assert fleet.routes[Task.SIMPLE] == "x-1.5b"


def test_only_an_embedder_means_only_embedding():
    assert fleet_of([found("tei", "BAAI/bge-m3")]).routes == {Task.EMBEDDING: "BAAI/bge-m3"}


def test_nothing_found_is_an_empty_fleet():
    fleet = fleet_of([])
    assert (fleet.models, fleet.endpoints, fleet.routes) == ({}, (), {})


def test_a_loading_engine_is_left_out():
    assert fleet_of([found("llamacpp")]).endpoints == ()


def test_the_same_model_on_two_engines_is_two_replicas():
    fleet = fleet_of([found("vllm", "a-7b", port=8000), found("vllm", "a-7b", port=8001)])
    assert list(fleet.models) == ["a-7b"]
    assert [one.id for one in fleet.endpoints] == ["vllm-a-7b", "vllm-a-7b-8001"]


def test_the_same_model_twice_on_one_engine_still_has_unique_ids():
    fleet = fleet_of([found("openai", "a", "a", "a")])
    assert len({one.id for one in fleet.endpoints}) == 3


def test_a_file_is_called_by_its_name_and_asked_for_by_its_path():
    fleet = fleet_of([found("llamacpp", "/m/SmolLM2-135M.gguf")])
    (endpoint,) = fleet.endpoints
    assert endpoint.model == "SmolLM2-135M"
    assert endpoint.upstream_model == "/m/SmolLM2-135M.gguf"


@pytest.mark.parametrize(
    ("engine", "slots"),
    [
        (found("llamacpp", "a", slots=4), [None]),
        (found("vllm", "a"), [32]),
        (found("vllm", "a", "lora-of-a"), [32, 32]),
        (found("sglang", "a", slots=48), [None]),
        (found("ollama", "a", "b"), [1, 1]),
        (found("lmstudio", ServedModel("a", slots=4), "b"), [4, 1]),
        (found("openai", "a"), [None]),
        (found("openai", "a", "b"), [2, 2]),
        (found("openai", *"abcdefgh"), [1] * 8),
        (found("tei", "a", slots=8), [None]),
    ],
)
def test_slots_that_one_engine_shares_are_not_handed_out_twice(engine, slots):
    assert [one.slots for one in fleet_of([engine]).endpoints] == slots


def test_what_the_engine_says_of_a_model_is_kept():
    served = ServedModel("a-7b", context_tokens=4096, lacks=frozenset({Capability.VISION}))
    model = fleet_of([found("ollama", served)]).models["a-7b"]
    assert model.context_tokens == 4096
    assert model.lacks == {Capability.VISION}
    assert model.params_b == 7


def test_every_route_names_a_model_that_can_do_the_task():
    fleet = fleet_of([OLLAMA, found("tei", "bge-reranker-v2", port=2)])
    for task, name in fleet.routes.items():
        assert fleet.models[name].tasks[task]
    assert fleet.routes[Task.RERANK] == "bge-reranker-v2"


ODD_NAMES = [
    "auto", "Auto:latest", "zeta", "zeta:7b", "my model 7b", "modèle-7b", "x" * 300, "-", "日本",
    "hf.co/bartowski/DeepSeek-R1-Distill-Qwen-14B-GGUF-with-a-very-long-name:Q4_K_M",
]  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_that_a_configuration_may_not_have_are_made_fit(name):
    """What discovery writes into `zeta.yaml` must be accepted when it is read again."""
    fleet = fleet_of([found("ollama", name, name), found("vllm", name, port=65535)])
    for endpoint in fleet.endpoints:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", endpoint.id)
        assert re.fullmatch(r"[!-~]{1,200}", endpoint.model)
        assert endpoint.model.lower().partition(":")[0] not in {"auto", "zeta"}
        assert (endpoint.upstream_model or endpoint.model) == name
    assert len({endpoint.id for endpoint in fleet.endpoints}) == 3


def test_two_models_whose_names_become_the_same_stay_two():
    fleet = fleet_of([found("ollama", "modèle", "modéle"), found("vllm", "modèle")])
    assert [endpoint.model for endpoint in fleet.endpoints] == ["mod-le", "mod-le-2", "mod-le"]
