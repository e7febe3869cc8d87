from __future__ import annotations

import json
import math
import random
import statistics

import pytest

from zeta_router.core.query import Task, TopicShare
from zeta_router.learn.length.head import LOG_SIGMA_FLOOR, PULL, TASK_GUESS, LengthHead
from zeta_router.learn.task.ask import FEATURE_NAMES


def topic(name: str, task: Task = Task.CODE, probability: float = 1.0) -> TopicShare:
    return TopicShare(name, task, probability)


SQL = (topic("sql"),)
WEB = (topic("web"),)
PROOF = (topic("proof", Task.REASONING),)


def taught(answers: int, mean_log: float = 5.0, sigma: float = 0.6, seed: int = 1) -> LengthHead:
    rng = random.Random(seed)
    head = LengthHead()
    for _ in range(answers):
        head.observe(SQL, "m", max(1.0, rng.lognormvariate(mean_log, sigma)))
    return head


@pytest.mark.parametrize("task", list(TASK_GUESS))
def test_nothing_known_gives_the_guess_of_the_task(task: Task) -> None:
    mean, log_sigma = LengthHead().expect((topic("t", task),), "m")
    assert mean == pytest.approx(TASK_GUESS[task].mean_tokens)
    assert log_sigma == pytest.approx(math.sqrt(TASK_GUESS[task].log_variance))


@pytest.mark.parametrize("task", [Task.EMBEDDING, Task.RERANK])
def test_an_embedding_has_no_output(task: Task) -> None:
    head = LengthHead()
    share = (topic("embedding", task),)
    head.observe(share, "m", 50.0)
    assert head.expect(share, "m") == (0.0, LOG_SIGMA_FLOOR)
    assert head.remaining(share, "m", 0.0) == 0.0


def test_it_learns_mean_and_spread() -> None:
    """300 answers with a memory of 50: the mean's standard error is about 7 %; tolerance 20 %."""
    mean, log_sigma = taught(300).expect(SQL, "m")
    assert mean == pytest.approx(math.exp(5.0 + 0.18), rel=0.2)
    assert log_sigma == pytest.approx(0.6, rel=0.25)


def test_shrinkage_by_hand() -> None:
    """One answer of 100 code tokens: task, (task, model), (topic, model), each 1 against 5."""
    head = LengthHead()
    head.observe(SQL, "m", 100.0)
    expected = TASK_GUESS[Task.CODE].mean_tokens
    for _ in range(3):
        expected = (100.0 + PULL * expected) / (1.0 + PULL)
    assert head.expect(SQL, "m")[0] == pytest.approx(expected)


def test_a_new_topic_profits_from_its_task_and_a_new_model_from_others() -> None:
    head = taught(200, mean_log=math.log(1500.0), sigma=0.2)
    guess = TASK_GUESS[Task.CODE].mean_tokens
    same_model = head.expect(WEB, "m")[0]
    other_model = head.expect(WEB, "n")[0]
    assert 1200 < same_model < 1800
    assert guess < other_model < 1800
    assert head.expect(PROOF, "m")[0] == TASK_GUESS[Task.REASONING].mean_tokens


def test_a_mixed_posterior_mixes_means_and_widens_the_spread() -> None:
    head = LengthHead()
    head.seed("short", "m", 20.0, 0.4, 50.0, task=Task.SIMPLE)
    head.seed("long", "m", 2000.0, 0.4, 50.0, task=Task.REASONING)
    short, long = (
        head.expect((topic(name, task),), "m")
        for name, task in (("short", Task.SIMPLE), ("long", Task.REASONING))
    )
    mixed = head.expect(
        (topic("short", Task.SIMPLE, 0.75), topic("long", Task.REASONING, 0.25)), "m"
    )
    assert mixed[0] == pytest.approx(0.75 * short[0] + 0.25 * long[0])
    assert mixed[1] > 1.5


def test_the_clients_limit_caps_it() -> None:
    assert LengthHead().expect(SQL, "m", 16)[0] == 16.0


