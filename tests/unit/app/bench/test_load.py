"""The open loop in virtual time: a loop whose clock jumps to the next timer."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from itertools import repeat

import pytest

from zeta_router.app.bench.load import Run, play
from zeta_router.app.bench.prompts import Ask
from zeta_router.app.bench.sending import End, Reply

ASK = Ask("Hi", "t")


class JumpingLoop(asyncio.SelectorEventLoop):
    """Never waits: when nothing is ready, its clock jumps to the next timer."""

    def __init__(self) -> None:
        self.now_s = 0.0
        super().__init__(_Jump(self))

    def time(self) -> float:
        return self.now_s


class _Jump(selectors.SelectSelector):
    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout != 0:
            if timeout is None:
                raise RuntimeError("deadlock: nothing is ready and no timer is set")
            self._loop.now_s += timeout
        return ready


def virtually(scenario: Callable[[], Awaitable[Run]]) -> Run:
    async def main() -> Run:
        return await scenario()

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main())


def taking(seconds: float) -> Callable[[Ask, Reply], Awaitable[None]]:
    async def send(ask: Ask, reply: Reply) -> None:
        try:
            await asyncio.sleep(seconds)
            reply.end = End.ANSWERED
        except asyncio.CancelledError:
            reply.end = End.STOPPED
            raise

    return send


def test_requests_go_out_when_they_are_due_and_not_when_others_end() -> None:
    times_s = [0.0, 1.0, 1.0, 4.5]

    async def scenario() -> Run:
        return await play(times_s, repeat(ASK), taking(10.0), stop=asyncio.Event())

    run = virtually(scenario)
    assert [reply.at_s for _, reply in run.replies] == pytest.approx(times_s)
    assert [reply.late_s for _, reply in run.replies] == pytest.approx([0.0] * 4)
    assert run.ended == {End.ANSWERED: 4}
    assert run.in_flight == 0
    assert run.seconds == pytest.approx(14.5)


def test_a_sender_that_falls_behind_says_how_late_it_was() -> None:
    async def scenario() -> Run:
        def held_up() -> object:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, JumpingLoop)
            loop.now_s += 3.0  # something blocked the loop
            return None

        async def send(ask: Ask, reply: Reply) -> None:
            if reply.at_s < 1.0:
                held_up()
            reply.end = End.ANSWERED

        return await play([0.5, 1.0, 9.0], repeat(ASK), send, stop=asyncio.Event())

    run = virtually(scenario)
    assert [reply.late_s for _, reply in run.replies] == pytest.approx([0.0, 2.5, 0.0])


def test_stopping_sends_nothing_more_and_gives_up_what_is_under_way() -> None:
    async def scenario() -> Run:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(2.5, stop.set)
        return await play([0.0, 1.0, 2.0, 3.0, 4.0], repeat(ASK), taking(2.0), stop=stop)

    run = virtually(scenario)
    assert [reply.end for _, reply in run.replies] == [End.ANSWERED, End.STOPPED, End.STOPPED]
    assert run.scheduled == 5
    assert run.in_flight == 0
    assert run.seconds == pytest.approx(2.5)


def test_stopping_while_the_last_ones_are_waited_for() -> None:
    async def scenario() -> Run:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(5.0, stop.set)
        return await play([0.0], repeat(ASK), taking(60.0), stop=stop)

    run = virtually(scenario)
    assert run.ended == {End.STOPPED: 1}
    assert run.seconds == pytest.approx(5.0)


def test_nothing_to_send_ends_at_once() -> None:
    async def scenario() -> Run:
        return await play([], repeat(ASK), taking(1.0), stop=asyncio.Event())

    assert virtually(scenario).replies == []


def test_a_bug_in_sending_is_not_swallowed() -> None:
    async def scenario() -> Run:
        async def send(ask: Ask, reply: Reply) -> None:
            raise LookupError("a bug")

        return await play([0.0], repeat(ASK), send, stop=asyncio.Event())

    with pytest.raises(LookupError, match="a bug"):
        virtually(scenario)
