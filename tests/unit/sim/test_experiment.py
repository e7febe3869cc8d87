import gzip
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from signal import SIG_DFL, SIGINT, getsignal
from typing import Any

import msgspec
import pytest

from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import Endpoint, FleetConfig, Model, SimulatedSpeed
from zeta_router.core.query import Slo, Task
from zeta_router.learn.length.head import TASK_GUESS
from zeta_router.sim.cache import fingerprint
from zeta_router.sim.experiment import _prepare, run
from zeta_router.sim.options import Feedback, SimulateOptions
from zeta_router.sim.report.measure import WALL_CLOCK_FIELDS
from zeta_router.sim.study import Study

ALL_TASKS = {Task.SIMPLE: 0.5, Task.CODE: 0.5, Task.REASONING: 0.5}
FLEET = FleetConfig(
    models={
        "small": Model("small", ALL_TASKS, params_b=1.0),
        "large": Model("large", ALL_TASKS, params_b=14.0),
        "embedder": Model("embedder", {Task.EMBEDDING: 1.0}, embedding_space="s"),
    },
    endpoints=(
        Endpoint("a", "http://127.0.0.1:1", "small", simulate=SimulatedSpeed(9000, 0.01, 0.001, 8)),
        Endpoint("b", "http://127.0.0.1:2", "large", simulate=SimulatedSpeed(3000, 0.02, 0.001, 8)),
        Endpoint("e", "http://127.0.0.1:3", "embedder"),
    ),
    routes={Task.SIMPLE: "small", Task.REASONING: "large", Task.CODE: "large"},
    slo={task: Slo(2.0, 0.05) for task in ALL_TASKS},
)


