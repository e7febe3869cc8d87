import pytest

from zeta_router.core.query import GENERATIVE_TASKS, Task
from zeta_router.monitor.engines.protocol import ModelKind, ServedModel
from zeta_router.monitor.guess import (
    MAX_QUALITY,
    PRIOR_QUALITY,
    SIZE_STEPS_B,
    kind_of,
    params_b_of,
    tasks_of,
)


@pytest.mark.parametrize("task", GENERATIVE_TASKS)
def test_a_larger_model_is_never_thought_worse(task):
    row = PRIOR_QUALITY[task]
    assert len(row) == len(SIZE_STEPS_B) + 1
    assert list(row) == sorted(row)
    assert all(0.0 < quality < 1.0 for quality in row)


def test_the_reference_fleet_of_the_design_is_guessed_about_right():
    coder = tasks_of(ServedModel("coder-7b"))
    reasoner = tasks_of(ServedModel("reasoner-14b"))
    assert coder == pytest.approx(
        {Task.SIMPLE: 0.7, Task.CODE: 0.75, Task.REASONING: 0.45}, abs=0.03
    )
    assert reasoner == pytest.approx(
        {Task.SIMPLE: 0.8, Task.CODE: 0.75, Task.REASONING: 0.75}, abs=0.03
    )


def test_a_coder_codes_better_than_its_plain_sibling():
    plain, coder = tasks_of(ServedModel("qwen2.5:7b")), tasks_of(ServedModel("qwen2.5-coder:7b"))
    assert coder[Task.CODE] > plain[Task.CODE]
    assert coder[Task.SIMPLE] <= plain[Task.SIMPLE]


@pytest.mark.parametrize("name", ["x-1000b-coder-reasoner", "x-0.001b", "whatever", ""])
def test_every_guess_is_a_quality(name):
    for quality in tasks_of(ServedModel(name)).values():
        assert 0.0 < quality <= MAX_QUALITY


def test_an_embedder_only_embeds():
    assert tasks_of(ServedModel("nomic-embed-text")) == {Task.EMBEDDING: 1.0}


def test_a_reranker_only_ranks():
    assert tasks_of(ServedModel("x", kind=ModelKind.RERANK)) == {Task.RERANK: 1.0}


def test_the_engine_knows_better_than_the_name():
    assert kind_of(ServedModel("embedded-systems-7b", kind=ModelKind.CHAT)) is ModelKind.CHAT


@pytest.mark.parametrize(
    ("model", "params_b"),
    [
        (ServedModel("x-7b", params_b=7.615), 7.615),
        (ServedModel("x-7b", size_bytes=10**12), 7),
        (ServedModel("x", size_bytes=4_683_087_332), 7.6),
        (ServedModel("x"), None),
    ],
)
def test_size_is_what_is_told_else_written_else_weighed(model, params_b):
    assert params_b_of(model) == pytest.approx(params_b) if params_b else True
    assert (params_b_of(model) is None) == (params_b is None)
