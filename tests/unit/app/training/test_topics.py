"""Training the topic reader end to end on made prompts, and its file."""

import gzip
import json

import numpy as np
import pytest

from zeta_router.app.training import topic_weights
from zeta_router.app.training.topic_data import graded_prompts, made_prompts
from zeta_router.app.training.topic_fit import spearman
from zeta_router.app.training.topic_weights import (
    parse_topics,
    shipped_topics,
    with_topics,
    write_topics,
)
from zeta_router.app.training.topics import run
from zeta_router.core.errors import BugError, ConfigError
from zeta_router.core.query import GENERATIVE_TASKS, Operation, Task, certain
from zeta_router.learn.task.ask import Ask, extract
from zeta_router.learn.task.topics import TopicReader, TopicWeights
from zeta_router.learn.task.trained import features_digest


class Told:
    """A classifier that knows."""

    def __init__(self, task):
        self.task = task

    def estimate(self, features, operation):
        return certain(self.task)


def write_rows(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def labelled(source, subcat, texts):
    return [{"text": text, "source": source, "subcat": subcat} for text in texts]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    rows = [
        *labelled("gsm8k-train", "", [f"Ann has {n} apples and buys {n} more." for n in range(9)]),
        *labelled("math-test-l1-4", "", [f"Let $f(x) = x^{n}$. Find $f({n})$." for n in range(9)]),
        *labelled("chatterbot-corpus", "", [f"Hi, how are you today {n}?" for n in range(9)]),
        *labelled("nobody-knows", "", ["?"]),
    ]
    write_rows(folder / "labels" / "train.jsonl.gz", rows)
    graded = [
        {"text": "What is 1 plus " + "2 plus " * n + "3?", "scale": scale, "value": n}
        for scale in ("a", "b")
        for n in range(1, 31)
    ]
    write_rows(folder / "labels" / "difficulty.jsonl.gz", graded)
    judged = [{"prompt_id": "1", "task": "t", "text": graded[3]["text"]}]
    write_rows(folder / "quality" / "t.prompts.jsonl.gz", judged)
    return folder


@pytest.fixture(scope="module")
def trained(data):
    said = []
    report = run(data, data / "out" / "topics.npz", said.append)
    weights = parse_topics((data / "out" / "topics.npz").read_bytes(), "topics.npz")
    return report, weights, said


def top(weights, text, task):
    reader = TopicReader(Told(task), weights)
    return reader.estimate(extract(Ask(text)), Operation.CHAT).topics[0].topic


def test_a_run_writes_weights_that_tell_domains_apart(trained):
    _, weights, said = trained
    assert said
    formal = top(weights, "Let $g(x) = x^2 - 1$. Find $g(3)$.", Task.REASONING)
    assert formal.startswith("reasoning/maths/")
    read = "What is the output?\n\ndef f(a):\n    return a[0] + 1\n\nprint(f([1]))"
    assert top(weights, read, Task.CODE).startswith("code/read/")
    assert top(weights, "Translate into German: He was late.", Task.SIMPLE) == "simple/text"


def test_longer_is_harder_where_the_grades_say_so(trained):
    _, weights, _ = trained
    short, long = (f"What is 1 plus {'2 plus ' * n}3?" for n in (0, 40))
    assert top(weights, short, Task.REASONING).endswith("/easy")
    assert top(weights, long, Task.REASONING).endswith("/hard")


def test_the_report_says_what_folds_found(trained, data):
    report, _, _ = trained
    assert set(report.domain_accuracy) == {task.value for task in GENERATIVE_TASKS}
    assert min(report.difficulty_correlation.values()) > 0.9
    assert report.weights_bytes == (data / "out" / "topics.npz").stat().st_size
    assert report.as_json()["graded"] == 58


def test_graded_prompts_of_quality_tables_are_left_out(data):
    texts = [prompt.text for prompt in graded_prompts(data)]
    assert len(texts) == 58
    assert "What is 1 plus " + "2 plus " * 4 + "3?" not in texts


def test_templates_fill_every_slot():
    prompts = made_prompts(2, seed=1)
    assert len({prompt.domain for prompt in prompts}) == 7
    assert not [p.text for p in prompts if "{n}" in p.text or "{snippet}" in p.text]
    assert made_prompts(2, seed=1) == prompts


def test_missing_labels_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"train\.jsonl\.gz"):
        run(tmp_path, tmp_path / "w.npz", lambda _: None)


