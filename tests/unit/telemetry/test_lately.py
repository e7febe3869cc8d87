"""The last minutes in counts, paces and calibration."""

from __future__ import annotations

import pytest

from support.records import FLEET, candidate, decided, ended, query
from zeta_router.core.decision import Verdict
from zeta_router.core.outcome import Status
from zeta_router.core.query import NO_SLO, Slo, Task
from zeta_router.core.reasons import Reason
from zeta_router.policy.score import p_slo
from zeta_router.telemetry.lately import BUCKETS, OPEN, PER_ENDPOINT, Lately, counts
from zeta_router.telemetry.lately_report import calibration, pace, quantile, share


def lately() -> Lately:
    return Lately(lambda: FLEET.routes)


def test_dispatches_are_counted_by_task_model_and_spill() -> None:
    seen = lately()
    seen.on_record(decided("1", endpoint_id="a"))
    seen.on_record(decided("2", endpoint_id="b"))
    seen.on_record(decided("3", endpoint_id="b", reason=Reason.PINNED))
    seen.on_record(decided("4", endpoint_id="a", at_s=105.0))
    early, late = (counts(bucket) for _, bucket in seen.buckets())
    assert early["sent"] == [
        ["code", "coder-7b", False, 1],
        ["code", "reasoner-14b", True, 1],
        ["code", "reasoner-14b", False, 1],
    ]
    assert late["sent"] == [["code", "coder-7b", False, 1]]
    assert [at_s for at_s, _ in seen.buckets()] == [100.0, 105.0]
    assert [at_s for at_s, _ in seen.buckets(since_s=110.0)] == [105.0]


def test_a_second_attempt_is_no_second_query() -> None:
    seen = lately()
    seen.on_record(decided("1", number=1, endpoint_id="a"))
    seen.on_record(ended("1", status=Status.UPSTREAM_ERROR, at_s=101.0))
    seen.on_record(decided("1", number=2, endpoint_id="b", at_s=101.0))
    seen.on_record(ended("1", endpoint_id="b", attempt=2))
    (bucket,) = [counts(bucket) for _, bucket in seen.buckets()]
    assert bucket["sent"] == [["code", "coder-7b", False, 1]]
    assert bucket["ends"] == [["code", 1, 0, 71, 0, 0, 0]], "late by what the failed attempt took"
    assert pace(seen.answers_of("b"), 104.0)["ttft_p50_s"] == pytest.approx(0.5 + 101.0 - 99.9)
    assert [answer.candidate.view.endpoint.id for answer in seen.answers()] == ["b"]


def test_of_two_copies_the_faster_counts_where_it_ran() -> None:
    seen = lately()
    seen.on_record(decided("1", number=1, endpoint_id="a"))
    also = decided(
        "1", number=2, at_s=100.6, endpoint_id="b", reason=Reason.HEDGED, candidates=(candidate(1),)
    )
    seen.on_record(also)
    seen.on_record(ended("1", endpoint_id="a"))
    seen.on_record(ended("1", endpoint_id="b", attempt=2, status=Status.HEDGE_LOST))
    (bucket,) = [counts(bucket) for _, bucket in seen.buckets()]
    assert bucket["ends"] == [["code", 1, 1, 71, 0, 0, 0]], "in time: sent 0.1 s after arrival"
    assert len(seen.answers_of("a")) == 1
    assert seen.answers_of("b") == []
    seen.on_record(decided("2", endpoint_id="a"))
    seen.on_record(also._replace(query=query("2"), decision=also.decision._replace(query_id="2")))
    seen.on_record(ended("2", endpoint_id="b", attempt=2))
    assert [answer.sent_after_s for answer in seen.answers_of("b")] == [pytest.approx(0.7)]


def test_ends_are_told_apart() -> None:
    seen = lately()
    for number in range(5):
        seen.on_record(decided(str(number), at_s=100.5 if number == 1 else 100.0))
    seen.on_record(ended("0"))
    seen.on_record(ended("1", queue_wait_s=0.6))  # 0.5 s to the first token: late for 1 s
    seen.on_record(ended("2", status=Status.CLIENT_GONE))
    seen.on_record(ended("3", status=Status.UPSTREAM_ERROR, started=True))
    seen.on_record(decided("4", verdict=Verdict.REJECT, reason=Reason.UPSTREAM_FAILED))
    seen.on_record(decided("5", verdict=Verdict.REJECT, reason=Reason.SHED))
    (bucket,) = [counts(bucket) for _, bucket in seen.buckets()]
    assert bucket["ends"] == [["code", 2, 1, 142, 2, 1, 1]]
    seen.on_record(ended("5"))
    assert len(seen.answers()) == 2, "the end of a query that is over counts for nothing"


