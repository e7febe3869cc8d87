"""The router in real time: tickets, timers, probes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from support.bench import GONE, OK, RESET
from support.fleets import endpoint, fleet, query
from support.gateways import MovableLoop, on_loopback
from zeta_router.core.fleet import Endpoint, FleetConfig, Limits
from zeta_router.core.outcome import Outcome
from zeta_router.core.query import Operation
from zeta_router.core.reasons import Reason
from zeta_router.gateway.driver import Record, RouterDriver
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.router.commands import Dispatch, OutcomeRecord, Reject, SetTimer
from zeta_router.router.events import Probed
from zeta_router.router.router import ZetaDynamicRouter

ONE_SLOT = fleet(endpoint("c", "coder", slots=1))


class Desk:
    """A driver whose probes wait to be answered."""

    def __init__(self, config: FleetConfig = ONE_SLOT) -> None:
        self.loop = asyncio.get_running_loop()
        self.records: list[Record] = []
        self.probes: list[asyncio.Future[bool]] = []
        self.driver = RouterDriver(
            ZetaDynamicRouter(config, RuleClassifier()),
            clock=self.loop.time,
            probe=self.probe,
            on_record=self.records.append,
        )

    async def probe(self, asked: Endpoint, generation: int, by: Operation | None = None) -> Probed:
        answer: asyncio.Future[bool] = self.loop.create_future()
        self.probes.append(answer)
        alive = await answer
        return Probed(self.loop.time(), asked.id, generation, alive, by is not None)

    def arrive(self, id_: str) -> Any:
        return self.driver.arrive(query(id_, at_s=self.loop.time()))

    def finish(self, id_: str, attempt: int = 1, outcome: Outcome = OK) -> None:
        self.driver.finished(id_, attempt, outcome)
        self.driver.leave(id_)

    def move(self, seconds: float) -> None:
        assert isinstance(self.loop, MovableLoop)
        self.loop.move(seconds)

    @property
    def up(self) -> bool:
        return self.driver.router.snapshot(self.loop.time()).views[0].health.value == "up"


async def turns(count: int = 3) -> None:
    """Let everything that is ready run."""
    for _ in range(count):
        await asyncio.sleep(0)


class TestTickets:
    def test_a_decision_that_is_there_is_given_at_once(self) -> None:
        async def scenario() -> None:
            desk = Desk()
            command = await desk.arrive("a").next()
            assert isinstance(command, Dispatch)
            assert (command.endpoint.id, command.attempt) == ("c", 1)
            desk.finish("a")
            await desk.driver.close()

        on_loopback(scenario)

    def test_who_waits_is_woken_when_a_slot_frees(self) -> None:
        async def scenario() -> None:
            desk = Desk()
            desk.arrive("a")
            waiting = asyncio.create_task(desk.arrive("b").next())
            await turns()
            assert not waiting.done()
            assert desk.driver.waiting_handlers == 2
            desk.finish("a")
            assert isinstance(await waiting, Dispatch)
            desk.finish("b")
            assert desk.driver.waiting_handlers == 0
            await desk.driver.close()

        on_loopback(scenario)

    def test_a_refusal_comes_through_the_ticket(self) -> None:
        async def scenario() -> None:
            desk = Desk(fleet(endpoint("c", "coder", slots=1), limits=Limits(queue=0)))
            desk.arrive("a")
            command = await desk.arrive("b").next()
            assert isinstance(command, Reject)
            assert command.decision.reason is Reason.QUEUE_FULL
            await desk.driver.close()

        on_loopback(scenario)

    def test_a_second_attempt_comes_through_the_same_ticket(self) -> None:
        async def scenario() -> None:
            desk = Desk(fleet(endpoint("c", "coder"), endpoint("c2", "coder")))
            ticket = desk.arrive("a")
            first = await ticket.next()
            desk.driver.finished("a", 1, RESET)
            second = await ticket.next()
            assert (second.attempt, second.endpoint.id != first.endpoint.id) == (2, True)
            desk.finish("a", 2)
            await desk.driver.close()

        on_loopback(scenario)

    def test_a_decision_given_while_the_handler_is_being_cancelled_is_not_lost(self) -> None:
        """The slot frees, the ticket is given, and only then the cancel reaches the handler."""

        async def scenario() -> None:
            desk = Desk()
            desk.arrive("a")
            ticket = desk.arrive("b")
            waiting = asyncio.create_task(ticket.next())
            await turns()
            waiting.cancel()
            desk.finish("a")
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert isinstance(ticket.command, Dispatch)
            desk.finish("b", ticket.command.attempt, GONE)
            assert desk.driver.router.open_cases == 0
            await desk.driver.close()

        on_loopback(scenario)

    def test_a_decision_given_before_the_cancel_and_not_taken_is_not_lost(self) -> None:
        async def scenario() -> None:
            desk = Desk()
            desk.arrive("a")
            ticket = desk.arrive("b")
            waiting = asyncio.create_task(ticket.next())
            await turns()
            desk.finish("a")
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert isinstance(ticket.command, Dispatch)
            await desk.driver.close()

        on_loopback(scenario)

    def test_a_command_for_a_handler_that_has_left_is_dropped(self) -> None:
        async def scenario() -> None:
            desk = Desk()
            desk.arrive("a")
            desk.arrive("b")
            desk.driver.leave("b")
            desk.finish("a")
            await desk.driver.close()

        on_loopback(scenario)

    def test_a_bug_at_arrival_leaves_nobody_waiting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def scenario() -> None:
            desk = Desk()

            def broken(event: object) -> list[object]:
                raise RuntimeError("a bug")

            monkeypatch.setattr(desk.driver.router, "handle", broken)
            with pytest.raises(RuntimeError, match="a bug"):
                desk.arrive("a")
            assert desk.driver.waiting_handlers == 0

        on_loopback(scenario)


class TestTimers:
    def test_fires_when_due_and_not_before(self) -> None:
        async def scenario() -> None:
            desk = Desk(fleet(endpoint("c", "coder", slots=1), limits=Limits(max_wait_s=5.0)))
            desk.arrive("a")
            ticket = desk.arrive("b")
            desk.move(4.5)
            await turns()
            assert ticket.command is None
            desk.move(0.6)
            command = await ticket.next()
            assert command.decision.reason is Reason.DEADLINE
            assert command.queue_wait_s >= 5.0
            await desk.driver.close()

        on_loopback(scenario)

    def timers(self, act: Callable[[RouterDriver, list[str], float], None]) -> list[str]:
        """Which timers fired within 10 s, in order, after `act` has set some."""
        fired: list[str] = []

        async def scenario() -> None:
            desk = Desk()
            desk.driver.submit = lambda event: fired.append(event.key)
            act(desk.driver, fired, desk.loop.time())
            desk.move(10.0)
            await turns()
            await desk.driver.close()

        on_loopback(scenario)
        return fired

    def test_a_later_one_of_the_same_key_replaces_it(self) -> None:
        def act(driver: RouterDriver, fired: list[str], now_s: float) -> None:
            driver._execute(SetTimer("k", now_s + 1.0))
            driver._execute(SetTimer("k", now_s + 60.0))
            driver._execute(SetTimer("other", now_s + 2.0))

        assert self.timers(act) == ["other"]

    def test_an_earlier_one_replaces_it_too_and_fires_once(self) -> None:
        def act(driver: RouterDriver, fired: list[str], now_s: float) -> None:
            driver._execute(SetTimer("k", now_s + 5.0))
            driver._execute(SetTimer("k", now_s + 1.0))

        assert self.timers(act) == ["k"]

    def test_one_that_is_overdue_fires_at_once_but_not_within_the_call(self) -> None:
        def act(driver: RouterDriver, fired: list[str], now_s: float) -> None:
            driver._execute(SetTimer("k", now_s - 5.0))
            assert fired == []

        assert self.timers(act) == ["k"]

    def test_none_fires_after_the_end(self) -> None:
        async def scenario() -> None:
            desk = Desk()
            desk.arrive("a")
            ticket = desk.arrive("b")
            await desk.driver.close()
            desk.move(100.0)
            await turns()
            assert ticket.command is None

        on_loopback(scenario)


class TestProbes:
    def test_a_broken_endpoint_is_asked_until_it_answers(self) -> None:
        async def scenario() -> None:
            desk = Desk()
            desk.arrive("a")
            desk.driver.finished("a", 1, RESET)
            await turns()
            assert (len(desk.probes), desk.up) == (1, False)
            desk.probes[0].set_result(False)
            await turns()
            assert len(desk.probes) == 1
            desk.move(0.2)
            await turns()
            assert len(desk.probes) == 2
            desk.probes[1].set_result(True)
            await turns()
            assert desk.up
            await desk.driver.close()

        on_loopback(scenario)

    def test_one_that_fails_by_a_bug_of_ours_is_made_again(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def scenario() -> None:
            desk = Desk()
            desk.arrive("a")
            desk.driver.finished("a", 1, RESET)
            await turns()
            desk.probes[0].set_exception(KeyError("adapter"))
            await turns()
            assert not desk.up
            desk.move(0.2)
            await turns()
            desk.probes[1].set_result(True)
            await turns()
            assert desk.up
            await desk.driver.close()

        on_loopback(scenario)
        assert "a bug in probing c" in caplog.text

    def test_are_cancelled_at_the_end(self) -> None:
        async def scenario() -> None:
            desk = Desk()
            desk.arrive("a")
            desk.driver.finished("a", 1, RESET)
            await turns()
            await desk.driver.close()
            assert desk.probes[0].cancelled()
            assert asyncio.all_tasks() == {asyncio.current_task()}

        on_loopback(scenario)


def test_every_record_of_the_router_is_handed_on() -> None:
    async def scenario() -> None:
        desk = Desk()
        desk.arrive("a")
        desk.driver.first_token("a", 1)
        desk.driver.progress("a", 1, 7)
        desk.finish("a")
        assert [type(record).__name__ for record in desk.records] == [
            "DecisionRecord",
            "OutcomeRecord",
        ]
        assert isinstance(desk.records[1], OutcomeRecord)
        assert desk.records[1].outcome == OK
        await desk.driver.close()

    on_loopback(scenario)
