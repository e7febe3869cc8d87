"""Health as the router's drivers see it: who gets queries, who is asked, who is moved."""

from __future__ import annotations

from math import inf

import pytest

from support.bench import ERROR_500, OK, RESET, Bench
from support.fleets import endpoint, fleet, query
from zeta_router.control.ejection import BAD_IN_A_ROW, FIRST_S, GOOD_TO_CLOSE, PROBE_EVERY_S
from zeta_router.core.fleet import Limits
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Capability, Operation, Task
from zeta_router.core.reasons import Drop
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.core.snapshot import Health
from zeta_router.router.commands import Cancel
from zeta_router.router.endpoint.swallowed import LOST_S
from zeta_router.router.events import DrainRequested, Sampled, Unanswered

EMPTY = Outcome(Status.OK, started=True, e2e_s=0.005, http_status=200)
TIMED_OUT = Outcome(Status.UPSTREAM_TIMEOUT)


def two(**more: object) -> Bench:
    """Two replicas of one model."""
    ends = (endpoint("a", "coder"), endpoint("b", "coder"))
    return Bench(fleet(*ends, limits=Limits(queue=10, max_wait_s=60.0), **more))


def health(bench: Bench) -> dict[str, Health]:
    return {view.endpoint.id: view.health for view in bench.router.snapshot(bench.now_s).views}


def send_to(bench: Bench, wanted: str, outcome: Outcome, count: int, **more: object) -> None:
    """Queries until `count` of them ended so on the endpoint that is wanted; others end well."""
    tried = 0
    while count:
        tried += 1
        assert tried < 100, "nothing goes there"
        name = f"{wanted}-{len(bench.records)}-{tried}"
        place = bench.arrive(query(name, at_s=bench.now_s, **more))
        bench.finish(name, outcome if place == wanted else OK)
        while name in bench.running:  # another endpoint makes good what this one did not
            bench.finish(name)
        count -= place == wanted


def ejected(outcome: Outcome = ERROR_500, **more: object) -> Bench:
    bench = two()
    send_to(bench, "a", outcome, BAD_IN_A_ROW, **more)
    assert health(bench)["a"] is Health.EJECTED
    return bench


def places(bench: Bench, count: int) -> list[str | None]:
    """Where so many queries go, one after the other."""
    found = []
    for number in range(count):
        name = f"p{bench.now_s}-{number}"
        found.append(bench.arrive(query(name, at_s=bench.now_s)))
        if name in bench.running:
            bench.finish(name)
    return found


class TestEjection:
    @pytest.mark.parametrize("outcome", [ERROR_500, RESET, TIMED_OUT])
    def test_bad_answers_send_the_traffic_elsewhere(self, outcome: Outcome) -> None:
        bench = two()
        for _ in range(BAD_IN_A_ROW):
            send_to(bench, "a", outcome, 1)
            if health(bench)["a"] is Health.DOWN:
                bench.probe("a", alive=True)
        assert health(bench)["a"] is Health.EJECTED
        assert places(bench, 20) == ["b"] * 20

    def test_streams_without_a_token_are_bad_answers(self) -> None:
        assert health(ejected(EMPTY, stream=True))["a"] is Health.EJECTED

    def test_an_answer_in_one_piece_without_counts_is_left_to_who_has_its_text(self) -> None:
        bench = two()
        send_to(bench, "a", EMPTY, 20)
        assert health(bench)["a"] is Health.UP

    def test_the_explanation_names_the_filter(self) -> None:
        bench = ejected()
        bench.arrive(query("q"))
        assert bench.running["q"].decision.dropped == (("a", Drop.EJECTED),)

    def test_a_client_at_fault_ejects_nobody(self) -> None:
        bench = two()
        send_to(bench, "a", Outcome(Status.CLIENT_ERROR, started=True, http_status=400), 50)
        assert health(bench)["a"] is Health.UP


class TestLastResort:
    def test_the_last_endpoint_that_can_do_it_is_used_all_the_same(self) -> None:
        bench = Bench(fleet(endpoint("c", "coder")))
        for number in range(BAD_IN_A_ROW):
            bench.arrive(query(str(number)))
            bench.finish(str(number), ERROR_500)
        assert health(bench)["c"] is Health.EJECTED
        assert bench.arrive(query("q")) == "c"

    def test_it_is_used_when_the_other_one_goes_down(self) -> None:
        bench = ejected()
        bench.arrive(query("q"))
        bench.finish("q", RESET)
        assert health(bench)["b"] is Health.DOWN
        assert bench.place_of("q") == "a"

    def test_where_most_look_bad_at_once_nobody_is_believed(self) -> None:
        ends = [endpoint(name, "coder") for name in "abcde"]
        bench = Bench(fleet(*ends))
        for name in "abc":
            send_to(bench, name, ERROR_500, BAD_IN_A_ROW)
        assert [one.value for one in health(bench).values()].count("ejected") == 3
        assert set(places(bench, 40)) == set("abcde")

    def test_two_of_three_may_well_be_bad(self) -> None:
        bench = Bench(fleet(*[endpoint(name, "coder") for name in "abc"]))
        for name in "ab":
            send_to(bench, name, ERROR_500, BAD_IN_A_ROW)
        assert set(places(bench, 20)) == {"c"}