def test_an_answer_in_one_piece_has_its_first_token_with_its_last() -> None:
    seen = lately()
    for key, e2e_s in (("late", 4.0), ("in time", 0.8)):
        seen.on_record(decided(key))  # 1 s to the first token is promised
        seen.on_record(ended(key, ttft_s=None, e2e_s=e2e_s))
    assert [answer.in_time for answer in seen.answers()] == [False, True]
    (filled,) = [each for each in calibration(seen.answers())["p_slo"] if each["answers"]]
    assert filled["met"] == 1.0, "the prediction was of the engine's first token; nobody saw it"


@pytest.mark.parametrize("started", [True, False])
def test_a_clients_own_mistake_is_no_lost_answer(started: bool) -> None:
    seen = lately()
    seen.on_record(decided("1"))
    seen.on_record(ended("1", status=Status.CLIENT_ERROR, started=started, http_status=400))
    (bucket,) = [counts(bucket) for _, bucket in seen.buckets()]
    assert bucket["ends"] == []
    assert not seen._open


def test_who_gives_up_waiting_has_left() -> None:
    seen = lately()
    for key in ("gone", "served"):
        seen.on_record(decided(key, number=0, verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT))
    seen.on_record(ended("gone", attempt=0, endpoint_id=None, status=Status.CLIENT_GONE))
    seen.on_record(decided("served", number=1))
    seen.on_record(ended("served"))
    (bucket,) = [counts(bucket) for _, bucket in seen.buckets()]
    assert bucket["ends"] == [["code", 1, 1, 71, 0, 0, 1]]
    assert bucket["sent"] == [["code", "coder-7b", False, 1]]


def test_memory_is_bounded() -> None:
    seen = lately()
    for number in range(OPEN + 50):
        seen.on_record(decided(str(number), at_s=100.0 + number))
    assert len(seen.buckets()) == BUCKETS
    assert len(seen._open) == OPEN
    for number in range(OPEN - 700, OPEN):
        seen.on_record(ended(str(number)))
    assert len(seen.answers()) == 512
    assert len(seen.answers_of("a")) == PER_ENDPOINT
    assert seen.answers_of("unknown") == []


def test_the_pace_of_an_endpoint() -> None:
    seen = lately()
    for number in range(4):
        seen.on_record(decided(str(number), at_s=99.9 + 0.1 * number))
        seen.on_record(ended(str(number), at_s=104.0 + number, queue_wait_s=0.1 * number))
    told = pace(seen.answers_of("a"), now_s=108.0)
    assert told["answers"] == 4
    assert told["ttft_p50_s"] == pytest.approx(0.7)
    assert told["ttft_p95_s"] == pytest.approx(0.8)
    assert told["ttft_slo_s"] == 1.0
    assert told["ttft_used_p95_ratio"] == pytest.approx(0.8)
    assert told["tpot_p50_s"] == pytest.approx(0.05)
    assert told["tpot_slo_s"] is None
    assert told["in_time_ratio"] == 1.0
    assert told["output_tokens_per_s"] == pytest.approx(4 * 71 / 4.0)
    nothing = pace(seen.answers_of("a"), now_s=1000.0)
    assert nothing["answers"] == 0
    assert nothing["ttft_p50_s"] is None, "absent is not zero"
    assert nothing["output_tokens_per_s"] is None


def test_promises_are_set_beside_what_came() -> None:
    seen = lately()
    for number in range(10):
        seen.on_record(decided(str(number)))
        seen.on_record(ended(str(number), ttft_s=0.5 if number < 7 else 2.5))
    told = calibration(seen.answers())
    chance = p_slo(candidate(0), Slo(1.0, None, 10.0), 100.0 - 99.9)
    (filled,) = [each for each in told["p_slo"] if each["answers"]]
    assert filled["from"] <= chance < filled["from"] + 0.1
    assert filled["predicted"] == pytest.approx(chance, abs=1e-4)
    assert filled["met"] == 0.7
    assert len(told["p_slo"]) == 10
    (endpoint,) = told["endpoints"]
    assert endpoint["id"] == "a"
    assert endpoint["ttft"]["p50"] == pytest.approx(0.5 / 0.4)
    assert endpoint["length"]["p50"] == pytest.approx(71 / 210.0, abs=1e-5)


def test_without_a_promise_nothing_is_calibrated() -> None:
    seen = lately()
    seen.on_record(decided("1", of=query("1", slo=NO_SLO)))
    seen.on_record(ended("1"))
    told = calibration(seen.answers())
    assert told["answers"] == 1
    assert all(each["answers"] == 0 for each in told["p_slo"])


def test_an_embedding_has_no_rate() -> None:
    seen = lately()
    seen.on_record(decided("1", endpoint_id="b", task=Task.EMBEDDING))
    seen.on_record(ended("1", endpoint_id="b", ttft_s=None, output_tokens=None))
    (told,) = calibration(seen.answers())["endpoints"]
    assert told["tpot"] == {"p10": None, "p50": None, "p90": None}


def test_small_figures() -> None:
    assert quantile([], 0.5) is None
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([1.0], 0.95) == 1.0
    assert share([]) is None
    assert share([True, False]) == 0.5
