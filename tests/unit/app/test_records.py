"""One line about a query, as `/zeta/decisions` lists it."""

from __future__ import annotations

import pytest

from support.records import decided, ended
from zeta_router.app.records import _summary
from zeta_router.core.decision import Verdict
from zeta_router.core.outcome import Status
from zeta_router.core.reasons import Reason
from zeta_router.router.commands import DecisionRecord, OutcomeRecord
from zeta_router.telemetry.recent import Story

HEDGED = decided(number=2, at_s=101.0, endpoint_id="b", reason=Reason.HEDGED)
LOST = Status.HEDGE_LOST


def line(decisions: list[DecisionRecord], *outcomes: OutcomeRecord) -> tuple[object, ...]:
    told = _summary(Story("q1", decisions, list(outcomes), None))
    return told["endpoint"], told["reason"], told["status"], told["queue_wait_s"]


def test_a_hedged_query_went_where_it_was_answered() -> None:
    first, second = ended(at_s=102.0), ended(at_s=102.0, attempt=2, endpoint_id="b")
    lost = ended(at_s=102.0, attempt=2, endpoint_id="b", status=LOST)
    assert line([decided(), HEDGED], first, lost) == ("a", "route", "ok", 0.05)
    lost = ended(at_s=102.0, status=LOST)
    assert line([decided(), HEDGED], second, lost) == ("b", "hedged", "ok", 0.05)


def test_a_query_that_is_tried_again_has_not_ended() -> None:
    failed = ended(at_s=101.0, status=Status.UPSTREAM_ERROR)
    again = decided(number=2, at_s=101.0, endpoint_id="b")
    assert line([decided(), again], failed) == ("b", "route", None, None)
    answered = ended(at_s=103.0, attempt=2, endpoint_id="b")
    assert line([decided(), again], failed, answered) == ("b", "route", "ok", 0.05)


def test_what_a_failed_attempt_took_lies_before_the_sending() -> None:
    again = decided(number=2, at_s=103.0, endpoint_id="b")
    failed = ended(at_s=103.0, status=Status.UPSTREAM_ERROR)
    answered = ended(at_s=104.0, attempt=2, endpoint_id="b")
    told = _summary(Story("q1", [decided(), again], [failed, answered], None))
    assert (told["sent_after_s"], told["queue_wait_s"]) == (pytest.approx(3.1), 0.05)


def test_a_refused_query_tells_how_long_it_was_held() -> None:
    held = decided(at_s=99.9, verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT)
    refused = decided(number=2, at_s=104.9, verdict=Verdict.REJECT, reason=Reason.DEADLINE)
    assert line([held]) == (None, "wait_slot", None, None)
    assert line([held, refused]) == (None, "deadline", None, 5.0)
