"""What of a query is charged to its key, whatever becomes of its attempts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.bench import BUSY, ERROR_500, GONE, REFUSED, Bench
from support.fleets import endpoint, fleet, query
from support.records import decided, ended
from support.records import query as asked
from zeta_router.core.decision import Verdict
from zeta_router.core.fleet import Limits
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Task
from zeta_router.gateway.keys.spending import Spending
from zeta_router.router.commands import Command, Dispatch, Emit, Hedge, OutcomeRecord
from zeta_router.router.events import ConfigChanged, Event, Finished

ESTIMATED = 42
"""Prompt tokens of `support.records.query`."""


def spent(*records: Any) -> tuple[int, int]:
    """Tokens charged for these records, and queries that may still be charged."""
    spending = Spending(lambda name: name == "t")
    charges = [spending.charge_of(record) for record in records]
    found = [charge for charge in charges if charge is not None]
    assert {charge.key_name for charge in found} <= {"t"}
    return sum(charge.tokens for charge in found), len(spending)


FAILURES = (
    Status.UPSTREAM_ERROR,
    Status.UPSTREAM_TIMEOUT,
    Status.UPSTREAM_UNREACHABLE,
    Status.UPSTREAM_BUSY,
)


@pytest.mark.parametrize(
    ("prompt_tokens", "output_tokens", "tokens"),
    [
        (44, 71, 115),
        (None, 71, ESTIMATED + 71),
        (0, 71, ESTIMATED + 71),
        (44, None, 44),
        (-1000, 71, ESTIMATED + 71),
        (44, -1000, 44),
        (-1000, -1000, ESTIMATED),
    ],
)
@pytest.mark.parametrize(
    "status", [Status.OK, Status.CLIENT_GONE, Status.UPSTREAM_ERROR, Status.UPSTREAM_TIMEOUT]
)
def test_what_the_client_got_is_charged(
    status: Status, prompt_tokens: int | None, output_tokens: int | None, tokens: int
) -> None:
    end = ended(
        status=status, started=True, prompt_tokens=prompt_tokens, output_tokens=output_tokens
    )
    assert spent(decided(), end) == (tokens, 0)


@pytest.mark.parametrize("status", FAILURES)
def test_a_failure_before_the_first_byte_is_free_and_its_retry_is_not(status: Status) -> None:
    failed = ended(status=status)
    retried = decided(number=2, endpoint_id="b")
    assert spent(decided(), failed) == (0, 1)
    assert spent(decided(), failed, retried, ended(attempt=2, endpoint_id="b")) == (115, 0)
    refused = decided(number=2, verdict=Verdict.REJECT)
    assert spent(decided(), failed, refused) == (0, 0)


def test_a_retry_that_waits_is_charged_once_it_is_served() -> None:
    held = decided(number=2, verdict=Verdict.WAIT)
    waiting = (decided(), ended(status=Status.UPSTREAM_BUSY), held)
    assert spent(*waiting) == (0, 1)
    assert spent(*waiting, decided(number=3), ended(attempt=2)) == (115, 0)
    gone = ended(attempt=0, endpoint_id=None, status=Status.CLIENT_GONE)
    assert spent(*waiting, gone) == (0, 0)


@pytest.mark.parametrize("started", [True, False])
@pytest.mark.parametrize("status", [Status.CLIENT_ERROR, Status.HEDGE_LOST])
def test_what_was_no_answer_is_free(status: Status, started: bool) -> None:
    assert spent(decided(), ended(status=status, started=started)) == (0, 0)


def test_who_leaves_before_the_first_byte_pays_nothing() -> None:
    assert spent(decided(), ended(status=Status.CLIENT_GONE)) == (0, 0)


def test_of_two_copies_the_one_that_was_passed_on_is_charged() -> None:
    both = (decided(), decided(number=2, endpoint_id="b"))
    slower = ended(attempt=1, status=Status.HEDGE_LOST)
    assert spent(*both, ended(attempt=2, endpoint_id="b"), slower) == (115, 0)
    broken = ended(attempt=2, endpoint_id="b", status=Status.UPSTREAM_ERROR)
    assert spent(*both, broken, ended()) == (115, 0)


def test_a_key_without_a_days_tokens_is_not_followed() -> None:
    assert spent(decided(of=asked(tenant="another")), ended()) == (0, 0)


ENDS = {
    Outcome(Status.OK, started=True, e2e_s=0.1, prompt_tokens=3, output_tokens=4): 7,
    Outcome(Status.OK, started=True, e2e_s=0.1): 50,
    Outcome(Status.CLIENT_GONE, started=True, prompt_tokens=-9, output_tokens=5): 55,
    Outcome(Status.UPSTREAM_ERROR, started=True): 50,
    Outcome(Status.UPSTREAM_TIMEOUT, started=True, output_tokens=6): 56,
    Outcome(Status.CLIENT_ERROR, started=True, http_status=400, prompt_tokens=9): 0,
    Outcome(Status.UPSTREAM_TIMEOUT, prompt_tokens=9, output_tokens=9): 0,
    **dict.fromkeys((GONE, BUSY, REFUSED, ERROR_500), 0),
}
"""Ends of attempts at queries whose prompt is estimated at 50 tokens, and what each costs."""

STEPS = st.tuples(
    st.sampled_from(["chat", "late", "late", "end", "end", "end", "leave", "wait", "reload"]),
    st.integers(0, 9),
    st.sampled_from(list(ENDS)),
)


class Served(Bench):
    """The router with copies of late embeddings, and what its queries cost."""

    def __init__(self) -> None:
        self.attempts: set[tuple[str, int]] = set()
        self.charged: Counter[str] = Counter()
        self.spending = Spending(lambda name: name == "alice")
        self.copies = 0
        ends = (("c1", "coder"), ("c2", "coder"), ("e1", "embedder"), ("e2", "embedder"))
        limits = replace(Limits(queue=3, max_wait_s=4.0), hedge_ratio=1.0)
        self.fleet = fleet(*(endpoint(*one) for one in ends), limits=limits)
        super().__init__(self.fleet)
        for number in range(25):
            self.ask(f"warm{number}", Task.EMBEDDING, tenant="warm")
            self.now_s += 0.1
            self.end((f"warm{number}", 1), next(iter(ENDS)))

    def send(self, event: Event) -> list[Command]:
        commands = super().send(event)
        for command in commands:
            if isinstance(command, Dispatch | Hedge):
                self.attempts.add((command.query_id, command.attempt))
                self.copies += isinstance(command, Hedge)
            elif isinstance(command, Emit):
                if isinstance(command.record, OutcomeRecord):
                    self.attempts.discard((command.record.query_id, command.record.attempt))
                charge = self.spending.charge_of(command.record)
                if charge is not None:
                    self.charged[command.record.query_id] += charge.tokens  # type: ignore[union-attr]
        return commands

    def ask(self, name: str, task: Task, tenant: str = "alice") -> None:
        self.arrive(query(name, task, self.now_s, tenant=tenant))

    def end(self, attempt: tuple[str, int], outcome: Outcome) -> None:
        """A running attempt ends."""
        self.send(Finished(self.now_s, *attempt, outcome))


@given(steps=st.lists(STEPS, min_size=20, max_size=60))
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_each_query_pays_for_what_was_passed_on_and_is_forgotten(steps: list[Any]) -> None:
    bench, due = Served(), Counter[str]()
    for number, (kind, index, outcome) in enumerate(steps):
        if kind == "chat":
            bench.ask(f"q{number}", Task.CODE)
        elif kind == "late":
            bench.ask(f"q{number}", Task.EMBEDDING)
            bench.advance(bench.now_s + 2.0)
        elif kind == "end" and bench.attempts:
            attempt = sorted(bench.attempts)[index % len(bench.attempts)]
            due[attempt[0]] += ENDS[outcome]
            bench.end(attempt, outcome)
        elif kind == "leave":
            bench.send(Finished(bench.now_s, f"q{number - index}", 0, GONE))
        elif kind == "wait":
            bench.advance(bench.now_s + index / 4)
        elif kind == "reload":
            bench.send(ConfigChanged(bench.now_s, bench.fleet))
        assert len(bench.spending) <= bench.router.open_cases
        assert +bench.charged == +due
    while bench.router.open_cases:
        while bench.attempts:
            bench.end(min(bench.attempts), REFUSED)
        bench.advance(bench.now_s + 1.0)
    assert len(bench.spending) == 0
    assert +bench.charged == +due


def test_the_property_meets_copies() -> None:
    bench = Served()
    bench.ask("q", Task.EMBEDDING)
    bench.advance(bench.now_s + 10.0)
    assert bench.copies == 1
    assert len(bench.attempts) == 2