def test_a_stretch_multiplies_before_the_cap() -> None:
    head = LengthHead()
    plain, _ = head.expect(SQL, "m")
    assert head.expect(SQL, "m", None, 2.0)[0] == pytest.approx(2.0 * plain)
    assert head.expect(SQL, "m", 400, 2.0)[0] == 400.0


def test_the_spread_has_a_floor() -> None:
    head = LengthHead()
    for _ in range(300):
        head.observe(SQL, "m", 100.0)
    assert head.expect(SQL, "m")[1] >= LOG_SIGMA_FLOOR


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.0, -5.0, 0.5])
def test_impossible_lengths_are_ignored(bad: float) -> None:
    head = LengthHead()
    before = head.state()
    head.observe(SQL, "m", bad)
    assert head.state() == before


def test_a_cut_answer_counts_as_longer_than_it_was_at_most_twice() -> None:
    cut, whole = LengthHead(), LengthHead()
    cut.observe(SQL, "m", 300.0, censored=True)
    whole.observe(SQL, "m", 300.0)
    assert cut.expect(SQL, "m")[0] > whole.expect(SQL, "m")[0]
    for _ in range(500):
        cut.observe(SQL, "m", 300.0, censored=True)
    assert cut.expect(SQL, "m")[0] <= 600.0 + 1e-6


def test_cutting_at_a_limit_biases_less_when_it_is_known() -> None:
    """True mean 335; cut at 256 the naive mean falls under 220."""
    rng = random.Random(4)
    told, naive = LengthHead(), LengthHead()
    for _ in range(2000):
        tokens = rng.lognormvariate(5.6, 0.65)
        told.observe(SQL, "m", min(tokens, 256.0), censored=tokens > 256.0)
        naive.observe(SQL, "m", min(tokens, 256.0))
    true = math.exp(5.6 + 0.65**2 / 2)
    assert naive.expect(SQL, "m")[0] < 0.65 * true
    assert told.expect(SQL, "m")[0] == pytest.approx(true, rel=0.25)


def test_mean_residual_life_follows_the_truth() -> None:
    """Lengths 100 or 2,000, half and half: past 100, about 2,000 - emitted are left."""
    head = LengthHead()
    rng = random.Random(2)
    for _ in range(600):
        head.observe(SQL, "m", rng.choice((100.0, 2000.0)))
    assert head.remaining(SQL, "m", 0.0) == pytest.approx(1050.0, rel=0.15)
    assert head.remaining(SQL, "m", 150.0) == pytest.approx(1850.0, rel=0.15)
    assert head.remaining(SQL, "m", 1000.0) == pytest.approx(1000.0, rel=0.25)


def test_a_long_runner_keeps_looking_long() -> None:
    head = taught(300, mean_log=4.0, sigma=0.3)
    left = [head.remaining(SQL, "m", emitted) for emitted in (1e3, 1e4, 1e5, 1e7)]
    assert all(tokens > 0.0 for tokens in left)
    assert head.remaining(SQL, "m", 1000.0, max_output_tokens=1010) == 10.0
    assert head.remaining(SQL, "m", 1000.0, max_output_tokens=900) == 0.0


def test_what_remains_mixes_topics_by_how_likely_they_still_are() -> None:
    """After 500 tokens it can hardly be the topic whose answers have 20."""
    head = LengthHead()
    for _ in range(200):
        head.observe((topic("short", Task.SIMPLE),), "m", 20.0)
        head.observe((topic("long", Task.REASONING),), "m", 3000.0)
    both = (topic("short", Task.SIMPLE, 0.9), topic("long", Task.REASONING, 0.1))
    assert head.remaining(both, "m", 500.0) > 1500.0


def test_a_seed_needs_no_task_for_a_known_topic() -> None:
    head = LengthHead()
    head.observe(PROOF, "m", 10.0)
    head.seed("proof", "m", 800.0, 0.5, 45.0)
    head.seed("code", "m", 90.0, 0.5, 45.0)
    head.seed("riddle", "m", 60.0, 0.5, 45.0)
    assert head.expect((topic("argument", Task.REASONING),), "m")[0] > 600.0
    assert head.expect((topic("script", Task.CODE),), "m")[0] < 200.0
    assert head.expect((topic("greeting", Task.SIMPLE),), "m")[0] < 100.0


