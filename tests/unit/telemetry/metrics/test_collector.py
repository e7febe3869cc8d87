"""What a scrape shows after queries of every kind, and that nothing grows without bound."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from support.bench import BUSY, ERROR_500, GONE, OK, Bench
from support.fleets import fleet
from support.fleets import query as ask
from support.records import FLEET, candidate, decided, ended, query, snapshot
from zeta_router.control.ejection import Circuit
from zeta_router.core.condition import Axis, Condition, Finding
from zeta_router.core.decision import Verdict
from zeta_router.core.fleet import Limits
from zeta_router.core.outcome import Status
from zeta_router.core.query import NO_SLO, Lane, Slo, Task
from zeta_router.core.reasons import Reason
from zeta_router.learn.forecast.arrivals import Forecast
from zeta_router.router.endpoint.vitals import Vitals
from zeta_router.telemetry.metrics.catalog import RequestSeries
from zeta_router.telemetry.metrics.collector import CAPACITY_REASONS, Metrics
from zeta_router.telemetry.metrics.gauges import GAUGES
from zeta_router.telemetry.metrics.learned import LEARNED_GAUGES, Beliefs
from zeta_router.telemetry.records import LogHealth

HEALTH = LogHealth(True, "", "", written=10, pending=2, dropped=3, errors=4)


def made(registry: CollectorRegistry | None = None) -> Metrics:
    return Metrics(
        registry,
        fleet_state=lambda: snapshot(101.0),
        queue_depths=lambda: {Lane.BATCH: 7},
        log_health=lambda: HEALTH,
        clients=lambda: (5, {"slow_head": 2, "bad_http": 0}),
        routes=lambda: FLEET.routes,
    )


def scraped(metrics: Metrics) -> dict[str, Metric]:
    return {
        family.name: family for family in text_string_to_metric_families(metrics.render().decode())
    }


def values(metrics: Metrics, sample_name: str) -> dict[tuple[str, ...], float]:
    """Samples of one name by their labels' values, in the order of the labels' names."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
        if sample.name == sample_name
    }


def feed(metrics: Metrics, records: Iterable[object]) -> None:
    for record in records:
        metrics.on_record(record)  # type: ignore[arg-type]


def test_an_answered_query() -> None:
    metrics = made()
    feed(metrics, [decided(at_s=100.4), ended(at_s=104.4, queue_wait_s=0.5)])
    assert values(metrics, "zeta_requests_total") == {("a", "coder-7b", "ok", "code"): 1}
    assert values(metrics, "zeta_attempts_total") == {("a", "ok"): 1}
    assert values(metrics, "zeta_decisions_total") == {("static", "route"): 1}
    here = ("coder-7b", "code")
    assert values(metrics, "zeta_request_duration_seconds_sum")[here] == pytest.approx(4.5)
    assert values(metrics, "zeta_ttft_seconds_sum")[here] == pytest.approx(0.5 + 0.5)
    assert values(metrics, "zeta_tpot_seconds_sum")[here] == pytest.approx(3.5 / 70)
    assert values(metrics, "zeta_queue_wait_seconds_sum")[("interactive",)] == 0.5
    assert values(metrics, "zeta_queue_wait_seconds_count")[("batch",)] == 0


def test_an_answer_of_one_token_has_no_tpot() -> None:
    metrics = made()
    feed(metrics, [decided(), ended(output_tokens=1)])
    assert values(metrics, "zeta_ttft_seconds_count") == {("coder-7b", "code"): 1}
    assert values(metrics, "zeta_tpot_seconds_count") == {("coder-7b", "code"): 0}


def test_a_failure_that_is_retried_is_one_query_and_two_attempts() -> None:
    metrics = made()
    failed = ended(status=Status.UPSTREAM_ERROR, ttft_s=None, started=False)
    feed(metrics, [decided(), failed, decided(number=2, endpoint_id="b")])
    feed(metrics, [ended(attempt=2, endpoint_id="b")])
    assert values(metrics, "zeta_requests_total") == {("b", "reasoner-14b", "ok", "code"): 1}
    assert values(metrics, "zeta_attempts_total") == {
        ("a", "upstream_error"): 1,
        ("b", "ok"): 1,
    }


