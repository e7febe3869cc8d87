"""The rule classifier on prompts written for it; odd lines were tuned on, even lines never."""

import pytest

from support.prompts import README_EXAMPLES, task_prompts
from zeta_router.core.query import GENERATIVE_TASKS, Operation, Task
from zeta_router.learn.task.ask import Ask, ask_of_prompt, extract
from zeta_router.learn.task.protocol import TaskCosts
from zeta_router.learn.task.rules import RuleClassifier

PROMPTS = task_prompts()
RULES = RuleClassifier()


def task_of(text: str, **more: object) -> Task:
    return RULES.estimate(extract(Ask(text, **more)), Operation.CHAT).task


@pytest.mark.parametrize(("prompt", "task"), README_EXAMPLES)
def test_the_three_examples_of_the_readme(prompt, task):
    assert task_of(prompt) is task


@pytest.mark.parametrize("half", [0, 1], ids=["tuned", "unseen"])
def test_at_least_nine_of_ten_prompts_are_told(half):
    rows = PROMPTS[half::2]
    right = sum(task_of(prompt) is task for task, prompt in rows)
    assert len(rows) == 60
    assert right >= 54


@pytest.mark.parametrize("operation", [Operation.EMBEDDING, Operation.RERANK])
def test_the_address_decides_for_embedding_and_rerank(operation):
    features = extract(ask_of_prompt("def f(): pass"))
    estimate = RULES.estimate(features, operation)
    assert estimate.task.value == operation.value
    assert estimate.probability(estimate.task) == 1.0


@pytest.mark.parametrize("features", [(), (1.0, 2.0)])
def test_unknown_features_give_a_flat_posterior(features):
    estimate = RULES.estimate(features, Operation.CHAT)
    assert [estimate.probability(task) for task in GENERATIVE_TASKS] == pytest.approx([1 / 3] * 3)


def test_little_evidence_gives_a_flatter_posterior_than_much():
    vague = RULES.estimate(extract(Ask("go on")), Operation.CHAT)
    clear = RULES.estimate(
        extract(Ask("Prove the theorem: the integral converges")), Operation.CHAT
    )
    assert vague.topics[0].probability < 0.7 < clear.topics[0].probability


def test_housekeeping_is_simple_whatever_it_quotes():
    text = "### Task:\nGenerate a title for: prove the theorem, def f(x): return x"
    assert task_of(text, housekeeping=True) is Task.SIMPLE


def test_costs_are_a_setting():
    careful = RuleClassifier(TaskCosts(hard_called_simple=50.0))
    features = extract(Ask("go on"))
    assert RULES.estimate(features, Operation.CHAT).task is Task.SIMPLE
    assert careful.estimate(features, Operation.CHAT).task is not Task.SIMPLE
