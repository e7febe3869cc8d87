"""The driver with the product's own router, on tiny fleets with exact expectations."""

from collections.abc import Sequence

import pytest

from zeta_router.core.fleet import Endpoint, FleetConfig, Limits, Model
from zeta_router.core.query import Slo, Task, certain
from zeta_router.core.reasons import Reason
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.router.router import ZetaDynamicRouter
from zeta_router.sim.conditions import Conditions
from zeta_router.sim.drive import Drive
from zeta_router.sim.engine.disturb import Disturbances, prepared
from zeta_router.sim.engine.faults import Busy, Cold, Drift, Fault, Kill, Slow, Stall
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.options import Feedback
from zeta_router.sim.record import End, Record
from zeta_router.sim.report.measure import row_of
from zeta_router.sim.watching import Polls
from zeta_router.sim.workload.queries import Card, Outcome, Played
from zeta_router.sim.workload.tables import Prompt

SPEC = EngineSpec(prefill_tokens_per_s=1000, step_s=0.01, step_per_seq_s=0.0, slots=1)


def fleet(endpoints: int = 1, *, slots: int = 1, queue: int = 100) -> FleetConfig:
    model = Model("m", {Task.SIMPLE: 0.5}, params_b=1.0)
    return FleetConfig(
        {"m": model},
        tuple(
            Endpoint(f"e{i}", f"http://127.0.0.1:{9000 + i}", "m", slots=slots)
            for i in range(endpoints)
        ),
        routes={Task.SIMPLE: "m"},
        policy="least_requests",
        limits=Limits(queue=queue),
    )


def query(
    number: int,
    at_s: float,
    *,
    prompt: int = 100,
    output: int = 10,
    slo: Slo | None = None,
    score: float = 1.0,
) -> Played:
    outcomes = {"m": Outcome(score, output)}
    slo = Slo(2.0, 0.05) if slo is None else slo
    estimate = certain(Task.SIMPLE)
    card = Card(
        Prompt(f"p{number}", "t", "", prompt, {}), "t", Task.SIMPLE, estimate, (), slo, outcomes
    )
    return Played(f"q{number}", at_s, card, prompt, outcomes)


def drive(
    queries: Sequence[Played],
    *,
    endpoints: int = 1,
    slots: int = 1,
    queue: int = 100,
    capped: bool = True,
    faults: Sequence[Fault] = (),
    conditions: Conditions | None = None,
) -> Drive:
    config = fleet(endpoints, slots=slots, queue=queue)
    router = ZetaDynamicRouter(config, RuleClassifier(), capped=capped)
    specs = {endpoint.id: SPEC for endpoint in config.endpoints}
    run = Drive(router, prepared(specs, faults), queries, conditions, Disturbances(faults, seed=0))
    run.run()
    return run


def test_a_query_alone_takes_what_its_engine_takes() -> None:
    run = drive([query(0, 5.0)])
    (record,) = run.records
    assert record.end is End.SERVED
    assert record.ttft_s == pytest.approx(0.11)
    assert record.e2e_s == pytest.approx(0.2)
    assert record.tpot_s == pytest.approx(0.01)
    assert record.value == 1.0
    assert (record.attempts, record.queue_wait_s) == (1, 0.0)
    assert len(run.decision_s) == 1


def test_a_query_held_in_the_router_counts_its_wait_into_ttft() -> None:
    run = drive([query(0, 0.0), query(1, 0.1)])
    assert run.records[1].queue_wait_s == pytest.approx(0.1)
    assert run.records[1].ttft_s == pytest.approx(0.1 + 0.11)


def test_beyond_the_deadline_it_is_refused_with_the_reason() -> None:
    run = drive([query(0, 0.0, output=500), query(1, 0.1, slo=Slo(ttft_s=1.0))])
    assert run.records[1].end is End.SHED
    assert run.records[1].reason is Reason.DEADLINE
    assert run.records[1].ended_at_s == pytest.approx(1.1)
    assert run.records[1].value == 0.0


