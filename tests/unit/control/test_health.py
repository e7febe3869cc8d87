"""Whether an endpoint lives: only failures count, and a probe brings it back."""

from __future__ import annotations

import pytest

from zeta_router.control.health import (
    FIRST_PAUSE_S,
    FIRST_PROBE_S,
    LONGEST_PAUSE_S,
    LONGEST_PROBE_S,
    Liveness,
)
from zeta_router.core.outcome import Outcome, Status

OK = Outcome(Status.OK)
ERROR_500 = Outcome(Status.UPSTREAM_ERROR, http_status=500)
RESET = Outcome(Status.UPSTREAM_ERROR)
REFUSED = Outcome(Status.UPSTREAM_UNREACHABLE)
SLOW = Outcome(Status.UPSTREAM_TIMEOUT)


def busy(retry_after_s: float | None = None) -> Outcome:
    return Outcome(Status.UPSTREAM_BUSY, http_status=503, retry_after_s=retry_after_s)


def down_at(now_s: float) -> Liveness:
    life = Liveness()
    life.take_down(now_s)
    return life


class TestFailures:
    @pytest.mark.parametrize("outcome", [RESET, REFUSED])
    def test_a_connection_that_breaks_is_believed_at_once(self, outcome: Outcome) -> None:
        life = Liveness()
        life.on_outcome(5.0, outcome)
        assert not life.alive
        assert life.next_probe_s == 5.0

    @pytest.mark.parametrize("outcome", [ERROR_500, SLOW])
    def test_what_it_answers_or_when_is_not_for_us_to_judge(self, outcome: Outcome) -> None:
        life = Liveness()
        for _ in range(100):
            life.on_outcome(1.0, outcome)
        assert life.alive
        assert life.next_probe_s is None

    @pytest.mark.parametrize(
        "status", [Status.CLIENT_ERROR, Status.CLIENT_GONE, Status.HEDGE_LOST, Status.UPSTREAM_BUSY]
    )
    def test_what_is_no_failure_changes_nothing(self, status: Status) -> None:
        life = Liveness()
        for _ in range(100):
            life.on_outcome(1.0, Outcome(status, http_status=400))
        assert life.alive
        assert life.next_probe_s is None

    def test_a_late_success_does_not_revive(self) -> None:
        life = down_at(1.0)
        life.on_outcome(2.0, OK)
        assert not life.alive

    def test_failing_again_while_down_does_not_hurry_the_probes(self) -> None:
        life = down_at(0.0)
        life.on_probe(0.0, alive=False)
        life.on_outcome(0.05, RESET)
        assert life.next_probe_s == FIRST_PROBE_S


class TestProbes:
    def test_the_gap_doubles_up_to_its_limit(self) -> None:
        life, now_s, gaps = down_at(0.0), 0.0, []
        for _ in range(8):
            life.on_probe(now_s, alive=False)
            assert life.next_probe_s is not None
            gaps.append(life.next_probe_s - now_s)
            now_s = life.next_probe_s
        assert gaps == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0])
        assert max(gaps) <= LONGEST_PROBE_S + 1e-9

    def test_an_answer_brings_it_back(self) -> None:
        life = down_at(0.0)
        life.on_probe(1.0, alive=True)
        assert life.alive
        assert life.next_probe_s is None

    def test_a_probe_that_fails_tells_a_dead_engine_from_a_broken_connection(self) -> None:
        life = down_at(0.0)
        assert not life.was_gone
        life.on_probe(0.1, alive=False)
        assert life.was_gone
        life.on_probe(0.2, alive=True)
        life.take_down(1.0)
        assert not life.was_gone

    def test_the_gap_is_short_again_the_next_time(self) -> None:
        life = down_at(0.0)
        for _ in range(5):
            life.on_probe(0.0, alive=False)
        life.on_probe(0.0, alive=True)
        life.take_down(10.0)
        assert life.next_probe_s == 10.0
        life.on_probe(10.0, alive=False)
        assert life.next_probe_s == 10.0 + FIRST_PROBE_S

    def test_a_probe_that_fails_takes_a_living_one_down(self) -> None:
        life = Liveness()
        life.on_probe(3.0, alive=False)
        assert not life.alive
        assert life.next_probe_s == 3.0 + FIRST_PROBE_S

    def test_a_probe_that_succeeds_leaves_a_living_one_alone(self) -> None:
        life = Liveness()
        life.on_probe(3.0, alive=True)
        assert life.alive
        assert life.next_probe_s is None


class TestPauses:
    def test_its_own_word_on_when_to_come_back_counts(self) -> None:
        life = Liveness()
        life.on_outcome(100.0, busy(2.0))
        assert life.alive
        assert life.paused_until_s == 102.0

    def test_up_to_a_limit(self) -> None:
        life = Liveness()
        life.on_outcome(0.0, busy(86400.0))
        assert life.paused_until_s == LONGEST_PAUSE_S

    def test_without_a_word_the_pause_doubles_as_long_as_it_stays_busy(self) -> None:
        life, now_s, pauses = Liveness(), 0.0, []
        for _ in range(7):
            life.on_outcome(now_s, busy())
            pauses.append(life.paused_until_s - now_s)
            now_s = life.paused_until_s
        assert pauses == pytest.approx([0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0])

    def test_a_success_makes_the_next_pause_short(self) -> None:
        life = Liveness()
        for now_s in (0.0, 1.0, 3.0):
            life.on_outcome(now_s, busy())
        life.on_outcome(20.0, OK)
        life.on_outcome(20.0, busy())
        assert life.paused_until_s == 20.0 + FIRST_PAUSE_S

    def test_a_burst_of_refusals_is_one_word_and_not_many(self) -> None:
        """16 queries in flight, all told "busy" within a millisecond: the engine is full once."""
        life = Liveness()
        for number in range(16):
            life.on_outcome(number * 1e-4, busy())
        assert life.paused_until_s == pytest.approx(FIRST_PAUSE_S, abs=0.01)

    def test_a_shorter_word_does_not_cut_a_longer_one(self) -> None:
        life = Liveness()
        life.on_outcome(0.0, busy(8.0))
        life.on_outcome(0.1, busy(1.0))
        life.on_outcome(0.2, busy())
        assert life.paused_until_s == 8.0

    def test_an_answered_probe_ends_the_pause(self) -> None:
        life = Liveness()
        life.on_outcome(0.0, busy(9.0))
        life.on_outcome(0.0, RESET)
        life.on_probe(0.1, alive=True)
        assert life.paused_until_s == 0.0
