"""The router as its drivers see it: events in, commands out, in virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.bench import BUSY, ERROR_500, GONE, OK, REFUSED, RESET, Bench
from support.fleets import EMBEDDER, endpoint, fleet, query
from zeta_router.core.decision import Verdict
from zeta_router.core.fleet import Limits
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Operation, Query, Task
from zeta_router.core.reasons import Drop, Reason
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.core.snapshot import Health
from zeta_router.router.commands import DecisionRecord, Emit, OutcomeRecord, Reject
from zeta_router.router.events import (
    Arrived,
    ConfigChanged,
    DrainRequested,
    Feedback,
    Finished,
    Probed,
    Sampled,
)


def test_routes_each_task_to_its_model() -> None:
    bench = Bench(fleet())
    went = {task: bench.arrive(query(task.value, task)) for task in list(Task)[:4]}
    assert went == {
        Task.SIMPLE: "s",
        Task.CODE: "c",
        Task.REASONING: "t",
        Task.EMBEDDING: "e",
    }


def test_a_named_model_is_pinned_and_its_replicas_balanced() -> None:
    bench = Bench(fleet(endpoint("c1", "coder"), endpoint("c2", "coder"), endpoint("s", "small")))
    places = [bench.arrive(query(str(i), Task.SIMPLE, model_requested="coder")) for i in range(4)]
    assert sorted(places) == ["c1", "c1", "c2", "c2"]
    assert bench.running["0"].decision.reason is Reason.PINNED


def test_an_unknown_model_is_refused_at_once() -> None:
    bench = Bench(fleet())
    assert bench.arrive(query("q", model_requested="gpt-9")) == "unknown_model"
    assert bench.router.open_cases == 0


def test_in_flight_never_exceeds_slots_and_the_rest_waits_in_order() -> None:
    bench = Bench(fleet())
    places = [bench.arrive(query(str(i))) for i in range(5)]
    assert places == ["c", "c", None, None, None]
    bench.finish("0")
    assert bench.place_of("2") == "c"
    assert bench.place_of("3") is None
    assert bench.in_flight()["c"] == 2


def test_lanes_are_served_in_order() -> None:
    bench = Bench(fleet(endpoint("c", "coder", slots=1)))
    bench.arrive(query("running"))
    bench.arrive(query("bulk", lane="batch"))
    bench.arrive(query("chat", lane="interactive"))
    bench.finish("running")
    assert bench.place_of("chat") == "c"
    assert bench.place_of("bulk") is None


def test_a_full_queue_refuses_with_retry_after() -> None:
    bench = Bench(fleet(endpoint("c", "coder", slots=1), limits=Limits(queue=1, max_wait_s=5)))
    assert [bench.arrive(query(str(i))) for i in range(3)] == ["c", None, "queue_full"]
    decision = bench.rejected["2"].decision
    assert decision.verdict is Verdict.REJECT
    assert decision.retry_after_s is not None
    assert decision.retry_after_s >= 1.0


def test_a_held_query_is_refused_at_its_deadline_and_not_before() -> None:
    bench = Bench(fleet(endpoint("c", "coder", slots=1)))
    bench.arrive(query("running"))
    bench.arrive(query("held"))
    bench.advance(4.99)
    assert bench.place_of("held") is None
    bench.advance(5.01)
    assert bench.place_of("held") == "deadline"
    assert bench.rejected["held"].queue_wait_s == pytest.approx(5.0)


def test_a_query_may_bring_its_own_patience() -> None:
    bench = Bench(fleet(endpoint("c", "coder", slots=1)))
    bench.arrive(query("running"))
    bench.arrive(query("hasty", max_wait_s=0.5))
    bench.advance(0.6)
    assert bench.place_of("hasty") == "deadline"


def test_a_client_that_leaves_while_held_frees_its_place() -> None:
    bench = Bench(fleet(endpoint("c", "coder", slots=1), limits=Limits(queue=1, max_wait_s=5)))
    bench.arrive(query("running"))
    bench.arrive(query("held"))
    bench.finish("held", GONE)
    assert bench.router.open_cases == 1
    assert bench.arrive(query("next")) is None


def test_a_refused_connection_moves_the_query_and_takes_the_endpoint_down() -> None:
    bench = Bench(fleet(endpoint("c1", "coder"), endpoint("c2", "coder")))
    first = bench.arrive(query("q"))
    bench.finish("q", REFUSED)
    second = bench.place_of("q")
    assert {first, second} == {"c1", "c2"}
    states = {v.endpoint.id: v.health for v in bench.router.snapshot(0.0).views}
    assert states[first] is Health.DOWN
    assert bench.probes[-1].endpoint.id == first


def test_without_another_capable_endpoint_it_waits_for_the_restart() -> None:
    bench = Bench(fleet(endpoint("e", "embedder")))
    bench.arrive(query("q", Task.EMBEDDING))
    bench.finish("q", RESET)
    assert bench.place_of("q") is None
    bench.probe("e", alive=False)
    bench.advance(1.0)
    assert len(bench.probes) > 1
    bench.probe("e", alive=True)
    assert bench.place_of("q") == "e"
    assert bench.running["q"].attempt == 2


def test_waiting_for_a_dead_endpoint_ends_with_no_endpoint_up() -> None:
    bench = Bench(fleet(endpoint("e", "embedder"), endpoint("c", "coder")))
    bench.arrive(query("q", Task.EMBEDDING))
    bench.finish("q", REFUSED)
    bench.probe("e", alive=False)
    bench.advance(6.0)
    assert bench.place_of("q") == "no_endpoint_up"
    dropped = dict(bench.rejected["q"].decision.dropped)
    assert dropped == {"e": Drop.DOWN, "c": Drop.OTHER_EMBEDDING_SPACE}


def test_an_error_answer_is_retried_once_elsewhere_and_then_reported() -> None:
    bench = Bench(fleet(endpoint("c1", "coder"), endpoint("c2", "coder"), endpoint("c3", "coder")))
    first = bench.arrive(query("q"))
    bench.finish("q", ERROR_500)
    second = bench.place_of("q")
    assert second not in (None, first)
    bench.finish("q", ERROR_500)
    assert bench.place_of("q") == "upstream_failed"
    assert bench.router.open_cases == 0


def test_an_error_answer_with_nowhere_else_to_go_is_reported_at_once() -> None:
    bench = Bench(fleet(endpoint("c", "coder")))
    bench.arrive(query("q"))
    bench.finish("q", ERROR_500)
    assert bench.place_of("q") == "upstream_failed"


def test_nothing_is_retried_after_the_first_byte() -> None:
    bench = Bench(fleet(endpoint("c1", "coder"), endpoint("c2", "coder")))
    bench.arrive(query("q"))
    bench.finish("q", replace(RESET, started=True))
    assert bench.place_of("q") is None
    assert bench.router.open_cases == 0


def test_busy_pauses_the_endpoint_and_counts_against_nobody() -> None:
    bench = Bench(fleet(endpoint("c", "coder")))
    bench.arrive(query("q"))
    bench.finish("q", BUSY)
    assert bench.place_of("q") is None
    assert bench.router.snapshot(0.0).views[0].paused
    bench.advance(1.0)
    assert bench.place_of("q") == "c"


def test_client_errors_never_change_health() -> None:
    bench = Bench(fleet(endpoint("c", "coder")))
    for i in range(50):
        assert bench.arrive(query(str(i))) == "c"
        bench.finish(str(i), Outcome(Status.CLIENT_ERROR, started=True, http_status=400))
    assert bench.router.snapshot(0.0).views[0].health is Health.UP


def test_three_error_answers_in_a_row_eject_an_endpoint() -> None:
    bench = Bench(fleet(endpoint("c", "coder")))
    for i in range(3):
        bench.arrive(query(str(i)))
        bench.finish(str(i), ERROR_500)
    assert bench.router.snapshot(0.0).views[0].health is Health.EJECTED


def test_embeddings_overflow_within_their_space_only() -> None:
    other = replace(EMBEDDER, name="other", embedding_space="bge")
    twin = replace(EMBEDDER, name="twin")
    base = fleet(
        endpoint("e", "embedder", slots=1),
        endpoint("o", "other"),
        endpoint("w", "twin"),
        policy="least_requests",
    )
    config = replace(base, models={**base.models, "other": other, "twin": twin})
    bench = Bench(config)
    places = [bench.arrive(query(str(i), Task.EMBEDDING)) for i in range(4)]
    assert sorted(filter(None, places)) == ["e", "w", "w"]
    assert bench.place_of("3") is None
    dropped = dict(bench.running["0"].decision.dropped)
    assert dropped["o"] is Drop.OTHER_EMBEDDING_SPACE


def test_auto_embeddings_in_two_spaces_without_a_route_are_refused() -> None:
    other = replace(EMBEDDER, name="other", embedding_space="bge")
    base = fleet(endpoint("e", "embedder"), endpoint("o", "other"))
    bench = Bench(replace(base, models={**base.models, "other": other}, routes={}))
    assert bench.arrive(query("q", Task.EMBEDDING)) == "no_capable_model"


def test_threshold_overflows_and_comes_back() -> None:
    bench = Bench(fleet(policy="threshold"))
    assert [bench.arrive(query(str(i))) for i in range(2)] == ["c", "c"]
    third = bench.arrive(query("2"))
    assert third in ("s", "t")
    assert bench.running["2"].decision.reason is Reason.OVERFLOW
    bench.finish("0")
    assert bench.arrive(query("3")) == "c"


def test_a_prompt_that_fits_nowhere_is_refused_with_the_reason() -> None:
    bench = Bench(fleet())
    assert bench.arrive(query("q", prompt_tokens=100_000)) == "no_capable_model"
    assert set(dict(bench.rejected["q"].decision.dropped).values()) >= {Drop.CONTEXT_TOO_SMALL}


def test_a_model_that_no_endpoint_serves_is_not_waited_for() -> None:
    bench = Bench(fleet(endpoint("c", "coder")))
    assert bench.arrive(query("named", model_requested="thinker")) == "no_capable_model"
    assert bench.arrive(query("embedding", Task.EMBEDDING)) == "no_capable_model"


def test_a_model_whose_only_endpoint_is_away_is_waited_for() -> None:
    bench = Bench(fleet(endpoint("c", "coder"), endpoint("t", "thinker")))
    bench.send(DrainRequested(0.0, "t", draining=True))
    assert bench.arrive(query("named", model_requested="thinker")) is None
    bench.send(DrainRequested(0.0, "t", draining=False))
    assert bench.place_of("named") == "t"


def test_draining_gives_nothing_new_and_lets_running_ones_finish() -> None:
    bench = Bench(fleet(endpoint("c1", "coder"), endpoint("c2", "coder")))
    bench.send(DrainRequested(0.0, "c1", draining=True))
    assert {bench.arrive(query(str(i))) for i in range(2)} == {"c2"}
    assert bench.arrive(query("held")) is None
    bench.send(DrainRequested(0.0, "c1", draining=False))
    assert bench.place_of("held") == "c1"


def test_late_results_change_nothing() -> None:
    bench = Bench(fleet(endpoint("c1", "coder"), endpoint("c2", "coder")))
    bench.arrive(query("q"))
    bench.finish("q", REFUSED)
    assert bench.running["q"].attempt == 2
    bench.send(Finished(0.0, "q", 1, OK))
    assert bench.router.open_cases == 1
    bench.finish("q")
    bench.send(Finished(0.0, "q", 2, OK))
    assert bench.in_flight() == {"c1": 0, "c2": 0}


def test_a_config_change_keeps_what_runs_and_moves_what_waits() -> None:
    bench = Bench(fleet(endpoint("c", "coder", slots=1)))
    bench.arrive(query("running"))
    bench.arrive(query("held"))
    more = fleet(endpoint("c", "coder", slots=1), endpoint("new", "coder", slots=1))
    bench.send(ConfigChanged(1.0, more))
    assert bench.place_of("held") == "new"
    assert bench.in_flight() == {"c": 1, "new": 1}
    bench.finish("running")
    assert bench.in_flight() == {"c": 0, "new": 1}


def test_a_replaced_endpoint_is_a_new_generation() -> None:
    bench = Bench(fleet(endpoint("c", "coder", slots=1)))
    bench.arrive(query("old"))
    moved = replace(endpoint("c", "coder", slots=1), url="http://127.0.0.1:10/c")
    bench.send(ConfigChanged(1.0, fleet(moved)))
    assert bench.in_flight() == {"c": 0}
    bench.finish("old", RESET)
    assert bench.router.snapshot(1.0).views[0].health is Health.UP


def test_another_model_of_the_same_engine_is_a_new_generation() -> None:
    """What was normal for the old one would call the new one changed, and for good."""
    bench = Bench(fleet(endpoint("c", "coder")))
    first = bench.router.watched()[0][1]
    spelt_out = replace(endpoint("c", "coder"), upstream_model="coder")
    bench.send(ConfigChanged(1.0, fleet(spelt_out)))
    assert bench.router.watched()[0][1] == first
    bench.send(ConfigChanged(2.0, fleet(replace(spelt_out, upstream_model="coder:v2"))))
    assert bench.router.watched()[0][1] > first


def test_slots_come_from_the_engine_when_the_config_is_silent() -> None:
    bench = Bench(fleet(endpoint("c", "coder", slots=None)))
    generation = bench.router.watched()[0][1]
    bench.send(Sampled(0.0, "c", generation, EngineSample(slots=Signal(1.0, 0.0, "props"))))
    assert [bench.arrive(query(str(i))) for i in range(2)] == ["c", None]


def test_work_of_others_counts_once_two_polls_agree() -> None:
    bench = Bench(fleet(endpoint("c", "coder", slots=2)))
    generation = bench.router.watched()[0][1]
    busy = EngineSample(running=Signal(2.0, 0.0, "x"), waiting=Signal(0.0, 0.0, "x"))
    bench.send(Sampled(0.0, "c", generation, busy))
    assert bench.router.snapshot(0.0).views[0].foreign_in_flight == 0
    bench.send(Sampled(1.0, "c", generation, busy))
    assert bench.router.snapshot(1.0).views[0].foreign_in_flight == 2
    assert bench.router.snapshot(60.0).views[0].foreign_in_flight == 0


def test_probes_of_an_old_generation_are_ignored() -> None:
    bench = Bench(fleet(endpoint("c", "coder")))
    bench.send(Probed(0.0, "c", 99, alive=False))
    assert bench.router.snapshot(0.0).views[0].health is Health.UP


def test_every_query_is_recorded_from_decision_to_outcome() -> None:
    bench = Bench(fleet(endpoint("c", "coder", slots=1)))
    bench.arrive(query("a"))
    bench.arrive(query("b"))
    bench.finish("a")
    bench.finish("b")
    decisions = [e.record.decision for e in bench.records if isinstance(e.record, DecisionRecord)]
    outcomes = [e.record for e in bench.records if isinstance(e.record, OutcomeRecord)]
    assert [(d.query_id, d.verdict.value) for d in decisions] == [
        ("a", "dispatch"),
        ("b", "wait"),
        ("b", "dispatch"),
    ]
    assert [(o.query_id, o.endpoint_id) for o in outcomes] == [("a", "c"), ("b", "c")]


def test_a_dry_run_changes_nothing() -> None:
    bench = Bench(fleet())
    before = bench.router.snapshot(0.0)
    decision = bench.router.dry_run(query("dry"))
    assert decision.endpoint_id == "c"
    assert bench.router.snapshot(0.0) == before
    assert bench.router.open_cases == 0


def test_rerank_goes_to_the_model_that_was_named() -> None:
    bench = Bench(fleet())
    asked = Query("q", 0.0, Operation.RERANK, "embedder", prompt_tokens=50)
    assert bench.arrive(asked) == "e"


def test_uncapped_policies_overfill() -> None:
    bench = Bench(fleet(endpoint("c", "coder", slots=1)), capped=False)
    assert [bench.arrive(query(str(i))) for i in range(3)] == ["c", "c", "c"]


def test_refusals_are_always_emitted_with_the_command() -> None:
    bench = Bench(fleet())
    commands = bench.send(Arrived(0.0, query("q", model_requested="nope")))
    assert [type(command) for command in commands] == [Emit, Reject]


def test_feedback_moves_the_quality_of_who_answered_and_nobody_else() -> None:
    bench = Bench(fleet())
    topics = query("x").task.topics  # type: ignore[union-attr]
    quality = bench.router.knowledge.quality
    before = {name: quality.mean(topics, name) for name in ("coder", "small")}
    for number in range(30):
        bench.arrive(query(str(number)))
        bench.finish(str(number))
        bench.send(Feedback(1.0, str(number), 0.0))
        bench.send(Feedback(1.0, str(number), 0.0))
    assert quality.mean(topics, "coder") < 0.6 * before["coder"]
    assert quality.mean(topics, "small") == before["small"]
    bench.send(Feedback(1.0, "never heard of", 1.0))
    assert quality.mean(topics, "small") == before["small"]


def test_prices_rise_with_dispatched_work_and_fall_with_time() -> None:
    bench = Bench(fleet(endpoint("c", "coder", slots=8)))
    for number in range(6):
        bench.arrive(query(str(number), prompt_tokens=4000))
    view = bench.router.snapshot(0.0).views[0]
    assert view.price > 0.0
    later = bench.router.snapshot(0.5).views[0].price
    assert later == pytest.approx(max(0.0, view.price - 0.5 * view.price_fall_per_s))
    for number in range(6):
        bench.finish(str(number), REFUSED)
    assert bench.router.snapshot(0.0).views[0].price == pytest.approx(0.0, abs=1e-9)
