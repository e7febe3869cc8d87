from __future__ import annotations

import csv
import gzip
import json
from itertools import islice
from pathlib import Path

import pytest

from zeta_router.app.bench.prompts import drawn, from_tables, synthetic
from zeta_router.core.errors import ConfigError
from zeta_router.core.query import GENERATIVE_TASKS, Operation, Task
from zeta_router.learn.task.ask import Ask, extract
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.sim.workload.tables import first_bit


def write_tables(folder: Path, text: str = "Hi") -> Path:
    with gzip.open(folder / "q.prompts.jsonl.gz", "wt") as file:
        for number in range(40):
            row = {"prompt_id": f"p{number}", "task": "t", "text": text, "input_tokens": 5}
            file.write(json.dumps({**row, "text": text and f"{text} {number}"}) + "\n")
    with gzip.open(folder / "q.scores.csv.gz", "wt") as file:
        rows = [
            (f"p{n}", m, (n % 2) * s, n or "") for n in range(40) for m, s in (("A", 1), ("B", 0.5))
        ]
        csv.writer(file).writerows([("prompt_id", "model", "score", "output_tokens"), *rows])
    return folder / "q.scores.csv.gz"


def test_tables_give_the_played_half_with_scores_and_lengths(tmp_path: Path) -> None:
    asks = from_tables([write_tables(tmp_path)], {"big": "A", "small": "B"})
    played = [number for number in range(40) if first_bit(f"p{number}")]
    assert [ask.text for ask in asks] == [f"Hi {number}" for number in played]
    odd = next(ask for ask, number in zip(asks, played, strict=True) if number % 2)
    assert odd.scores == {"big": 1.0, "small": 0.5}
    assert set(odd.output_tokens) == {"big", "small"}
    assert odd.topic == "t"


def test_tables_without_texts_cannot_be_asked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="without a text"):
        from_tables([write_tables(tmp_path, text="")], {"big": "A"})


def test_a_model_that_the_table_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Nobody"):
        from_tables([write_tables(tmp_path)], {"big": "Nobody"})


def test_draws_depend_on_the_seed_alone() -> None:
    asks = synthetic()
    one = [ask.text for ask in islice(drawn(asks, 1), 50)]
    assert one == [ask.text for ask in islice(drawn(asks, 1), 50)]
    assert one != [ask.text for ask in islice(drawn(asks, 2), 50)]


def test_the_built_in_set_has_three_kinds_that_the_product_tells_apart() -> None:
    """Four in five are what they are meant as, so that a live run reaches every route."""
    classifier = RuleClassifier()
    asks = synthetic()
    assert {ask.topic for ask in asks} == {task.value for task in GENERATIVE_TASKS}
    assert len({ask.text for ask in asks}) == len(asks)
    read = [classifier.estimate(extract(Ask(ask.text)), Operation.CHAT).task for ask in asks]
    right = [Task(ask.topic) is task for ask, task in zip(asks, read, strict=True)]
    assert sum(right) >= 0.8 * len(right)
