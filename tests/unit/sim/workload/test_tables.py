import gzip
import json
from pathlib import Path

import pytest

from zeta_router.core.errors import ConfigError
from zeta_router.sim.workload.tables import Answer, first_bit, load_tables, prompts_path

MAP = {"small": "Tiny-1B", "large": "Big-70B"}
HEADER = "prompt_id,model,score,output_tokens\n"


def table(
    folder: Path, scores: str, *, name: str = "quiz", prompts: list[dict[str, object]] | None = None
) -> Path:
    if prompts is None:
        prompts = [
            {
                "prompt_id": f"quiz:{i}",
                "task": "sums",
                "text": f"{i} + {i}?",
                "input_tokens": 10 + i,
            }
            for i in range(8)
        ]
    text = "".join(json.dumps(row) + "\n" for row in prompts)
    (folder / f"{name}.prompts.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    path = folder / f"{name}.scores.csv.gz"
    path.write_bytes(gzip.compress(scores.encode()))
    return path


def all_answers(prompts: int = 8) -> str:
    return HEADER + "".join(
        f"quiz:{i},{model},{score},{tokens}\n"
        for i in range(prompts)
        for model, score, tokens in [("Tiny-1B", 0.5, 20), ("Big-70B", 1, ""), ("Other", 0, 5)]
    )


def test_prompts_carry_an_answer_of_every_mapped_model(tmp_path: Path) -> None:
    tables = load_tables([table(tmp_path, all_answers())], MAP)
    assert len(tables.prompts) == 8
    prompt = tables.prompts[3]
    assert (prompt.id, prompt.topic, prompt.text, prompt.input_tokens) == (
        "quiz:3",
        "sums",
        "3 + 3?",
        13,
    )
    assert prompt.answers == {"small": Answer(0.5, 20), "large": Answer(1.0, None)}
    assert tables.notes == ()


def test_the_halves_are_told_apart_by_the_hash_of_the_id(tmp_path: Path) -> None:
    assert [first_bit(f"gsm:{i}") for i in range(6)] == [1, 1, 0, 1, 0, 0]
    tables = load_tables([table(tmp_path, all_answers())], MAP)
    assert len(tables.played) + len(tables.known) == len(tables.prompts)
    assert not {p.id for p in tables.played} & {p.id for p in tables.known}
    assert all(first_bit(p.id) == 1 for p in tables.played)


def test_prompts_without_all_answers_are_left_out_and_counted(tmp_path: Path) -> None:
    scores = all_answers().replace("quiz:2,Big-70B,1,\n", "")
    tables = load_tables([table(tmp_path, scores)], MAP)
    assert len(tables.prompts) == 7
    assert tables.notes == ("quiz.scores.csv.gz: 1 prompts lack an answer and are left out",)


def test_a_plain_file_lies_beside_plain_prompts(tmp_path: Path) -> None:
    zipped = table(tmp_path, all_answers())
    for ending in ("scores.csv", "prompts.jsonl"):
        source = tmp_path / f"quiz.{ending}.gz"
        (tmp_path / f"quiz.{ending}").write_bytes(gzip.decompress(source.read_bytes()))
        source.unlink()
    assert not zipped.exists()
    assert prompts_path(tmp_path / "quiz.scores.csv").name == "quiz.prompts.jsonl"
    assert len(load_tables([tmp_path / "quiz.scores.csv"], MAP).prompts) == 8


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("quiz:0,Other,1.5,9", "outside [0, 1]"),
        ("quiz:0,Other,-0.1,9", "at least 0"),
        ("quiz:0,Other,nan,9", "finite"),
        ("quiz:0,Other,good,9", "not a number"),
        ("quiz:0,Other,1,9.5", "whole number"),
        ("quiz:99,Other,1,9", "not in the prompts file"),
        ("quiz:0,Tiny-1B,1,9", "a second time"),
        ("quiz:0,Other,1", "has 3 fields"),
    ],
)
def test_a_bad_score_is_named_with_file_line_and_reason(
    tmp_path: Path, row: str, problem: str
) -> None:
    path = table(tmp_path, all_answers() + row + "\n")
    with pytest.raises(ConfigError) as caught:
        load_tables([path], MAP)
    assert caught.value.path == f"{path}:26"
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("prompt", "problem"),
    [
        ({"task": "sums", "input_tokens": 3}, "prompt_id"),
        ({"prompt_id": "b", "task": "sums", "input_tokens": "many"}, "input_tokens"),
        ({"prompt_id": "b", "task": "sums", "input_tokens": -3}, "below 0"),
        ({"prompt_id": "a", "task": "sums", "input_tokens": 3}, "twice"),
    ],
)
def test_a_bad_prompt_is_named_too(tmp_path: Path, prompt: dict[str, object], problem: str) -> None:
    good = {"prompt_id": "a", "task": "sums", "input_tokens": 3}
    path = table(tmp_path, HEADER, prompts=[good, prompt])
    with pytest.raises(ConfigError) as caught:
        load_tables([path], MAP)
    assert caught.value.path.endswith("quiz.prompts.jsonl.gz:2")
    assert problem in caught.value.problem


def test_an_unknown_model_is_answered_with_those_of_the_table(tmp_path: Path) -> None:
    path = table(tmp_path, all_answers())
    with pytest.raises(ConfigError, match=r"'Other' is mapped|no model 'Oter'.*Other"):
        load_tables([path], {"small": "Tiny-1B", "large": "Oter"})


def test_nothing_mapped(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mapped"):
        load_tables([table(tmp_path, all_answers())], {})


def test_one_prompt_in_two_tables(tmp_path: Path) -> None:
    paths = [table(tmp_path, all_answers()), table(tmp_path, all_answers(), name="again")]
    with pytest.raises(ConfigError, match="another table"):
        load_tables(paths, MAP)


def test_no_prompts_beside_the_scores(tmp_path: Path) -> None:
    path = table(tmp_path, all_answers())
    (tmp_path / "quiz.prompts.jsonl.gz").unlink()
    with pytest.raises(ConfigError, match=r"has no quiz\.prompts\.jsonl\.gz beside it"):
        load_tables([path], MAP)
    with pytest.raises(ConfigError, match="is not named"):
        load_tables([tmp_path / "quiz.csv"], MAP)


def test_another_header(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown header"):
        load_tables([table(tmp_path, "id,model,score\n")], MAP)


def test_half_a_table_is_not_enough(tmp_path: Path) -> None:
    prompts: list[dict[str, object]] = [{"prompt_id": "gsm:0", "task": "t", "input_tokens": 1}]
    scores = HEADER + "gsm:0,Tiny-1B,1,1\ngsm:0,Big-70B,1,1\n"
    with pytest.raises(ConfigError, match="none to know from"):
        load_tables([table(tmp_path, scores, prompts=prompts)], MAP)
