from math import log

import pytest

from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import Model
from zeta_router.core.query import Task, TaskEstimate, TopicShare
from zeta_router.learn.length.head import LOG_SIGMA_FLOOR, LengthHead
from zeta_router.learn.quality.head import QualityCells
from zeta_router.sim.workload.lengths import FrozenLengths, KnownTopics, OracleLengths
from zeta_router.sim.workload.priors import Mean, by_posterior, by_table, falsified, seed_heads
from zeta_router.sim.workload.tables import Answer, Prompt


def prompt(number: int, topic: str, small: Answer, large: Answer) -> Prompt:
    return Prompt(f"p:{number}", topic, "", 10, {"small": small, "large": large})


PROMPTS = (
    prompt(1, "sums", Answer(0.0, 10), Answer(1.0, 40)),
    prompt(2, "sums", Answer(1.0, 30), Answer(1.0, None)),
    prompt(3, "poems", Answer(0.5, None), Answer(0.0, None)),
)


def test_means_are_taken_by_topic_and_model() -> None:
    means = by_table(PROMPTS)
    assert means["sums", "small"].quality == 0.5
    assert means["sums", "small"].output_tokens == 20
    assert means["sums", "small"].log_sigma == pytest.approx((log(30) - log(10)) / 2)
    assert means["sums", "large"].output_tokens == 40  # of those that have a length
    assert means["sums", "large"].weight == 2
    assert means["poems", "small"] == Mean(0.5, None, 0.0, 1.0)


def test_an_uncertain_topic_counts_by_its_shares() -> None:
    doubt = TaskEstimate(
        Task.SIMPLE,
        (TopicShare("a", Task.SIMPLE, 0.75), TopicShare("b", Task.CODE, 0.25)),
    )
    sure = TaskEstimate(Task.SIMPLE, (TopicShare("a", Task.SIMPLE, 1.0),))
    means = by_posterior(PROMPTS[:2], [doubt, sure])
    assert means["a", "small"].quality == pytest.approx(1.0 / 1.75)
    assert means["b", "small"].quality == 0.0
    assert means["b", "small"].weight == 0.25


def test_swapped_priors_exchange_best_and_worst_in_every_topic() -> None:
    means = by_table(PROMPTS)
    wrong = falsified(means, "swapped")
    assert wrong["sums", "small"] == means["sums", "large"]
    assert wrong["poems", "large"] == means["poems", "small"]
    assert falsified(means, "true") is means


def test_scaled_priors_are_cut_at_the_top() -> None:
    wrong = falsified(by_table(PROMPTS), "x1.5")
    assert wrong["sums", "small"].quality == 0.75
    assert wrong["sums", "small"].output_tokens == 30
    assert wrong["sums", "large"].quality == 0.99
    assert falsified(by_table(PROMPTS), "x0.5")["sums", "small"].quality == 0.25


@pytest.mark.parametrize("how", ["wrong", "x", "x-1", "2", "xinf"])
def test_other_words_are_refused(how: str) -> None:
    with pytest.raises(ConfigError, match="true, swapped, xF"):
        falsified(by_table(PROMPTS), how)


def test_the_routers_heads_say_what_they_were_told() -> None:
    models = {name: Model(name, {Task.REASONING: 0.5}) for name in ("small", "large")}
    quality, length = QualityCells(models), LengthHead()
    tasks = {"sums": Task.REASONING, "poems": Task.SIMPLE}
    seed_heads(by_table(PROMPTS), tasks, quality, length)
    topics = (TopicShare("sums", Task.REASONING, 1.0),)
    assert quality.mean(topics, "small") == pytest.approx(0.5)
    assert quality.mean(topics, "large") == pytest.approx(1.0)
    assert length.expect(topics, "small")[0] == pytest.approx(
        20, rel=0.25
    )  # pulled towards its task


def test_an_oracle_knows_the_length_of_this_very_answer() -> None:
    head = OracleLengths()
    share = TopicShare("sums", Task.SIMPLE, 1.0)
    known = KnownTopics((share,), {"small": 321})
    assert head.expect(known, "small") == (321.0, LOG_SIGMA_FLOOR)
    assert head.expect(known, "small", 100) == (100.0, LOG_SIGMA_FLOOR)
    assert head.expect((share,), "small") == LengthHead().expect((share,), "small")
    assert tuple(known) == (share,)


def test_a_frozen_head_does_not_learn() -> None:
    share = TopicShare("sums", Task.SIMPLE, 1.0)
    frozen, learning = FrozenLengths(), LengthHead()
    before = frozen.expect((share,), "small")
    for head in (frozen, learning):
        for _ in range(50):
            head.observe((share,), "small", 900)
    assert frozen.expect((share,), "small") == before
    assert learning.expect((share,), "small")[0] > 2 * before[0]