def write_table(folder: Path) -> Path:
    prompts, scores = [], ["prompt_id,model,score,output_tokens"]
    for i in range(60):
        topic = ("sums", "proofs")[i % 2]
        text = "What is 2 + 2?" if i % 2 == 0 else "Prove that the square root of 2 is irrational."
        prompts.append({"prompt_id": f"p{i}", "task": topic, "text": text, "input_tokens": 20 + i})
        scores.append(f"p{i},Tiny,{int(i % 4 == 0)},{50 + i}")
        scores.append(f"p{i},Big,{int(i % 4 != 3)},{90 + i}")
    text = "\n".join(json.dumps(row) for row in prompts)
    (folder / "quiz.prompts.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    path = folder / "quiz.scores.csv.gz"
    path.write_bytes(gzip.compress("\n".join(scores).encode()))
    return path


@pytest.fixture
def options(tmp_path: Path) -> SimulateOptions:
    return SimulateOptions(
        fleet=FLEET,
        trace="poisson:rate=4",
        quality=(write_table(tmp_path),),
        table_model={"small": "Tiny", "large": "Big"},
        rates=(0.5, 1.0),
        policies=("static", "least_requests"),
        seeds=2,
        minutes=1.0,
        task_of={"sums": Task.SIMPLE, "proofs": Task.REASONING},
        processes=1,
    )


def without_wall_clock(result: dict[str, Any]) -> dict[str, Any]:
    rows = [{k: v for k, v in row.items() if k not in WALL_CLOCK_FIELDS} for row in result["rows"]]
    return {**result, "rows": rows}


def test_a_study_has_a_row_for_every_policy_rate_and_seed_and_bounds_beside(
    options: SimulateOptions,
) -> None:
    result = run(options)
    keys = [(row["rate"], row["seed"], row["policy"]) for row in result["rows"]]
    assert keys == [
        (rate, seed, policy)
        for rate in (0.5, 1.0)
        for seed in (0, 1)
        for policy in ("static", "least_requests")
    ]
    assert [set(each) for each in result["bounds"]] == [
        {"rate", "seed", "class_bound", "oracle_bound", "certified_bound"}
    ] * 4
    limits = {(each["rate"], each["seed"]): each for each in result["bounds"]}
    for row in result["rows"]:
        assert 0 < row["quality_goodput"] <= limits[row["rate"], row["seed"]]["certified_bound"]
        assert set(row["utilisation"]) == {"a", "b"}
        assert "timeline" not in row
    assert result["violations"] == []
    msgspec.json.encode(result)


def test_one_seed_gives_one_result(options: SimulateOptions) -> None:
    assert without_wall_clock(run(options)) == without_wall_clock(run(options))


def test_several_processes_give_the_same_result_as_one(options: SimulateOptions) -> None:
    alone = replace(options, rates=(1.0,), policies=("static",))
    together = replace(alone, processes=2)
    assert without_wall_clock(run(alone)) == without_wall_clock(run(together))


def test_progress_is_told_from_nothing_to_all(options: SimulateOptions) -> None:
    told: list[tuple[int, int, str]] = []
    run(options, lambda done, total, what: told.append((done, total, what)))
    assert [done for done, _, _ in told] == list(range(13))
    assert {total for _, total, _ in told} == {12}
    assert "static ×1 seed 0" in {what for _, _, what in told}


def test_an_interrupted_study_goes_on_where_it_stopped(
    options: SimulateOptions, tmp_path: Path
) -> None:
    cached = replace(options, cache_dir=tmp_path / "runs")

    def interrupt(done: int, total: int, what: str) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(cached, interrupt)
    told: list[tuple[int, str]] = []
    result = run(cached, lambda done, total, what: told.append((done, what)))
    assert told[0] == (5, "found in the cache")
    assert without_wall_clock(result) == without_wall_clock(run(options))
    # what was stored is taken as it is: a second time nothing is played
    assert run(cached) == result


def test_other_options_do_not_find_the_results_of_these(options: SimulateOptions) -> None:
    same = replace(options, rates=(7.0,), policies=("random",), seeds=9, processes=3)
    assert fingerprint(same) == fingerprint(options)
    for change in (
        {"minutes": 2.0},
        {"slo": Slo(1.0)},
        {"capped": False},
        {"scenario": "slow"},
        {"priors": "swapped"},
        {"feedback": Feedback(0.1, 60.0)},
        {"fleet": replace(FLEET, routes={})},
    ):
        assert fingerprint(replace(options, **change)) != fingerprint(options), change


def test_changed_files_do_not_find_old_results(options: SimulateOptions) -> None:
    before = fingerprint(options)
    path = options.quality[0]
    text = gzip.decompress(path.read_bytes()).replace(b"p0,Tiny,1,", b"p0,Tiny,0,")
    path.write_bytes(gzip.compress(text))
    assert fingerprint(options) != before


@pytest.mark.parametrize("scenario", ["slow", "kill:at_s=20,down_s=5", "flash:at_s=20,for_s=5"])
def test_scenarios_carry_their_course_over_time(options: SimulateOptions, scenario: str) -> None:
    one = replace(
        options, rates=(1.0,), policies=("static",), seeds=1, scenario=scenario, timelines=True
    )
    (row,) = run(one)["rows"]
    timeline = row["timeline"]
    assert sum(timeline["arrivals"]) == row["arrivals"]
    assert sum(timeline["value"]) == pytest.approx(row["quality_goodput"] * row["arrivals"])
    assert set(timeline["endpoints"]["a"]) == {
        "busy_ratio",
        "running",
        "waiting",
        "price",
        "served",
    }
    lengths = {len(timeline["at_s"]), len(timeline["queued"]), len(timeline["value"])}
    assert len(lengths) == 1
    assert row["distributions"]["ttft_s"] == sorted(row["distributions"]["ttft_s"])


@pytest.mark.parametrize(
    "change",
    [
        {"topics": "text"},
        {"topics": "text", "task_of": {}},
        {"topics": "text", "task_of": {}, "lengths": "oracle"},
        {"task_of": {}},
        {"lengths": "oracle"},
        {"lengths": "prior"},
        {"lengths": "nothing"},
        {"priors": "swapped"},
        {"priors": "x2"},
        {"capped": False},
        {"slo": Slo(ttft_s=1.0, tpot_s=0.04)},
        {"feedback": Feedback(0.5, 5.0)},
        {"scenario": "stale:lag_s=5"},
        {"scenario": "tenant:from_s=0"},
        {"minutes": None, "trace": "gamma:rate=0.2,cv=3"},
    ],
)
def test_every_way_of_playing_works(options: SimulateOptions, change: dict[str, Any]) -> None:
    one = replace(options, rates=(1.0,), policies=("joint",), seeds=1, **change)
    result = run(one)
    (row,) = result["rows"]
    assert row["arrivals"] > 100
    assert row["quality_goodput"] > 0
    assert result["violations"] == []


def test_the_true_length_is_told_only_to_an_oracle(options: SimulateOptions) -> None:
    for lengths in ("oracle", "learned"):
        study = Study(replace(options, lengths=lengths))
        query = study.queries(1.0, 0)[0]
        router = study.router("joint", 0)
        assert query.card.estimate is not None
        expected = router.knowledge.length.expect(query.card.estimate.topics, "small")[0]
        assert expected != query.outcomes["small"].output_tokens


def test_a_router_that_starts_from_nothing_knows_no_speed_and_no_length(
    options: SimulateOptions,
) -> None:
    told, untold = (Study(replace(options, lengths=how)) for how in ("learned", "nothing"))
    routers = [study.router("joint", 0) for study in (told, untold)]
    card = untold.cards[0]
    assert card.estimate is not None
    lengths = [r.knowledge.length.expect(card.estimate.topics, "small")[0] for r in routers]
    assert lengths[1] == TASK_GUESS[card.estimate.topics[0].task].mean_tokens != lengths[0]
    quality = [r.knowledge.quality.mean(card.estimate.topics, "small") for r in routers]
    assert quality[0] == quality[1]
    fleet = routers[1].config
    assert {endpoint.simulate for endpoint in fleet.endpoints} == {None}
    assert {model.params_b for model in fleet.models.values()} == {None}
    assert {endpoint.slots for endpoint in fleet.endpoints} == {8}
    assert untold.specs == told.specs


def test_the_router_knows_the_other_half_only(options: SimulateOptions) -> None:
    study = Study(options)
    assert all(card.prompt.is_played for card in study.cards)
    assert {card.topic for card in study.cards} == {"sums", "proofs"}
    shares = study.cards[0].estimate
    assert shares is not None
    assert [share.topic for share in shares.topics] == [study.cards[0].topic]


def test_endpoints_that_cannot_serve_the_prompts_are_left_out(options: SimulateOptions) -> None:
    assert [endpoint.id for endpoint in Study(options).fleet.endpoints] == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"table_model": {"small": "Tiny"}}, "'large' is mapped to nothing"),
        ({"table_model": {"small": "Tiny", "large": ""}}, "'large' is mapped to nothing"),
        ({"table_model": {"small": "Tiny", "huge": "Big"}}, "no model 'huge'"),
        ({"table_model": {"small": "Tiny", "large": "Bog"}}, "no model 'Bog'"),
        ({"policies": ("statik",)}, "statik"),
        ({"scenario": "fire"}, "unknown scenario"),
        ({"priors": "good"}, "true, swapped"),
        ({"trace": "/nowhere.csv"}, "No such file"),
        (
            {
                "fleet": replace(
                    FLEET, models={**FLEET.models, "large": Model("large", {Task.CODE: 1.0}),
                                   "small": Model("small", {Task.SIMPLE: 1.0})}
                )
            },
            "no model of the fleet can do reasoning",
        ),
        (
            {"fleet": replace(FLEET, endpoints=(replace(FLEET.endpoints[0], simulate=None),))},
            "'a' has no speed",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_simulated_is_said_before_the_first_run(
    options: SimulateOptions, change: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        run(replace(options, **change))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"topics": "guess"}, "'guess' is not one of table, text"),
        ({"lengths": "long"}, "oracle, learned, prior"),
        ({"input_tokens": "none"}, "table, trace"),
        ({"rates": (0.0,)}, "greater than 0"),
        ({"rates": ()}, "at least one rate"),
        ({"seeds": 0}, "at least 1"),
        ({"minutes": 0.0}, "greater than 0"),
        ({"poll_s": 0.0}, "period"),
    ],
)
def test_impossible_options_are_refused(
    options: SimulateOptions, change: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        replace(options, **change)


def test_feedback_is_written_as_share_and_delay() -> None:
    assert Feedback.parse("0.1:60") == Feedback(0.1, 60.0)
    for text in ("0.1", "2:60", "0.1:-1", "x:y", ""):
        with pytest.raises(ConfigError, match="SHARE:DELAY_S"):
            Feedback.parse(text)


def test_ctrl_c_ends_a_worker_with_the_run_it_is_in(options: SimulateOptions) -> None:
    with ProcessPoolExecutor(1, get_context("spawn"), _prepare, (options,)) as pool:
        assert pool.submit(getsignal, SIGINT).result() is SIG_DFL