def test_features_that_matter_are_found_and_used() -> None:
    rng = random.Random(3)
    place = FEATURE_NAMES.index("numbers")
    head = LengthHead()

    def asked(numbers: float) -> tuple[float, ...]:
        return tuple(numbers if index == place else 0.0 for index in range(len(FEATURE_NAMES)))

    errors: dict[bool, list[float]] = {True: [], False: []}
    for index in range(1500):
        features = asked(rng.random())
        tokens = 200.0 * math.exp(2.0 * (features[place] - 0.5) + rng.gauss(0.0, 0.2))
        if index > 500:
            for used in errors:
                stretch = head.stretch(SQL, features) if used else 1.0
                mean, _ = head.expect(SQL, "m", None, stretch)
                errors[used].append(abs(math.log(mean / tokens)))
        head.observe(SQL, "m", tokens, features=features)
    assert statistics.fmean(errors[True]) < 0.6 * statistics.fmean(errors[False])


def test_restored_it_expects_and_learns_the_same() -> None:
    head, copy = taught(150), LengthHead()
    head.observe((topic("sql", probability=0.6), topic("proof", Task.REASONING, 0.4)), "n", 77.0)
    copy.restore(json.loads(json.dumps(head.state())))
    for each in (head, copy):
        each.observe(SQL, "n", 300.0, censored=True)
    for model in ("m", "n"):
        assert copy.expect(SQL, model) == head.expect(SQL, model)
        assert copy.remaining(PROOF, model, 90.0) == head.remaining(PROOF, model, 90.0)
    assert copy.state() == head.state()


def test_a_band_starts_from_what_its_domain_has_shown() -> None:
    """No hard question was answered; 200 easy ones of the same domain took 1,000 tokens."""
    head = LengthHead()
    for _ in range(200):
        head.observe((topic("reasoning/maths/easy", Task.REASONING),), "m", 1000.0)
        head.observe((topic("reasoning/logic/easy", Task.REASONING),), "m", 100.0)
    hard, _ = head.expect((topic("reasoning/maths/hard", Task.REASONING),), "m")
    assert hard == pytest.approx(1000.0, rel=0.1)
    other, _ = head.expect((topic("reasoning/science/hard", Task.REASONING),), "m")
    assert 300.0 < other < 700.0


def test_what_lengthens_answers_in_one_domain_says_nothing_in_another() -> None:
    """Code grows with ``chars`` and maths does not; bands of one domain share what they show."""
    rng = random.Random(5)
    place = FEATURE_NAMES.index("chars")
    head = LengthHead()
    code, maths = topic("code/read/easy"), topic("reasoning/maths/easy", Task.REASONING)

    def asked(chars: float) -> tuple[float, ...]:
        return tuple(chars if index == place else 0.0 for index in range(len(FEATURE_NAMES)))

    for _ in range(600):
        chars = rng.random()
        grown = 100.0 * math.exp(2.0 * chars + rng.gauss(0.0, 0.1))
        head.observe((code,), "m", grown, features=asked(chars))
        head.observe((maths,), "m", 100.0 * math.exp(rng.gauss(0.0, 0.1)), features=asked(chars))
    assert head.stretch((topic("code/read/hard"),), asked(1.0)) > 1.5
    assert head.stretch((maths,), asked(1.0)) == pytest.approx(1.0, abs=0.1)
    assert head.stretch((topic("code/write/easy"),), asked(1.0)) == 1.0


def test_restored_it_stretches_the_same() -> None:
    head, copy = LengthHead(), LengthHead()
    rng = random.Random(6)
    for _ in range(200):
        features = tuple(rng.random() for _ in FEATURE_NAMES)
        head.observe(SQL, "m", 50.0 * math.exp(3.0 * features[0]), features=features)
    copy.restore(json.loads(json.dumps(head.state())))
    features = tuple(0.9 for _ in FEATURE_NAMES)
    assert copy.stretch(SQL, features) == head.stretch(SQL, features)
    assert copy.state() == head.state()