def test_a_full_queue_refuses_at_once() -> None:
    run = drive([query(i, 0.01 * i, output=100) for i in range(4)], queue=1)
    reasons = [record.reason for record in run.records]
    assert reasons == [None, None, Reason.QUEUE_FULL, Reason.QUEUE_FULL]


def test_without_admission_everything_goes_into_the_engines_own_queue() -> None:
    run = drive([query(i, 0.01 * i, output=300) for i in range(5)], capped=False)
    assert [record.end for record in run.records] == [End.SERVED] * 5
    assert run.records[4].ttft_s == pytest.approx(4 * 3.1 - 0.04 + 0.11)
    assert not run.records[4].in_slo


@pytest.mark.parametrize(
    ("slo", "met"),
    [
        (Slo(), True),
        (Slo(ttft_s=0.11), True),
        (Slo(ttft_s=0.1), False),
        (Slo(tpot_s=0.01), True),
        (Slo(tpot_s=0.009), False),
        (Slo(e2e_s=0.2), True),
        (Slo(e2e_s=0.19), False),
    ],
)
def test_objectives_are_judged_one_by_one(slo: Slo, met: bool) -> None:
    run = drive([query(0, 0.0, slo=slo)])
    assert run.records[0].in_slo is met


def test_the_tpot_of_a_one_token_answer_counts_as_met() -> None:
    run = drive([query(0, 0.0, output=1, slo=Slo(tpot_s=1e-6))])
    assert run.records[0].tpot_s is None
    assert run.records[0].in_slo


def test_a_killed_engine_fails_what_streamed_and_the_rest_goes_elsewhere() -> None:
    queries = [query(0, 0.0, output=200), query(1, 0.01, prompt=1500), query(2, 1.0), query(3, 9.0)]
    run = drive(queries, endpoints=2, faults=[Kill("e0", 0.5, 3.0), Kill("e1", 1.2, 1.0)])
    ends = [record.end for record in run.records]
    # q0 had begun to stream; q1 had not got a byte on e1 and is tried again when something lives
    assert ends == [End.FAILED, End.SERVED, End.SERVED, End.SERVED]
    assert run.records[1].attempts == 2
    assert run.records[0].score == 0.0


def test_a_dead_endpoint_is_found_out_and_comes_back() -> None:
    queries = [query(i, 0.5 * i) for i in range(20)]
    run = drive(queries, endpoints=1, faults=[Kill("e0", 2.25, 1.0)])
    assert {record.end for record in run.records} == {End.SERVED}
    assert max(record.ttft_s for record in run.records) > 0.7


def test_quick_503s_send_the_query_elsewhere() -> None:
    run = drive(
        [query(i, 0.5 * i) for i in range(10)], endpoints=2, faults=[Busy("e0", 0.0, 3.0, 1.0)]
    )
    assert {record.end for record in run.records} == {End.SERVED}
    assert max(record.attempts for record in run.records) == 2
    assert run.engines["e0"].served_tokens < run.engines["e1"].served_tokens


def test_a_silent_loss_of_quality_shows_in_the_score_only() -> None:
    run = drive([query(0, 0.0), query(1, 5.0)], faults=[Drift("e0", 3.0, float("inf"), 0.25)])
    assert [record.score for record in run.records] == [1.0, 0.25]
    assert run.records[0].e2e_s == pytest.approx(run.records[1].e2e_s)


def test_slow_and_stalled_engines_take_longer() -> None:
    run = drive([query(0, 0.0), query(1, 5.0)], faults=[Slow("e0", 4.0, 9.0, 3.0)])
    assert run.records[1].e2e_s == pytest.approx(3 * run.records[0].e2e_s)
    run = drive([query(0, 0.0)], faults=[Stall("e0", 0.15, 1.0)])
    assert run.records[0].e2e_s == pytest.approx(1.2)


