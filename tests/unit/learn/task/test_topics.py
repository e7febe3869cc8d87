"""What the topic reader makes of scores that are set by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zeta_router.core.errors import BugError
from zeta_router.core.query import Operation, Task, TaskEstimate, TopicShare, certain
from zeta_router.learn.task.ask import FEATURE_NAMES, Ask, extract
from zeta_router.learn.task.protocol import DEFAULT_COSTS, estimate_of
from zeta_router.learn.task.topics import BANDS, TopicReader, TopicWeights, domain_of
from zeta_router.learn.task.trained import features_digest

DOMAINS = ("simple/chat", "simple/fact", "code/read", "code/write", "reasoning/maths")
NAN = float("nan")
CENTRES = [(NAN, NAN, NAN)] * 2 + [(1.0, 2.0, 4.0)] * 3
COLUMNS = len(DOMAINS) + 3
DIFFICULTY = COLUMNS - 1
SCALED = FEATURE_NAMES.index("chars")


class Says:
    """A classifier that always says the same."""

    costs = DEFAULT_COSTS

    def __init__(self, estimate: TaskEstimate) -> None:
        self.said = estimate

    def estimate(self, features: tuple[float, ...], operation: Operation) -> TaskEstimate:
        return self.said


def weights(bias: dict[int, float] | None = None, slope: float = 0.0) -> TopicWeights:
    """Scores that depend on nothing but `bias`; difficulty rises by `slope` with ``chars``."""
    matrix = np.zeros((len(FEATURE_NAMES), COLUMNS), np.float32)
    matrix[SCALED, len(DOMAINS) :] = slope
    biases = np.zeros(COLUMNS, np.float32)
    for column, value in (bias or {}).items():
        biases[column] = value
    return TopicWeights(DOMAINS, matrix, biases, np.array(CENTRES, np.float32), features_digest())


def features(chars: float = 1.0) -> tuple[float, ...]:
    return tuple(chars if place == SCALED else 0.0 for place in range(len(FEATURE_NAMES)))


def read(
    posterior: tuple[float, float, float], found: TopicWeights, chars: float = 1.0
) -> TaskEstimate:
    said = estimate_of(posterior, DEFAULT_COSTS)
    return TopicReader(Says(said), found).estimate(features(chars), Operation.CHAT)


probabilities = st.floats(0.0, 1.0)
scores = st.dictionaries(st.integers(0, COLUMNS - 1), st.floats(-30.0, 30.0))


@settings(deadline=None, max_examples=60)
@given(probabilities, probabilities, probabilities, scores)
def test_tasks_keep_their_probability_and_the_sum_is_one(
    simple: float, code: float, reasoning: float, bias: dict[int, float]
) -> None:
    total = simple + code + reasoning
    if total < 1e-6:
        return
    posterior = (simple / total, code / total, reasoning / total)
    found = read(posterior, weights(bias))
    for task, probability in zip((Task.SIMPLE, Task.CODE, Task.REASONING), posterior, strict=True):
        assert found.probability(task) == pytest.approx(probability, abs=1e-9)
    assert sum(share.probability for share in found.topics) == pytest.approx(1.0)
    assert found.task is estimate_of(posterior, DEFAULT_COSTS).task
    shares = [share.probability for share in found.topics]
    assert shares == sorted(shares, reverse=True)
    assert all(share.probability >= 0.0 for share in found.topics)


def test_domains_share_a_task_by_their_scores() -> None:
    """Scores 1 apart: 1 / (1 + e^-1) = .731 of simple's .9."""
    found = {s.topic: s.probability for s in read((0.9, 0.05, 0.05), weights({1: 1.0})).topics}
    assert found["simple/fact"] == pytest.approx(0.9 * 0.7311, abs=1e-4)
    assert found["simple/chat"] == pytest.approx(0.9 * 0.2689, abs=1e-4)


def test_a_domain_of_little_share_leaves_it_to_the_others() -> None:
    found = {share.topic for share in read((1.0, 0.0, 0.0), weights({1: 3.0})).topics}
    assert found == {"simple/fact", "code", "reasoning"}


def test_an_improbable_task_stays_whole() -> None:
    found = {share.topic for share in read((0.96, 0.04, 0.0), weights()).topics}
    assert found == {"simple/chat", "simple/fact", "code", "reasoning"}


@pytest.mark.parametrize(
    ("difficulty", "expected"),
    [
        (-5.0, {"easy": 1.0}),
        (1.0, {"easy": 1.0}),
        (1.25, {"easy": 0.75, "medium": 0.25}),
        (2.0, {"medium": 1.0}),
        (3.5, {"medium": 0.25, "hard": 0.75}),
        (4.0, {"hard": 1.0}),
        (99.0, {"hard": 1.0}),
    ],
)
def test_bands_overlap(difficulty: float, expected: dict[str, float]) -> None:
    """Easy, medium and hard are centred at 1, 2 and 4."""
    topics = read((0.0, 0.0, 1.0), weights({DIFFICULTY: difficulty})).topics
    bands = {
        share.topic.rpartition("/")[2]: share.probability
        for share in topics
        if share.task is Task.REASONING and share.probability > 0.0
    }
    assert bands == pytest.approx(expected)


@settings(deadline=None, max_examples=60)
@given(st.floats(-10, 10), st.floats(-10, 10))
def test_more_difficult_is_never_an_easier_band(one: float, other: float) -> None:
    def level(difficulty: float) -> float:
        topics = read((0.0, 0.0, 1.0), weights({DIFFICULTY: difficulty})).topics
        place = {f"reasoning/maths/{band}": number for number, band in enumerate(BANDS)}
        return sum(place[s.topic] * s.probability for s in topics if s.task is Task.REASONING)

    low, high = sorted((one, other))
    assert level(low) <= level(high) + 1e-9


def test_the_features_are_read() -> None:
    """Difficulty is 3 times ``chars``: 1.0 gives 3, half way from medium to hard."""
    topics = read((0.0, 0.0, 1.0), weights(slope=3.0), chars=1.0).topics
    assert topics[0].probability == pytest.approx(0.5)
    assert read((0.0, 0.0, 1.0), weights(slope=3.0), chars=2.0).topics[0].topic.endswith("hard")


@pytest.mark.parametrize(
    "numbers",
    [(), (1.0, 2.0), extract(Ask("")), extract(Ask("a title please", housekeeping=True))],
)
def test_without_text_the_task_alone_tells(numbers: tuple[float, ...]) -> None:
    said = estimate_of((0.2, 0.3, 0.5), DEFAULT_COSTS)
    assert TopicReader(Says(said), weights()).estimate(numbers, Operation.CHAT) is said


def test_an_embedding_is_an_embedding() -> None:
    said = certain(Task.EMBEDDING)
    found = TopicReader(Says(said), weights()).estimate(features(), Operation.EMBEDDING)
    assert found.topics == (TopicShare("embedding", Task.EMBEDDING, 1.0),)


def test_weights_for_other_features_are_refused() -> None:
    with pytest.raises(BugError, match="zeta train topics"):
        TopicReader(Says(certain(Task.CODE)), replace(weights(), features="0" * 16))


@pytest.mark.parametrize(
    ("topic", "domain"),
    [
        ("reasoning/maths/hard", "reasoning/maths"),
        ("reasoning/maths", None),
        ("reasoning", None),
        ("gsm8k-test", None),
        ("", None),
    ],
)
def test_only_a_band_lies_in_a_domain(topic: str, domain: str | None) -> None:
    assert domain_of(topic) == domain