@pytest.mark.parametrize(("winner", "attempt", "ttft_s"), [("a", 1, 1.0), ("e", 2, 1.4)])
def test_of_two_copies_the_faster_counts_where_it_ran(
    winner: str, attempt: int, ttft_s: float
) -> None:
    metrics = made()
    also = decided(
        number=2, at_s=100.8, endpoint_id="e", reason=Reason.HEDGED, candidates=(candidate(2),)
    )
    answer = ended(at_s=101.5, endpoint_id=winner, attempt=attempt)
    lost = ended(
        at_s=101.5,
        endpoint_id="e" if winner == "a" else "a",
        attempt=3 - attempt,
        status=Status.HEDGE_LOST,
    )
    feed(metrics, [decided(at_s=100.4), also, answer, lost])
    model = "coder-7b" if winner == "a" else "embedder-4b"
    assert values(metrics, "zeta_requests_total") == {(winner, model, "ok", "code"): 1}
    sums = values(metrics, "zeta_ttft_seconds_sum")
    assert sums[model, "code"] == pytest.approx(ttft_s), "0.5 s after that copy was sent"
    assert values(metrics, "zeta_spill_total") == {}, "a copy is no query of its own"


def test_a_failure_is_no_latency() -> None:
    metrics = made()
    feed(metrics, [decided(), ended(status=Status.UPSTREAM_ERROR, started=True)])
    assert values(metrics, "zeta_requests_total") == {
        ("a", "coder-7b", "upstream_error", "code"): 1
    }
    assert values(metrics, "zeta_ttft_seconds_count") == {("coder-7b", "code"): 0}
    assert values(metrics, "zeta_request_duration_seconds_count") == {("coder-7b", "code"): 0}


@pytest.mark.parametrize("reason", list(Reason))
def test_refusals(reason: Reason) -> None:
    metrics = made()
    feed(metrics, [decided(verdict=Verdict.REJECT, reason=reason)])
    assert values(metrics, "zeta_requests_total") == {("none", "none", reason.value, "code"): 1}
    assert values(metrics, "zeta_ttft_seconds_count") == {}  # nobody answered: no times
    shed = values(metrics, "zeta_shed_total")
    assert shed == ({(reason.value,): 1} if reason in CAPACITY_REASONS else {})


def test_a_refusal_after_an_attempt_names_its_endpoint() -> None:
    metrics = made()
    failed = ended(status=Status.UPSTREAM_UNREACHABLE, started=False)
    refused = decided(number=2, verdict=Verdict.REJECT, reason=Reason.UPSTREAM_FAILED)
    feed(metrics, [decided(), failed, refused])
    assert values(metrics, "zeta_requests_total") == {
        ("a", "coder-7b", "upstream_failed", "code"): 1
    }


def test_a_failed_attempt_is_no_waiting_in_the_router() -> None:
    metrics = made()
    failed = ended(at_s=130.0, status=Status.UPSTREAM_TIMEOUT, started=False, queue_wait_s=0.5)
    held = decided(number=2, at_s=130.0, verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT)
    refused = decided(number=3, at_s=132.0, verdict=Verdict.REJECT, reason=Reason.DEADLINE)
    feed(metrics, [decided(at_s=100.4), failed, held, refused])
    assert values(metrics, "zeta_queue_wait_seconds_sum")[("interactive",)] == 2.5


def test_a_client_that_leaves_while_it_is_held() -> None:
    metrics = made()
    held = decided(verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT)
    gone = ended(endpoint_id=None, attempt=0, status=Status.CLIENT_GONE, queue_wait_s=2.0)
    feed(metrics, [held, gone])
    assert values(metrics, "zeta_requests_total") == {("none", "none", "client_gone", "code"): 1}
    assert values(metrics, "zeta_attempts_total") == {}
    assert values(metrics, "zeta_queue_wait_seconds_sum")[("interactive",)] == 2.0


