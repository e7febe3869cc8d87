"""An embedding whose answer is late is asked of a second replica; the first answer wins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.bench import ERROR_500, GONE, Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.fleet import Limits
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Task
from zeta_router.core.reasons import Reason
from zeta_router.router.commands import (
    Cancel,
    Command,
    DecisionRecord,
    Emit,
    Hedge,
    OutcomeRecord,
    Reject,
)
from zeta_router.router.events import Finished, FirstToken, Unanswered

VECTOR = Outcome(Status.OK, started=True, e2e_s=0.1, prompt_tokens=10, http_status=200)
TAKES_S = 0.1


class Fleet(Bench):
    """Replicas of an embedder that are known to take a tenth of a second."""

    def __init__(self, count: int = 2, **limits: float) -> None:
        ends = [endpoint(f"e{n}", "embedder", slots=4) for n in range(count)]
        self.said: list[Command] = []
        super().__init__(fleet(*ends, limits=replace(Limits(), **limits)))
        for number in range(60):
            self.ask(f"warm{number}")
            self.now_s += TAKES_S
            self.answer(f"warm{number}")
        self.said.clear()

    def send(self, event):  # type: ignore[no-untyped-def]
        commands = super().send(event)
        self.said += commands
        return commands

    def ask(self, name: str) -> str | None:
        """Where a query for an embedding went."""
        return self.arrive(query(name, task=Task.EMBEDDING, at_s=self.now_s, stream=False))

    def answer(self, name: str, attempt: int = 1, outcome: Outcome = VECTOR) -> None:
        """An attempt ends; a good one is told as the gateway tells it."""
        if outcome.status is Status.OK:
            self.send(FirstToken(self.now_s, name, attempt))
        self.send(Finished(self.now_s, name, attempt, outcome))

    def late(self, name: str = "q") -> Hedge:
        """A query that was asked for so long that a copy of it was sent."""
        self.ask(name)
        self.advance(self.now_s + 10 * TAKES_S)
        (copy,) = [one for one in self.said if isinstance(one, Hedge)]
        return copy

    def ends(self) -> list[tuple[int, Status]]:
        """How the attempts of the query ended, in order."""
        records = [one.record for one in self.said if isinstance(one, Emit)]
        return [(r.attempt, r.outcome.status) for r in records if isinstance(r, OutcomeRecord)]


def test_a_late_one_is_sent_to_the_other_replica_too() -> None:
    bench = Fleet()
    first = bench.ask("q")
    bench.advance(bench.now_s + 0.5 * TAKES_S)
    assert not any(isinstance(one, Hedge) for one in bench.said)
    bench.advance(bench.now_s + 2 * TAKES_S)
    (copy,) = [one for one in bench.said if isinstance(one, Hedge)]
    assert (copy.query_id, copy.attempt) == ("q", 2)
    assert copy.endpoint.id != first
    assert bench.in_flight() == {"e0": 1, "e1": 1}
    records = [one.record for one in bench.said if isinstance(one, Emit)]
    reasons = [one.decision.reason for one in records if isinstance(one, DecisionRecord)]
    assert reasons[-1] is Reason.HEDGED


@pytest.mark.parametrize(("winner", "loser"), [(1, 2), (2, 1)])
def test_the_first_answer_wins_and_the_other_attempt_is_given_up(winner: int, loser: int) -> None:
    bench = Fleet()
    bench.late()
    bench.answer("q", winner)
    assert bench.ends() == [(winner, Status.OK), (loser, Status.HEDGE_LOST)]
    assert bench.cancelled == [Cancel("q", loser)]
    assert bench.in_flight() == {"e0": 0, "e1": 0}
    assert bench.router.open_cases == 0
    late = Outcome(Status.UPSTREAM_TIMEOUT)
    assert bench.router.handle(Finished(bench.now_s, "q", loser, late)) == [], "nothing is left"


@pytest.mark.parametrize(("failing", "other"), [(1, 2), (2, 1)])
def test_when_one_fails_the_other_goes_on(failing: int, other: int) -> None:
    bench = Fleet(attempts=1)
    bench.late()
    bench.answer("q", failing, ERROR_500)
    assert bench.router.open_cases == 1
    assert sum(bench.in_flight().values()) == 1
    bench.answer("q", other)
    assert bench.ends() == [(failing, Status.UPSTREAM_ERROR), (other, Status.OK)]
    assert bench.router.open_cases == 0


def test_when_both_fail_it_is_tried_again_or_refused() -> None:
    bench = Fleet(attempts=1)
    bench.late()
    bench.answer("q", 2, ERROR_500)
    bench.answer("q", 1, ERROR_500)
    (refused,) = [one for one in bench.said if isinstance(one, Reject)]
    assert refused.decision.reason is Reason.UPSTREAM_FAILED
    assert bench.in_flight() == {"e0": 0, "e1": 0}


def test_a_client_that_leaves_frees_both() -> None:
    bench = Fleet()
    bench.late()
    bench.send(Finished(bench.now_s, "q", 1, GONE))
    assert bench.in_flight() == {"e0": 0, "e1": 0}
    assert bench.cancelled == [Cancel("q", 2)]
    assert bench.router.open_cases == 0


def test_an_endpoint_that_falls_silent_leaves_the_copy_alone() -> None:
    bench = Fleet()
    first = bench.ask("q")
    bench.advance(bench.now_s + 2 * TAKES_S)
    assert first is not None
    generation = {one.endpoint.id: one.generation for one in bench.router.snapshot(0.0).views}
    bench.send(Unanswered(bench.now_s, first, generation[first]))
    bench.probe(first, alive=False)
    bench.answer("q", 1, Outcome(Status.UPSTREAM_TIMEOUT))
    assert sum(bench.in_flight().values()) == 1
    bench.answer("q", 2)
    assert bench.router.open_cases == 0


def test_one_replica_is_never_asked_twice() -> None:
    bench = Fleet(count=1)
    bench.ask("q")
    bench.advance(bench.now_s + 100 * TAKES_S)
    assert not any(isinstance(one, Hedge) for one in bench.said)


def test_it_can_be_switched_off() -> None:
    bench = Fleet(hedge_ratio=0.0)
    bench.ask("q")
    bench.advance(bench.now_s + 100 * TAKES_S)
    assert not any(isinstance(one, Hedge) for one in bench.said)


def test_a_crowd_of_late_ones_costs_no_more_than_its_share() -> None:
    bench = Fleet(count=4)
    copies = 0
    for number in range(400):
        bench.said.clear()
        name = f"slow{number}"
        bench.ask(name)
        bench.advance(bench.now_s + 20 * TAKES_S)
        copies += sum(isinstance(one, Hedge) for one in bench.said)
        bench.answer(name)
    assert 0 < copies <= 0.03 * 460 + 6
