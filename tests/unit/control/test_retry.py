"""Who gets another try, and who does not."""

from __future__ import annotations

import pytest

from zeta_router.control.retry import MOST_REFUSALS, Tries
from zeta_router.core.outcome import Outcome, Status

REFUSED = Outcome(Status.UPSTREAM_UNREACHABLE)
RESET = Outcome(Status.UPSTREAM_ERROR)
ERROR_500 = Outcome(Status.UPSTREAM_ERROR, http_status=500)
SLOW = Outcome(Status.UPSTREAM_TIMEOUT)
BUSY = Outcome(Status.UPSTREAM_BUSY, http_status=503)


@pytest.mark.parametrize("status", list(Status))
def test_nothing_is_retried_once_the_client_has_a_byte(status: Status) -> None:
    tries = Tries()
    assert not tries.may_retry(Outcome(status, started=True), "a", 9)
    assert tries.last_status is status


@pytest.mark.parametrize(
    "status", [Status.OK, Status.CLIENT_ERROR, Status.CLIENT_GONE, Status.HEDGE_LOST]
)
def test_what_is_no_failure_of_the_engine_is_not_retried(status: Status) -> None:
    assert not Tries().may_retry(Outcome(status), "a", 9)


@pytest.mark.parametrize("outcome", [RESET, ERROR_500, SLOW])
def test_a_query_that_was_sent_and_failed_has_its_attempts_and_no_more(outcome: Outcome) -> None:
    tries = Tries()
    assert tries.may_retry(outcome, "a", 3)
    assert tries.may_retry(outcome, "b", 3)
    assert not tries.may_retry(outcome, "c", 3)
    assert tries.spent == 3


def test_with_one_attempt_nothing_is_retried() -> None:
    assert not Tries().may_retry(RESET, "a", 1)


def test_a_refused_connection_costs_no_attempt() -> None:
    tries = Tries()
    for _ in range(MOST_REFUSALS):
        assert tries.may_retry(REFUSED, "a", 1)
    assert tries.spent == 0
    assert not tries.may_retry(REFUSED, "a", 1)


def test_busy_costs_no_attempt_and_bars_nobody() -> None:
    tries = Tries()
    for _ in range(50):
        assert tries.may_retry(BUSY, "a", 1)
    assert tries == Tries(last_status=Status.UPSTREAM_BUSY)


@pytest.mark.parametrize("outcome", [ERROR_500, SLOW])
def test_who_answered_with_an_error_is_not_asked_again(outcome: Outcome) -> None:
    tries = Tries()
    tries.may_retry(outcome, "a", 3)
    assert tries.failed == {"a"}


@pytest.mark.parametrize("outcome", [RESET, REFUSED])
def test_who_broke_may_be_asked_again_once_a_probe_says_it_lives(outcome: Outcome) -> None:
    tries = Tries()
    tries.may_retry(outcome, "a", 3)
    assert tries.failed == set()