def test_spill_is_counted_against_the_static_route() -> None:
    metrics = made()
    feed(
        metrics,
        [
            decided("q1", endpoint_id="b", reason=Reason.OVERFLOW),
            decided("q2", endpoint_id="a"),
            decided("q3", endpoint_id="b", reason=Reason.PINNED),
            decided("q4", endpoint_id="b", task=Task.REASONING),
        ],
    )
    assert values(metrics, "zeta_spill_total") == {("coder-7b", "reasoner-14b"): 1}


def test_a_query_that_is_tried_again_spills_once() -> None:
    metrics = made()
    spilled = [decided(number=n, endpoint_id="b", reason=Reason.OVERFLOW) for n in (1, 2, 3)]
    failed = [
        ended(endpoint_id="b", attempt=n, status=Status.UPSTREAM_ERROR, started=False)
        for n in (1, 2)
    ]
    feed(metrics, [spilled[0], failed[0], spilled[1], failed[1], spilled[2]])
    held = decided("q2", verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT)
    own = decided("q2", number=2)
    away = ended("q2", status=Status.UPSTREAM_ERROR, started=False)
    other = decided("q2", number=3, endpoint_id="b", reason=Reason.FALLBACK)
    feed(metrics, [held, own, away, other])
    assert values(metrics, "zeta_spill_total") == {("coder-7b", "reasoner-14b"): 2}


def test_an_end_that_nobody_remembers_is_still_counted() -> None:
    metrics = made()
    feed(metrics, [ended()])
    assert values(metrics, "zeta_requests_total") == {("a", "other", "ok", "other"): 1}


@pytest.mark.parametrize(
    ("slo", "ttft_s", "result"),
    [
        (NO_SLO, 0.5, "met"),
        (Slo(ttft_s=1.1), 0.5, "met"),
        (Slo(ttft_s=0.9), 0.5, "late"),  # half a second in the router counts
        (Slo(e2e_s=4.6), 0.5, "met"),
        (Slo(e2e_s=4.4), 0.5, "late"),
        (Slo(tpot_s=0.051), 0.5, "met"),
        (Slo(tpot_s=0.049), 0.5, "late"),
        (Slo(ttft_s=4.6, tpot_s=0.001), None, "met"),  # came whole: first token with the last
        (Slo(ttft_s=4.4), None, "late"),
    ],
)
def test_objectives(slo: Slo, ttft_s: float | None, result: str) -> None:
    metrics = made()
    asked = query("q1", slo=slo)
    feed(metrics, [decided(of=asked, at_s=100.4), ended(at_s=104.4, ttft_s=ttft_s)])
    told = values(metrics, "zeta_slo_total")
    assert {key for key, count in told.items() if count} == {("coder-7b", result, "code")}


@pytest.mark.parametrize("status", list(Status))
def test_only_what_the_fleet_owes_counts_against_objectives(status: Status) -> None:
    metrics = made()
    feed(metrics, [decided(), ended(status=status, started=True)])
    counted = sum(values(metrics, "zeta_slo_total").values())
    client = (Status.CLIENT_ERROR, Status.CLIENT_GONE)
    assert counted == (0 if status in client else 1)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_refusal_is_unserved_unless_nobody_could_do_it(reason: Reason) -> None:
    metrics = made()
    feed(metrics, [decided(verdict=Verdict.REJECT, reason=reason)])
    lasting = reason in (Reason.UNKNOWN_MODEL, Reason.NO_CAPABLE_MODEL, Reason.DENIED)
    assert values(metrics, "zeta_slo_total")["none", "unserved", "code"] == (0 if lasting else 1)


def believing(**changes: object) -> Metrics:
    """Metrics of three endpoints, `a` with `changes`."""
    findings = (Finding(Axis.LIVENESS, Condition.HEALTHY, 0.0),)
    usual = Vitals(Circuit.CLOSED, 1.0, 1.0, 1.0, findings, None, None, None)
    vitals = {"a": usual._replace(**changes), "b": usual, "e": usual}
    forecasts = {"all": Forecast(9.0, 8.0, 12.0, True, 0.2, 0.91)}
    beliefs = Beliefs({("coder-7b", "code"): (0.8, 0.05)}, vitals, forecasts)
    return Metrics(fleet_state=lambda: snapshot(101.0), queue_depths=dict, beliefs=lambda: beliefs)