def test_a_row_without_a_grade_is_named(tmp_path):
    write_rows(tmp_path / "difficulty.jsonl.gz", [{"text": "a", "scale": "b"}])
    with pytest.raises(ConfigError, match=r"difficulty\.jsonl\.gz:1: lacks value"):
        graded_prompts(tmp_path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"plain text", r"gz: is not a gzip file"),
        (
            gzip.compress(b'{"text": "a", "scale": "a", "value": 1}\n')[:-9],
            r"gz: is not a gzip file",
        ),
        (gzip.compress(b"{]\n"), r"gz:1: is not JSON"),
        (gzip.compress(b"[1]\n"), r"gz:1: is not a JSON object"),
        (gzip.compress(b'{"text": 3, "scale": "a", "value": 1}\n'), r"gz:1: text is 3"),
        (gzip.compress(b'{"text": "t", "scale": "a", "value": "x"}\n'), r"gz:1: value is 'x'"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path, content, told):
    (tmp_path / "difficulty.jsonl.gz").write_bytes(content)
    with pytest.raises(ConfigError, match=told):
        graded_prompts(tmp_path)


def test_a_file_that_cannot_be_written_is_named(tmp_path, trained):
    _, weights, _ = trained
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_topics(weights, tmp_path / "file" / "topics.npz")


def test_other_bytes_are_refused():
    with pytest.raises(BugError, match="does not hold"):
        parse_topics(b"PK", "x.npz")


def test_arrays_that_do_not_fit_are_refused(tmp_path, trained):
    _, weights, _ = trained
    short = TopicWeights(
        weights.domains[1:], weights.matrix, weights.bias, weights.centres, weights.features
    )
    write_topics(short, tmp_path / "w.npz")
    with pytest.raises(BugError, match="do not fit"):
        parse_topics((tmp_path / "w.npz").read_bytes(), "w.npz")


def test_rank_correlation_by_hand():
    """Ranks of 1, 3, 3, 9 are 0, 1.5, 1.5, 3; against 0, 1, 2, 3 that is 4.5 / sqrt(4.5 * 5)."""
    one, other = np.array([1, 3, 3, 9], np.float32), np.array([10, 20, 30, 40], np.float32)
    assert spearman(one, other) == pytest.approx(4.5 / 22.5**0.5)


def test_the_shipped_weights_belong_to_this_code():
    """`zeta train topics --data DIR --out src/zeta_router/learn/weights/topics.npz` mends it."""
    assert shipped_topics().features == features_digest()
    assert isinstance(with_topics(Told(Task.CODE)), TopicReader)


@pytest.mark.parametrize(
    ("text", "task", "domain"),
    [
        ("Ann has 3 apples, buys 5 more and eats 2. How many?", "reasoning", "arithmetic"),
        ("Find all real $x$ with $\\frac{x^2 - 1}{x + 1} = 3$.", "reasoning", "maths"),
        (
            "Anna is older than Ben, Ben is older than Cem. Who is the youngest?",
            "reasoning",
            "logic",
        ),
        (
            "Which enzyme is inhibited, and why does the pH of the solution fall?",
            "reasoning",
            "science",
        ),
        ("Write a Python function that merges two sorted lists.", "code", "write"),
        ("What does this print?\n\nfor i in range(3):\n    print(i * i)", "code", "read"),
        ("when was the eiffel tower built", "simple", "fact"),
        ("Summarize the following text.\n\nThe town is small. It has one shop.", "simple", "text"),
        ("Write a poem about autumn for my mother.", "simple", "writing"),
    ],
)
def test_the_shipped_weights_tell_domains_apart(text, task, domain):
    assert top(shipped_topics(), text, Task(task)).startswith(f"{task}/{domain}")


def test_weights_of_other_features_leave_tasks_alone(monkeypatch):
    monkeypatch.setattr(topic_weights, "features_digest", lambda: "another")
    told = Told(Task.CODE)
    assert with_topics(told) is told
