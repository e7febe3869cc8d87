"""What holds for the router whatever happens, in whatever order."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from support.bench import BUSY, ERROR_500, GONE, OK, REFUSED, RESET, Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.fleet import Limits
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import LANES, Task
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.policy.registry import POLICIES
from zeta_router.router.commands import DecisionRecord, Dispatch
from zeta_router.router.events import (
    Arrived,
    ConfigChanged,
    DrainRequested,
    Event,
    Finished,
    Probed,
    Sampled,
    Timer,
)

OUTCOMES = [
    OK,
    GONE,
    REFUSED,
    RESET,
    ERROR_500,
    BUSY,
    Outcome(Status.CLIENT_ERROR, started=True, http_status=400),
    Outcome(Status.UPSTREAM_TIMEOUT),
    Outcome(Status.UPSTREAM_ERROR, started=True),
]
FLEETS = [
    [("s", "small", 2), ("c", "coder", 1), ("t", "thinker", 1), ("e", "embedder", 1)],
    [("s", "small", 1), ("c", "coder", 2), ("c2", "coder", 1), ("e", "embedder", 2)],
]


class RouterMachine(RuleBasedStateMachine):
    """Arrivals, ends, cancels, probes, polls, drains, reloads and timers in any order."""

    @initialize(policy=st.sampled_from(sorted(POLICIES)), shape=st.sampled_from(FLEETS))
    def start(self, policy: str, shape: list[tuple[str, str, int]]) -> None:
        self.policy = policy
        self.bench = Bench(self.fleet_of(shape))
        self.log: list[Event] = []
        self.shape = shape
        self.sent = 0
        self.ended: set[str] = set()
        send = self.bench.send

        def logged(event: Event) -> Any:
            self.log.append(event)
            return send(event)

        self.bench.send = logged  # type: ignore[method-assign]

    def fleet_of(self, shape: list[tuple[str, str, int]]) -> Any:
        endpoints = [endpoint(*one) for one in shape]
        return fleet(*endpoints, policy=self.policy, limits=Limits(queue=3, max_wait_s=4.0))

    @rule(task=st.sampled_from(list(Task)[:4]), lane=st.sampled_from(LANES))
    def arrive(self, task: Task, lane: Any) -> None:
        self.sent += 1
        self.bench.arrive(query(f"q{self.sent}", task, self.bench.now_s, lane=lane))

    @precondition(lambda self: self.bench.running)
    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES))
    def finish(self, data: st.DataObject, outcome: Outcome) -> None:
        self.bench.finish(data.draw(st.sampled_from(sorted(self.bench.running))), outcome)

    @rule(number=st.integers(1, 40), attempt=st.integers(0, 3))
    def stray_finish(self, number: int, attempt: int) -> None:
        """A late or invented result; what is running is left alone."""
        key = f"q{number}"
        running = self.bench.running.get(key)
        if running is None or running.attempt != attempt:
            self.bench.send(Finished(self.bench.now_s, key, attempt, GONE))

    @rule(data=st.data(), alive=st.booleans())
    def probe(self, data: st.DataObject, alive: bool) -> None:
        endpoint_, generation = data.draw(st.sampled_from(self.bench.router.watched()))
        self.bench.send(Probed(self.bench.now_s, endpoint_.id, generation, alive))

    @rule(data=st.data(), running=st.sampled_from([None, 0.0, 1.0, 5.0, float("nan")]))
    def sample(self, data: st.DataObject, running: float | None) -> None:
        endpoint_, generation = data.draw(st.sampled_from(self.bench.router.watched()))
        signal = Signal(running, self.bench.now_s, "test")
        sample = EngineSample(running=signal, waiting=None)
        self.bench.send(Sampled(self.bench.now_s, endpoint_.id, generation, sample))

    @rule(data=st.data(), draining=st.booleans())
    def drain(self, data: st.DataObject, draining: bool) -> None:
        endpoint_, _ = data.draw(st.sampled_from(self.bench.router.watched()))
        self.bench.send(DrainRequested(self.bench.now_s, endpoint_.id, draining))

    @rule(shape=st.sampled_from(FLEETS))
    def reload(self, shape: list[tuple[str, str, int]]) -> None:
        self.bench.send(ConfigChanged(self.bench.now_s, self.fleet_of(shape)))

    @rule(seconds=st.floats(0.0, 3.0))
    def wait(self, seconds: float) -> None:
        self.bench.advance(self.bench.now_s + seconds)

    @rule(key=st.sampled_from(["queue", "probe:c", "pause:s", "probe:gone", "nonsense"]))
    def stray_timer(self, key: str) -> None:
        self.bench.send(Timer(self.bench.now_s, key))

    @invariant()
    def every_query_is_somewhere(self) -> None:
        router = self.bench.router
        assert router.open_cases == len(self.bench.running) + sum(router.queue_depths().values())

    @invariant()
    def in_flight_is_what_was_dispatched(self) -> None:
        counted = sum(self.bench.in_flight().values())
        assert 0 <= counted <= len(self.bench.running)

    @invariant()
    def nothing_waits_beyond_the_bound_unless_it_was_in_already(self) -> None:
        assert sum(self.bench.router.queue_depths().values()) <= 3 + self.sent

    def teardown(self) -> None:
        if not hasattr(self, "bench"):
            return
        self.drain_everything()
        again = Bench(self.fleet_of(self.shape))
        for event in self.log:
            again.send(event)
        assert [decision_of(e) for e in again.records] == [
            decision_of(e) for e in self.bench.records
        ]

    def drain_everything(self) -> None:
        for _ in range(200):
            if not self.bench.running:
                break
            self.bench.finish(min(self.bench.running), OK)
        self.bench.advance(self.bench.now_s + 100.0)
        for _ in range(200):
            if not self.bench.running:
                break
            self.bench.finish(min(self.bench.running), OK)
        assert self.bench.router.open_cases == 0
        assert set(self.bench.in_flight().values()) == {0}


def decision_of(emit: Any) -> Any:
    """What two runs of the same events must agree on."""
    record = emit.record
    if isinstance(record, DecisionRecord):
        d = record.decision
        return d.query_id, d.number, d.verdict, d.reason, d.endpoint_id, d.propensity, d.dropped
    return record


RouterMachine.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestRouter = RouterMachine.TestCase


def test_no_dispatch_exceeds_slots_under_any_policy() -> None:
    for name in POLICIES:
        bench = Bench(fleet(policy=name))
        for number in range(40):
            task = list(Task)[number % 4]
            for command in bench.send(Arrived(0.0, query(f"{name}{number}", task))):
                if isinstance(command, Dispatch):
                    assert bench.in_flight()[command.endpoint.id] <= 2