class TestWayBack:
    def test_it_is_asked_a_question_of_the_kind_that_it_serves(self) -> None:
        bench = ejected()
        bench.advance(FIRST_S + 0.1)
        assert [(one.endpoint.id, one.by) for one in bench.probes] == [("a", Operation.CHAT)]

    def test_an_embedder_is_asked_for_an_embedding(self) -> None:
        bench = Bench(fleet())
        for number in range(BAD_IN_A_ROW):
            bench.arrive(query(str(number), Task.EMBEDDING))
            bench.finish(str(number), ERROR_500)
        bench.advance(FIRST_S + 0.1)
        assert bench.probes[-1].by is Operation.EMBEDDING

    def test_it_is_asked_again_and_again_until_it_answers(self) -> None:
        bench = ejected()
        for number in range(1, 20):
            bench.advance(FIRST_S + number * (PROBE_EVERY_S + 0.1))
            assert len(bench.probes) == number
            bench.probe("a", alive=False)
        assert places(bench, 5) == ["b"] * 5
        bench.advance(bench.now_s + PROBE_EVERY_S + 0.1)
        bench.probe("a", alive=True)
        assert health(bench)["a"] is Health.UP

    def test_what_is_shown_says_when_it_is_asked(self) -> None:
        bench = ejected()
        bench.advance(FIRST_S + 0.1)
        bench.probe("a", alive=True)
        send_to(bench, "a", ERROR_500, 1)  # left out again, for twice as long

        def shown() -> str:
            return bench.router.vitals(bench.now_s)["a"].findings[0].text

        text = "left out because of upstream error; asked"
        assert shown() == f"{text} in 10 s, then every 5 s"
        bench.advance(bench.now_s + 7.5)
        assert shown() == f"{text} in 3 s, then every 5 s"
        bench.advance(bench.now_s + 7.5)
        assert shown() == f"{text} every 5 s"

    def test_a_lost_answer_to_our_question_does_not_keep_it_out(self) -> None:
        bench = ejected()
        bench.advance(100.0)
        assert len(bench.probes) >= 5

    def test_it_gets_one_query_at_a_time_until_it_has_proved_itself(self) -> None:
        bench = ejected()
        bench.advance(FIRST_S + 0.1)
        bench.probe("a", alive=True)
        for round_ in range(GOOD_TO_CLOSE):
            went = [bench.arrive(query(f"r{round_}-{n}", at_s=bench.now_s)) for n in range(3)]
            assert went.count("a") == 1
            for number in range(3):
                bench.finish(f"r{round_}-{number}")
        for number in range(3):  # slots come back one by one, with each good answer
            bench.arrive(query(f"more{number}", at_s=bench.now_s))
            bench.finish(f"more{number}")
        went = [bench.arrive(query(f"z{n}", at_s=bench.now_s)) for n in range(4)]
        assert went.count("a") == 2

    def test_a_restarted_process_is_back_without_serving_its_time(self) -> None:
        bench = two()
        send_to(bench, "a", ERROR_500, BAD_IN_A_ROW - 1)
        send_to(bench, "a", RESET, 1)
        bench.probe("a", alive=False)
        assert health(bench)["a"] is Health.DOWN
        bench.advance(0.2)
        bench.probe("a", alive=True)
        assert health(bench)["a"] is Health.UP

    def test_one_that_only_breaks_its_answers_serves_its_time(self) -> None:
        bench = two()
        for _ in range(BAD_IN_A_ROW):
            send_to(bench, "a", Outcome(Status.UPSTREAM_ERROR, started=True), 1)
            bench.probe("a", alive=True)
        assert health(bench)["a"] is Health.EJECTED