def test_a_cold_model_is_loaded_first() -> None:
    run = drive([query(0, 0.0), query(1, 30.0)], faults=[Cold("e0", 20.0, float("inf"))])
    assert run.records[0].ttft_s == pytest.approx(20.11)
    assert run.records[1].ttft_s == pytest.approx(0.11)


class Listening(ZetaDynamicRouter):
    """The router, with a note of every event it was told."""

    def __init__(self) -> None:
        super().__init__(fleet(), RuleClassifier())
        self.told: list[object] = []

    def handle(self, event):  # type: ignore[no-untyped-def]
        self.told.append(event)
        return super().handle(event)


def test_feedback_comes_for_a_share_of_queries_and_late() -> None:
    router = Listening()
    queries = [query(i, 1.0 * i, score=0.75) for i in range(200)]
    run = Drive(router, {"e0": SPEC}, queries, Conditions(feedback=Feedback(0.3, 2.0)))
    run.run()
    got = [event for event in router.told if type(event).__name__ == "Feedback"]
    assert len(got) == pytest.approx(60, abs=20)  # 3 standard deviations
    assert {event.score for event in got} == {0.75}  # type: ignore[attr-defined]
    ends = {record.played.id: record.ended_at_s for record in run.records}
    for event in got:
        assert event.at_s == pytest.approx(ends[event.query_id] + 2.0)  # type: ignore[attr-defined]


def test_clients_may_say_what_they_like() -> None:
    def says(record: Record) -> float | None:
        return 0.0 if record.played.at_s in (3.0, 7.0) else None

    router = Listening()
    queries = [query(i, 1.0 * i, score=0.75) for i in range(12)]
    conditions = Conditions(feedback=Feedback(1.0, 2.0), judge=says)
    Drive(router, {"e0": SPEC}, queries, conditions).run()
    got = [event for event in router.told if type(event).__name__ == "Feedback"]
    assert [event.score for event in got] == [0.0, 0.0]  # type: ignore[attr-defined]


def test_polls_arrive_late_and_say_when_they_were_taken() -> None:
    router = Listening()
    Drive(router, {"e0": SPEC}, [query(0, 2.5)], Conditions(polls=Polls(1.0, 0.25))).run()
    polls = [event for event in router.told if type(event).__name__ == "Sampled"]
    assert [event.at_s for event in polls] == [0.25, 1.25, 2.25]  # type: ignore[attr-defined]
    assert [event.sample.running.observed_at_s for event in polls] == [0.0, 1.0, 2.0]  # type: ignore[attr-defined]


def test_the_row_has_every_field_of_the_contract() -> None:
    row = row_of(drive([query(i, 0.3 * i) for i in range(10)]), policy="p", rate=1.0, seed=0)
    assert {
        "policy", "rate", "seed", "arrivals", "quality_goodput", "goodput", "mean_quality",
        "ttft_p50_s", "ttft_p99_s", "e2e_p50_s", "e2e_p99_s", "tpot_p99_s", "shed_ratio",
        "decision_us_p50", "decision_us_p99", "utilisation",
    } <= set(row)  # fmt: skip
    assert row["quality_goodput"] == row["goodput"] == row["mean_quality"] == 1.0
    assert row["utilisation"]["e0"] == pytest.approx(10 * 0.2 / row["simulated_s"])
    assert row["served_by"] == {"t": {"e0": 10}}


def test_a_run_in_which_nothing_is_served_has_no_percentiles() -> None:
    run = drive([query(0, 0.0)], faults=[Kill("e0", 0.0, 100.0)])
    row = row_of(run, policy="p", rate=1.0, seed=0)
    assert (row["shed_ratio"], row["quality_goodput"]) == (1.0, 0.0)
    assert row["mean_quality"] is row["ttft_p50_s"] is row["tpot_p99_s"] is None
    assert sum(row["shed_reasons"].values()) == 1