def test_a_circuit_breaker_is_in_one_state() -> None:
    states = values(believing(circuit=Circuit.HALF_OPEN), "zeta_breaker_state")
    assert {key for key, on in states.items() if on} == {
        ("a", "half_open"),
        ("b", "closed"),
        ("e", "closed"),
    }
    assert len(states) == 9


def test_conditions_are_numbers_in_the_order_of_the_help_text() -> None:
    text = scraped(believing())["zeta_endpoint_condition"].documentation
    for number, condition in enumerate(Condition):
        findings = tuple(Finding(axis, condition, 0.0) for axis in Axis)
        told = values(believing(findings=findings), "zeta_endpoint_condition")
        assert {axis: value for (axis, id_), value in told.items() if id_ == "a"} == dict.fromkeys(
            map(str, Axis), number
        )
        assert f"{number} {condition.value}" in text


def test_beliefs_are_shown_and_what_nobody_believes_is_not() -> None:
    metrics = believing(ttft_slowness=1.5, tpot_slowness=0.9, slowdown=2.0)
    assert values(metrics, "zeta_quality_estimate") == {("coder-7b", "code"): 0.8}
    assert values(metrics, "zeta_quality_estimate_stddev") == {("coder-7b", "code"): 0.05}
    assert values(metrics, "zeta_endpoint_ttft_slowness_ratio")[("a",)] == 1.5
    assert values(metrics, "zeta_endpoint_tpot_slowness_ratio")[("a",)] == 0.9
    assert values(metrics, "zeta_endpoint_slowdown_ratio") == {("a",): 2.0, ("b",): 1, ("e",): 1}
    assert {g.name for g in LEARNED_GAUGES} <= set(scraped(metrics))
    known = believing(fall=7.5, memory_slope_bytes_per_h=4e7, canaries_failing=0)
    for name, key, value in (
        ("zeta_drift_score", ("quality", "a"), 7.5),
        ("zeta_memory_slope_bytes_per_hour", ("a",), 4e7),
        ("zeta_canaries_failing", ("a",), 0),
    ):
        assert values(metrics, name) == {}
        assert values(known, name) == {key: value}


def test_a_large_page_comes_in_small_pieces() -> None:
    metrics = made()
    for n in range(400):
        feed(metrics, [decided(f"q{n}", endpoint_id=f"e{n}"), ended(f"q{n}", endpoint_id=f"e{n}")])
    pieces = list(metrics.pieces())
    assert "".join(pieces).count("\n") > 800
    assert max(piece.count("\n") for piece in pieces) <= 202


def test_gauges_show_the_fleet() -> None:
    metrics = made()
    assert values(metrics, "zeta_queue_depth") == {
        ("interactive",): 0,
        ("normal",): 0,
        ("batch",): 7,
    }
    assert values(metrics, "zeta_endpoint_inflight") == {("a",): 1, ("b",): 1, ("e",): 1}
    assert values(metrics, "zeta_endpoint_slots")[("a",)] == 4
    assert values(metrics, "zeta_endpoint_price")[("a",)] == 0.125
    assert values(metrics, "zeta_endpoint_state")[("a", "up")] == 1
    assert values(metrics, "zeta_endpoint_state")[("a", "down")] == 0
    assert values(metrics, "zeta_endpoint_info")[("a", "llamacpp", "coder-7b")] == 1
    assert values(metrics, "zeta_endpoint_memory_bytes")[("a",)] == 3.5e8
    assert values(metrics, "zeta_signal_age_seconds")[("a", "running")] == 1.5
    assert values(metrics, "zeta_log_rows_dropped_total") == {(): 3}
    assert values(metrics, "zeta_client_connections") == {(): 5}
    refused = {("slow_head",): 2, ("bad_http",): 0}
    assert values(metrics, "zeta_clients_refused_total") == refused


def test_an_absent_signal_is_not_zero() -> None:
    metrics = made()
    assert values(metrics, "zeta_endpoint_waiting") == {}
    assert values(metrics, "zeta_endpoint_cpu_ratio") == {}
    assert ("a", "waiting") not in values(metrics, "zeta_signal_age_seconds")
    assert values(metrics, "zeta_signal_absent")[("a", "waiting")] == 1
    assert values(metrics, "zeta_signal_absent")[("a", "running")] == 0