class TestSilence:
    def test_a_poll_without_an_answer_asks_once_whether_it_lives(self) -> None:
        bench = two()
        for _ in range(3):
            bench.send(Unanswered(1.0, "a", 1))
        assert [(one.endpoint.id, one.by) for one in bench.probes] == [("a", None)]

    def test_a_busy_one_says_that_it_lives_and_stays(self) -> None:
        bench = two()
        bench.send(Unanswered(1.0, "a", 1))
        bench.probe("a", alive=True)
        assert health(bench)["a"] is Health.UP

    def test_a_stopped_one_is_left_and_what_it_has_not_begun_is_moved(self) -> None:
        bench = two()
        there = [n for n in "1234" if bench.arrive(query(n, stream=True)) == "a"]
        begun, waiting = there
        for other in set("1234") - set(there):
            bench.finish(other)
        bench.first_token(begun)
        bench.send(Sampled(0.5, "a", 1, EngineSample()))
        bench.now_s = 1.5
        bench.send(Unanswered(1.5, "a", 1))
        bench.probe("a", alive=False)
        assert health(bench)["a"] is Health.EJECTED
        assert bench.cancelled == [Cancel(waiting, 1)]
        bench.finish(waiting, TIMED_OUT)
        assert bench.place_of(waiting) == "b"

    def test_one_that_was_never_there_is_down_until_a_probe_finds_it(self) -> None:
        bench = two()
        bench.send(Unanswered(1.0, "a", 1))
        bench.probe("a", alive=False)
        assert health(bench)["a"] is Health.DOWN
        bench.advance(1.2)
        bench.probe("a", alive=True)
        assert health(bench)["a"] is Health.UP

    def test_an_idle_one_whose_process_ended_is_down_and_not_silent(self) -> None:
        bench = two()
        bench.send(Sampled(0.5, "a", 1, EngineSample()))
        bench.send(Unanswered(1.0, "a", 1))
        bench.probe("a", alive=False, gone=True)
        assert health(bench)["a"] is Health.DOWN
        assert bench.router.vitals(1.0)["a"].findings[0].text.startswith("cannot be reached")
        bench.advance(1.2)
        bench.probe("a", alive=True)
        assert health(bench)["a"] is Health.UP

    def test_where_queries_are_its_connections_say_so_themselves(self) -> None:
        bench = two()
        there = [n for n in "1234" if bench.arrive(query(n, stream=True)) == "a"]
        bench.send(Sampled(0.5, "a", 1, EngineSample()))
        bench.now_s = 1.5
        bench.send(Unanswered(1.5, "a", 1))
        bench.probe("a", alive=False, gone=True)
        assert health(bench)["a"] is Health.EJECTED
        assert [one.query_id for one in bench.cancelled] == there

    def test_it_is_back_as_soon_as_it_answers_a_poll(self) -> None:
        bench = two()
        bench.send(Sampled(0.5, "a", 1, EngineSample()))
        bench.send(Unanswered(1.0, "a", 1))
        bench.probe("a", alive=False)
        bench.now_s = 3.0
        bench.send(Sampled(3.0, "a", 1, EngineSample()))
        assert health(bench)["a"] is Health.UP

    def test_one_that_answers_polls_and_no_queries_is_left_too(self) -> None:
        bench = two()
        name = next(n for n in "12" if bench.arrive(query(n, stream=True)) == "a")
        for at_s in range(1, 60):
            bench.now_s = float(at_s)
            bench.send(Sampled(bench.now_s, "a", 1, EngineSample()))
        assert health(bench)["a"] is Health.EJECTED
        assert [one.query_id for one in bench.cancelled] == [name]

    def test_one_that_denies_a_query_is_left_sooner_than_one_that_says_nothing(self) -> None:
        def left_after_s(running: float | None) -> float:
            bench = two()
            name = next(n for n in "12" if bench.arrive(query(n)) == "a")
            for at_s in range(1, 150):
                bench.now_s = float(at_s)
                counted = Signal(1.0 if at_s == 1 else running, bench.now_s, "/metrics")
                bench.send(Sampled(bench.now_s, "a", 1, EngineSample(running=counted)))
                if bench.cancelled:
                    assert [one.query_id for one in bench.cancelled] == [name]
                    return bench.now_s
            raise AssertionError("it was never left")

        assert left_after_s(0.0) == 2.0 + LOST_S < left_after_s(None) == left_after_s(1.0)

    @pytest.mark.parametrize(("tools", "left"), [(False, True), (True, False)])
    def test_a_stream_that_may_call_tools_shows_nothing_before_the_call_is_whole(
        self, tools: bool, left: bool
    ) -> None:
        bench = two()
        needs = frozenset({Capability.TOOLS}) if tools else frozenset()
        assert "a" in [bench.arrive(query(n, stream=True, needs=needs)) for n in "12"]
        for at_s in range(1, 60):
            bench.now_s = float(at_s)
            bench.send(Sampled(bench.now_s, "a", 1, EngineSample()))
        assert (health(bench)["a"] is Health.EJECTED) is left

    def test_nothing_is_given_up_where_nobody_else_can_do_it(self) -> None:
        bench = Bench(fleet(endpoint("c", "coder")))
        bench.arrive(query("q", stream=True))
        bench.send(Unanswered(1.0, "c", 1))
        bench.probe("c", alive=False)
        assert bench.cancelled == []
        bench.finish("q", OK)
        assert bench.router.open_cases == 0

    def test_an_idle_one_is_never_silent(self) -> None:
        bench = two()
        for at_s in range(1, 1000, 10):
            bench.send(Sampled(float(at_s), "a", 1, EngineSample()))
        assert health(bench)["a"] is Health.UP

    def test_of_an_older_generation_nothing_is_believed(self) -> None:
        bench = two()
        bench.send(Unanswered(1.0, "a", 99))
        assert bench.probes == []


def test_a_drained_endpoint_is_drained_whatever_else_it_is() -> None:
    bench = ejected()
    bench.send(DrainRequested(0.0, "a", draining=True))
    assert health(bench)["a"] is Health.DRAINING


def test_its_price_and_speed_are_untouched_by_bad_answers() -> None:
    bench = two()
    before = bench.router.inside(0.0).learned[0].tpot_idle_s
    send_to(bench, "a", ERROR_500, BAD_IN_A_ROW)
    learned = bench.router.inside(0.0).learned[0]
    assert learned.tpot_idle_s == before < inf
