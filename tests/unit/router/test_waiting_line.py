"""Who of the held is served next, and what the records say about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from support.bench import GONE, Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.decision import Decision
from zeta_router.core.fleet import Limits, SimulatedSpeed
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Lane, Query, Slo, Task
from zeta_router.core.signal import EngineSample
from zeta_router.router.commands import DecisionRecord
from zeta_router.router.decision.holdback import BATCH_SHARE, HOLDBACK_S
from zeta_router.router.decision.placement import SCAN_LIMIT
from zeta_router.router.events import ConfigChanged, Sampled

SPEED = SimulatedSpeed(4000.0, 0.02, 0.0005, 8)
PATIENT = Slo(ttft_s=60.0, tpot_s=0.2)


def one_engine(slots: int = 1, policy: str = "joint") -> Bench:
    """One coder with so many slots."""
    return Bench(fleet(endpoint("c", "coder", slots=slots, simulate=SPEED), policy=policy))


def ask(id_: str, tokens: int = 100, at_s: float = 0.0, **more: object) -> Query:
    return query(id_, at_s=at_s, max_output_tokens=tokens, slo=PATIENT, max_wait_s=60.0, **more)


def decisions(bench: Bench, query_id: str) -> list[Decision]:
    found = [emit.record for emit in bench.records if isinstance(emit.record, DecisionRecord)]
    return [record.decision for record in found if record.query.id == query_id]


HUNDRED = Outcome(Status.OK, started=True, ttft_s=0.1, e2e_s=2.13, output_tokens=100)


def served_in_order(bench: Bench, first: str, ids: list[str]) -> list[str]:
    """The order in which the held are served when one slot frees after the other."""
    order, running = [], first
    for _ in ids:
        bench.finish(running, HUNDRED)
        (running,) = [id_ for id_ in ids if id_ in bench.running]
        order.append(running)
    return order


def test_joint_serves_the_densest_first() -> None:
    bench = one_engine()
    bench.arrive(ask("running"))
    sizes = {"long": 800, "short": 50, "middle": 300}
    for id_, tokens in sizes.items():
        assert bench.arrive(ask(id_, tokens)) is None
    assert served_in_order(bench, "running", list(sizes)) == ["short", "middle", "long"]


def test_policies_without_scores_serve_by_arrival() -> None:
    bench = one_engine(policy="static")
    bench.arrive(ask("running"))
    sizes = {"long": 800, "short": 50, "middle": 300}
    for id_, tokens in sizes.items():
        bench.arrive(ask(id_, tokens))
    assert served_in_order(bench, "running", list(sizes)) == ["long", "short", "middle"]


def test_a_free_endpoint_is_not_hidden_behind_a_long_line_for_a_full_one() -> None:
    ends = [endpoint(id_, model, slots=1) for id_, model in (("c", "coder"), ("t", "thinker"))]
    bench = Bench(fleet(*ends, limits=Limits(queue=1000)))
    bench.arrive(ask("coding", model_requested="coder"))
    bench.arrive(ask("thinking", model_requested="thinker"))
    for number in range(SCAN_LIMIT + 6):
        bench.arrive(ask(f"t{number}", model_requested="thinker"))
    bench.arrive(ask("code", model_requested="coder"))
    bench.finish("coding")
    assert bench.place_of("code") == "c"


def test_a_patient_query_does_not_hold_up_an_impatient_one() -> None:
    """The first waits for the better model; the second would rather have what is free."""
    speed = SimulatedSpeed(4000.0, 0.02, 0.0005, 1)
    better = endpoint("t", "thinker", slots=1, simulate=speed)
    other = endpoint("s", "small", slots=1, simulate=speed)
    bench = Bench(fleet(better, other, policy="joint", limits=Limits(queue=10)))
    given = {"task": Task.REASONING, "at_s": 0.0}
    bench.arrive(query("t", model_requested="thinker", max_output_tokens=2000, **given))
    bench.arrive(query("s", model_requested="small", max_output_tokens=200, **given))
    bench.arrive(query("patient", max_output_tokens=50, **given))
    bench.arrive(query("hasty", max_output_tokens=100, slo=Slo(ttft_s=8.0), **given))
    bench.finish("s")
    for second in range(1, 8):
        bench.advance(float(second))
        for watched, generation in bench.router.watched():
            bench.send(Sampled(bench.now_s, watched.id, generation, EngineSample()))
    assert bench.place_of("patient") is None
    assert bench.place_of("hasty") == "s"


def test_waiting_lifts_a_long_query_over_shorter_ones() -> None:
    bench = one_engine()
    bench.arrive(ask("running"))
    bench.arrive(ask("long", 400))
    bench.advance(29.0)
    bench.arrive(ask("short", 200, at_s=29.0))
    bench.finish("running")
    assert bench.place_of("long") == "c"
    assert bench.place_of("short") is None


def test_the_record_says_where_a_held_query_stands_and_why() -> None:
    bench = one_engine()
    bench.arrive(ask("running"))
    bench.arrive(ask("short", 50))
    bench.arrive(ask("long", 800))
    (held,) = decisions(bench, "long")
    assert held.standing is not None
    assert held.standing.lane is Lane.NORMAL
    assert (held.standing.ahead, held.standing.waiting) == (1, 2)
    assert held.standing.density > 0.0
    bench.advance(5.0)
    bench.finish("running")
    first = decisions(bench, "short")[-1]
    assert first.standing is not None
    assert first.standing.ageing == pytest.approx(1.5)
    assert first.standing.ahead == 0


def test_a_query_that_never_waited_has_no_standing() -> None:
    bench = one_engine()
    bench.arrive(ask("q"))
    assert decisions(bench, "q")[0].standing is None


def test_tenants_take_turns_by_work() -> None:
    bench = one_engine()
    bench.arrive(ask("running", tenant="hog"))
    for number in range(3):
        bench.arrive(ask(f"hog{number}", tenant="hog"))
    bench.arrive(ask("small", tenant="small"))
    ids = ["hog0", "hog1", "hog2", "small"]
    assert served_in_order(bench, "running", ids) == ["hog0", "small", "hog1", "hog2"]


def test_who_leaves_the_line_leaves_no_trace() -> None:
    bench = one_engine()
    bench.arrive(ask("running", tenant="a"))
    bench.arrive(ask("held", tenant="b"))
    bench.finish("held")
    bench.finish("running")
    inside = bench.router.inside(1.0)
    assert inside.line == ()
    assert inside.tenants_work_s == {}
    assert bench.router.open_cases == 0


def test_who_waits_for_an_endpoint_still_counts_once_its_address_changed() -> None:
    """Held queries raise what the next one is told to wait; each is counted where it waits."""
    before = fleet(*(endpoint(name, "coder", slots=1, simulate=SPEED) for name in "ab"))
    bench = Bench(replace(before, policy="joint"))
    for number in range(12):
        bench.arrive(ask(f"q{number}"))
    moved = replace(before.endpoints[0], url="http://127.0.0.1:10/elsewhere")
    after = replace(before, endpoints=(moved, before.endpoints[1]), policy="joint")
    bench.send(ConfigChanged(0.0, after))
    waits_for = Counter(entry.endpoint_id for entry in bench.router._placement.line.in_order(99, 0))
    states = bench.router._fleet.endpoints
    assert waits_for["a"] > 0
    assert {name: state.held for name, state in states.items()} == waits_for


def test_batch_leaves_room_while_others_are_about() -> None:
    bench = one_engine(slots=10)
    bench.arrive(ask("chat"))
    places = [bench.arrive(ask(f"b{i}", lane=Lane.BATCH)) for i in range(10)]
    room = round(BATCH_SHARE * 10) - 1
    assert places == ["c"] * room + [None] * (10 - room)
    bench.advance(HOLDBACK_S + 0.1)
    assert bench.in_flight()["c"] == 10


def test_an_urgent_query_meanwhile_prolongs_the_restraint() -> None:
    bench = one_engine(slots=10)
    bench.arrive(ask("chat"))
    for number in range(10):
        bench.arrive(ask(f"b{number}", lane=Lane.BATCH))
    bench.advance(6.0)
    bench.arrive(ask("again", at_s=6.0))
    bench.advance(HOLDBACK_S + 0.1)
    assert bench.in_flight()["c"] == 7
    bench.advance(6.0 + HOLDBACK_S + 0.1)
    assert bench.in_flight()["c"] == 10


def test_batch_alone_may_use_everything() -> None:
    bench = one_engine(slots=4)
    assert [bench.arrive(ask(f"b{i}", lane=Lane.BATCH)) for i in range(4)] == ["c"] * 4


def test_batch_always_gets_one_slot() -> None:
    bench = one_engine(slots=1)
    bench.arrive(ask("chat"))
    bench.finish("chat")
    assert bench.arrive(ask("b", lane=Lane.BATCH)) == "c"


def test_inside_shows_the_line_in_its_order() -> None:
    bench = one_engine()
    bench.arrive(ask("running", tenant="t"))
    bench.arrive(ask("long", 800, tenant="t"))
    bench.arrive(ask("short", 50, tenant="t"))
    bench.arrive(ask("bulk", 50, lane=Lane.BATCH, tenant="t"))
    inside = bench.router.inside(2.0)
    assert [held.query_id for held in inside.line] == ["short", "long", "bulk"]
    assert [held.standing.ahead for held in inside.line] == [0, 1, 2]
    assert inside.line[0].waited_s == 2.0
    assert inside.open_cases == 4
    assert set(inside.tenants_work_s) == {"t"}
    (learned,) = inside.learned
    assert learned.prefill_tokens_per_s == pytest.approx(4000.0)
    assert learned.tpot_idle_s == pytest.approx(0.0205)


class TestStickiness:
    def replicas(self) -> Bench:
        first = endpoint("c1", "coder", slots=8, simulate=SPEED)
        second = endpoint("c2", "coder", slots=8, simulate=SPEED)
        return Bench(fleet(first, second, policy="joint"))

    def test_a_conversation_stays_where_it_is_between_equals(self) -> None:
        places = []
        for session in range(40):
            bench = self.replicas()
            bench.arrive(ask(f"first{session}", session_id="s"))
            home = bench.place_of(f"first{session}")
            bench.finish(f"first{session}")
            bench.advance(60.0)
            bench.arrive(ask(f"second{session}", at_s=60.0, session_id="s"))
            places.append(bench.place_of(f"second{session}") == home)
        assert sum(places) >= 34, "softmax and exploration move one in twenty"

    def test_load_moves_it_all_the_same(self) -> None:
        bench = self.replicas()
        bench.arrive(ask("first", session_id="s"))
        home = bench.place_of("first")
        other = "c1" if home == "c2" else "c2"
        for number in range(40):
            bench.arrive(ask(f"load{number}", 800, session_id="s"))
        assert bench.in_flight()[other] == 8

    def test_the_cost_is_recorded_for_every_other_endpoint(self) -> None:
        bench = self.replicas()
        bench.arrive(ask("first", session_id="s"))
        home = bench.place_of("first")
        bench.arrive(ask("second", session_id="s"))
        costs = {
            c.view.endpoint.id: c.switch_cost for c in decisions(bench, "second")[0].candidates
        }
        assert costs.pop(home) == 0.0  # type: ignore[arg-type]
        assert list(costs.values()) == [0.03]


class TestPrefixAffinity:
    BLOCKS = (11, 12, 13, 14)

    def test_a_shared_prefix_draws_to_where_it_was_read(self) -> None:
        bench = TestStickiness().replicas()
        long = {"prompt_tokens": 2048, "prefix_hashes": self.BLOCKS}
        bench.arrive(ask("first", **long))
        home = bench.place_of("first")
        bench.finish("first", GONE)
        bench.advance(60.0)
        bench.arrive(ask("second", at_s=60.0, **long))
        by_id = {c.view.endpoint.id: c for c in decisions(bench, "second")[0].candidates}
        warm = by_id.pop(home)  # type: ignore[arg-type]
        (cold,) = by_id.values()
        assert cold.cached_tokens == 0.0
        assert warm.cached_tokens > 1500.0
        assert warm.ttft_s < cold.ttft_s
        assert warm.work_s < cold.work_s

    def test_pending_prefill_returns_to_zero(self) -> None:
        bench = TestStickiness().replicas()
        for number in range(3):
            bench.arrive(ask(str(number), prompt_tokens=2000, prefix_hashes=self.BLOCKS))
        for number in range(3):
            bench.first_token(str(number))
            bench.finish(str(number))
        pending = [v.pending_prefill_tokens for v in bench.router.snapshot(0.0).views]
        assert pending == [0, 0]


class TestUnattainableObjectives:
    SLOW = SimulatedSpeed(100.0, 0.5, 0.05, 4)
    HASTY = Slo(ttft_s=0.2, tpot_s=0.05)

    def bench(self) -> Bench:
        return Bench(fleet(endpoint("c", "coder", slots=4, simulate=self.SLOW), policy="joint"))

    def test_a_fleet_too_slow_for_its_objectives_still_fills_its_slots(self) -> None:
        bench = self.bench()
        given = {"slo": self.HASTY, "max_output_tokens": 20, "prompt_tokens": 100}
        places = [bench.arrive(query(str(i), Task.CODE, **given)) for i in range(3)]
        assert places == ["c", "c", "c"]
        scales = [decisions(bench, str(i))[-1].slo_scale for i in range(3)]
        assert scales[0] == 1.0, "the first finds an idle endpoint"
        assert max(scales) > 1.0

    def test_it_sheds_once_the_load_is_too_much_even_for_that(self) -> None:
        bench = self.bench()
        given = {"slo": self.HASTY, "max_output_tokens": 400, "prompt_tokens": 100}
        places = [bench.arrive(query(str(i), Task.CODE, **given)) for i in range(40)]
        assert "shed" in places

    def test_attainable_objectives_are_not_touched(self) -> None:
        bench = one_engine(slots=2)
        for number in range(30):
            bench.arrive(ask(str(number), 800))
        found = [d for n in range(30) for d in decisions(bench, str(n))]
        assert {decision.slo_scale for decision in found} == {1.0}


def polled(bench: Bench, until_s: int) -> None:
    """Let seconds pass in which every endpoint answers its polls."""
    for second in range(int(bench.now_s) + 1, until_s + 1):
        bench.advance(float(second))
        for watched, generation in bench.router.watched():
            bench.send(Sampled(bench.now_s, watched.id, generation, EngineSample()))


@pytest.mark.parametrize("policy", ["static", "joint"])
@pytest.mark.parametrize("others", [SCAN_LIMIT - 4, SCAN_LIMIT + 6, 5 * SCAN_LIMIT])
def test_nor_behind_one_of_queries_that_are_all_unlike(others: int, policy: str) -> None:
    ends = [endpoint(id_, model, slots=1) for id_, model in (("c", "coder"), ("t", "thinker"))]
    bench = Bench(fleet(*ends, policy=policy, limits=Limits(queue=1000)))
    bench.arrive(ask("coding", model_requested="coder"))
    bench.arrive(ask("thinking", model_requested="thinker"))
    for number in range(others):
        slo = Slo(ttft_s=60.0 + number, tpot_s=0.2)
        given = query(f"t{number}", slo=slo, max_wait_s=60.0, model_requested="thinker")
        bench.arrive(given._replace(lane=Lane.INTERACTIVE))
    bench.arrive(ask("code", model_requested="coder"))
    bench.finish("coding")
    polled(bench, 4)
    assert bench.place_of("code") == "c"


def dear_and_idle() -> Bench:
    """Both endpoints full, the better one's price far up."""
    models = {"small": 1, "thinker": 1}
    ends = [endpoint(model[0], model, slots=slots) for model, slots in models.items()]
    bench = Bench(fleet(*ends, policy="joint", limits=Limits(queue=100)))
    bench.arrive(query("qt", Task.REASONING, model_requested="thinker", slo=PATIENT))
    bench.arrive(query("qs", Task.REASONING, model_requested="small", slo=PATIENT))
    state = bench.router._fleet.endpoints["t"]
    for _ in range(30):
        state.price.charge(0.0, 3.0)
    state.touch()
    return bench


def test_who_pays_the_price_does_not_hold_up_who_would_not() -> None:
    given = {"slo": Slo(e2e_s=600.0), "max_wait_s": 60.0, "at_s": 0.0}
    bench = dear_and_idle()
    bench.arrive(query("waits", Task.REASONING, weight=50.0, **given))
    bench.arrive(query("goes", Task.REASONING, weight=1.0, **given))
    assert (bench.place_of("waits"), bench.place_of("goes")) == (None, None)
    bench.finish("qs")
    polled(bench, 3)
    assert bench.place_of("goes") == "s"
    assert bench.place_of("waits") is None


def test_the_batch_lane_is_served_when_the_holdback_ends_that_began_after_it() -> None:
    bench = one_engine(4, "static")
    for number in range(4):
        bench.arrive(ask(f"b{number}", lane=Lane.BATCH))
    assert bench.arrive(ask("batch", lane=Lane.BATCH)) is None
    bench.advance(1.0)
    bench.arrive(ask("normal", at_s=1.0))
    bench.finish("b0")
    assert bench.place_of("normal") == "c"
    bench.finish("b1")
    assert bench.place_of("batch") is None
    bench.advance(1.0 + HOLDBACK_S + 0.1)
    assert bench.place_of("batch") == "c"
