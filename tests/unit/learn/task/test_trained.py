"""The trained classifier with the shipped weights, and what it does without text."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.prompts import README_EXAMPLES, task_prompts
from zeta_router.app.training.weights import shipped_classifier, shipped_weights
from zeta_router.core.errors import BugError
from zeta_router.core.query import GENERATIVE_TASKS, Operation, Task, TaskEstimate
from zeta_router.learn.task.ask import Ask, extract
from zeta_router.learn.task.protocol import TaskCosts
from zeta_router.learn.task.trained import TrainedClassifier

PROMPTS = task_prompts()
CLASSIFIER = shipped_classifier()


def estimate(text: str, **more: object) -> TaskEstimate:
    return CLASSIFIER.estimate(extract(Ask(text, **more)), Operation.CHAT)


@pytest.mark.parametrize(("prompt", "task"), README_EXAMPLES)
def test_the_three_examples_of_the_readme(prompt, task):
    assert estimate(prompt).task is task
    assert estimate(prompt).probability(task) > 0.9


def test_prompts_that_it_was_not_trained_on():
    right = sum(estimate(prompt).task is task for task, prompt in PROMPTS)
    assert len(PROMPTS) == 120
    assert right >= 114


@given(st.text(max_size=300))
def test_any_text_gives_a_posterior(text):
    found = estimate(text)
    assert sum(share.probability for share in found.topics) == pytest.approx(1.0)
    assert all(0.0 <= share.probability <= 1.0 for share in found.topics)


@pytest.mark.parametrize("features", [(), (1.0, 2.0), extract(Ask(""))])
def test_nothing_to_read_gives_a_flat_posterior(features):
    found = CLASSIFIER.estimate(features, Operation.CHAT)
    assert [found.probability(task) for task in GENERATIVE_TASKS] == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("operation", [Operation.EMBEDDING, Operation.RERANK])
def test_the_address_decides_for_embedding_and_rerank(operation):
    found = CLASSIFIER.estimate(extract(Ask("def f(): pass")), operation)
    assert found.task.value == operation.value


def test_housekeeping_is_simple_whatever_it_quotes():
    assert estimate("Title for: prove the theorem", housekeeping=True).task is Task.SIMPLE


def test_tools_schemas_and_turns_do_not_decide():
    for task, prompt in PROMPTS[::7]:
        plain = estimate(prompt)
        if plain.probability(task) > 0.9:
            dressed = estimate(prompt, has_tools=True, json_schema=True, turns=9)
            assert dressed.task is plain.task


def test_a_system_prompt_is_a_hint_and_not_the_ask():
    fact = "What is the capital of France?"
    assert estimate(fact, system="You are a senior Python developer.").task is Task.SIMPLE


def test_costs_are_a_setting():
    careful = TrainedClassifier(shipped_weights(), TaskCosts(hard_called_simple=1e6))
    features = extract(Ask("Is it far?"))
    assert CLASSIFIER.estimate(features, Operation.CHAT).task is Task.SIMPLE
    assert careful.estimate(features, Operation.CHAT).task is not Task.SIMPLE


def test_weights_for_other_features_are_refused():
    with pytest.raises(BugError, match="zeta train classifier"):
        TrainedClassifier(replace(shipped_weights(), features="0" * 16))


def test_the_shipped_weights_are_small():
    weights = shipped_weights()
    size = sum(array.nbytes for array in (weights.inner, weights.inner_bias, weights.out))
    assert size < 1_000_000
    assert weights.inner.dtype == np.float32