def test_names_units_and_help() -> None:
    metrics = made()
    feed(metrics, [decided(), ended()])
    metrics.observe_overhead(0.0001)
    ours = {name: family for name, family in scraped(metrics).items() if name.startswith("zeta_")}
    assert set(ours) == {s.name for s in RequestSeries().all} | {g.name for g in GAUGES}
    for name, family in ours.items():
        assert family.documentation.rstrip().endswith("."), name
        assert not name.endswith(("_ms", "_milliseconds", "_percent", "_count")), name
        assert (family.type == "histogram") == name.endswith("_seconds") or family.type == "gauge"
    text = metrics.render().decode()
    assert "process_resident_memory_bytes" in text
    assert text.endswith("\n")


def test_a_registry_of_ones_own_shows_the_same() -> None:
    registry = CollectorRegistry()
    metrics = made(registry)
    feed(metrics, [decided(), ended()])
    metrics.observe_overhead(0.0001)
    theirs = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in registry.collect()
        for sample in family.samples
    }
    ours = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in scraped(metrics).values()
        for sample in family.samples
        if sample.name.startswith("zeta_")
    }
    assert ours == theirs
    with pytest.raises(ValueError, match="Duplicated"):
        made(registry)


def test_nothing_that_a_client_writes_becomes_a_label() -> None:
    metrics = made()
    for n in range(300):
        asked = query(f"q{n}", model_requested=f"m{n}", tenant=f"t{n}", session_id=f"s{n}")
        refused = decided(asked.id, of=asked, verdict=Verdict.REJECT, reason=Reason.UNKNOWN_MODEL)
        feed(metrics, [refused, decided(asked.id, of=asked), ended(asked.id)])
    first = metrics.render()
    assert b"m299" not in first
    assert b"t299" not in first
    assert b"s299" not in first
    assert len(values(metrics, "zeta_requests_total")) == 2


def test_series_stay_bounded_when_endpoints_come_and_go() -> None:
    metrics = made()
    for n in range(3000):
        feed(metrics, [decided(f"q{n}", endpoint_id=f"e{n}"), ended(f"q{n}", endpoint_id=f"e{n}")])
    requests = values(metrics, "zeta_requests_total")
    assert len(requests) <= 1001
    assert sum(requests.values()) == 3000


def test_queries_whose_end_is_lost_do_not_pile_up() -> None:
    metrics = made()
    record = decided()
    for n in range(120_000):
        metrics._open.put(f"q{n}", metrics._opened(record.query, record.decision, "m", "e"))
    assert len(metrics._open) <= 100_000


def test_conserves_queries_of_a_real_router() -> None:
    """Arrived = ended + still open, whatever happens to each query."""
    bench = Bench(fleet(policy="threshold", limits=Limits(queue=3, max_wait_s=5.0)))
    metrics = Metrics(
        fleet_state=lambda: bench.router.snapshot(bench.now_s),
        queue_depths=bench.router.queue_depths,
    )
    outcomes = [OK, ERROR_500, GONE, BUSY, OK]
    for n in range(200):
        bench.arrive(ask(f"q{n}", list(Task)[n % 4], at_s=bench.now_s))
        bench.advance(bench.now_s + 0.3)
        for place, name in enumerate(list(bench.running)[: n % 3]):
            bench.finish(name, outcomes[(n + place) % len(outcomes)])
    feed(metrics, [emit.record for emit in bench.records])
    counted = values(metrics, "zeta_requests_total")
    assert sum(counted.values()) == 200 - bench.router.open_cases
    assert len({key[2] for key in counted}) >= 4
    owed = sum(n for key, n in counted.items() if key[2] not in ("client_gone", "client_error"))
    assert sum(values(metrics, "zeta_slo_total").values()) == owed
    in_flight = sum(values(metrics, "zeta_endpoint_inflight").values())
    held = sum(values(metrics, "zeta_queue_depth").values())
    assert in_flight + held == bench.router.open_cases
    assert len(metrics._open) == bench.router.open_cases
