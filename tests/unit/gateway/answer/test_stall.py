"""Streams that stop in the middle end with an error, in time and not too early."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest

from support.gateways import Gateway, gateway, on_loopback
from support.scripted import STREAM_HEAD, ScriptedEngine, chunk, delta, event, say_and_hang
from support.virtual_engine import virtually
from zeta_router.core.outcome import Status
from zeta_router.gateway.answer.stall import GAPS, Patience, longest_gap_s
from zeta_router.gateway.upstream import TooSlowError

BEGUN = STREAM_HEAD + chunk(event(delta("a"))) + chunk(event(delta("b")))


class Coming:
    """An answer whose pieces come after these pauses."""

    status = 200
    headers: Mapping[str, str] = {}

    def __init__(self, *pauses_s: float) -> None:
        self._pauses_s = list(pauses_s)

    async def pour(self, take: Callable[[bytes], bool]) -> bool:
        while self._pauses_s:
            await asyncio.sleep(self._pauses_s.pop(0))
            if not take(b"x"):
                return False
        return True

    async def read(self) -> bytes:
        raise NotImplementedError

    def close(self) -> None:
        pass


async def read_all(pauses_s: list[float], gap_s: float, client_takes_s: float = 0.0) -> int:
    """Read it; where the client takes its time, it does after each piece."""
    count, answer, loop = 0, Coming(*pauses_s), asyncio.get_running_loop()

    def take(piece: bytes) -> bool:
        nonlocal count
        count += 1
        patience.since_s = loop.time()
        return not client_takes_s

    async with Patience(gap_s) as patience:
        while not await patience.pour(answer, take):  # noqa: ASYNC110 - the client takes its time
            await asyncio.sleep(client_takes_s)
    return count


class TestPatience:
    def test_gaps_below_the_limit_pass_however_long_it_takes_in_all(self) -> None:
        assert virtually(read_all([0.9] * 50, 1.0)) == 50

    @pytest.mark.parametrize("before", [0, 1, 7])
    def test_a_longer_gap_ends_the_stream(self, before: int) -> None:
        async def scenario() -> float:
            loop = asyncio.get_running_loop()
            with pytest.raises(TooSlowError, match="nothing for 1 s"):
                await read_all([0.3] * before + [50.0], 1.0)
            return loop.time()

        took_s = virtually(scenario())
        assert took_s == pytest.approx(0.3 * before + 1.0, abs=0.01)

    def test_a_client_that_reads_slowly_is_not_the_engine_s_fault(self) -> None:
        assert virtually(read_all([0.1] * 5, 1.0, client_takes_s=30.0)) == 5

    def test_other_endings_pass_through(self) -> None:
        async def scenario(error: type[BaseException]) -> None:
            async with Patience(1.0) as patience:
                await patience.pour(Coming(0.1), lambda piece: True)
                raise error

        for error in (TimeoutError, ValueError, asyncio.CancelledError):
            with pytest.raises(error):
                virtually(scenario(error))

    def test_nothing_is_left_behind(self) -> None:
        async def scenario() -> None:
            await read_all([0.1], 1.0)
            await asyncio.sleep(10.0)

        virtually(scenario())


def test_a_stalled_stream_ends_with_a_clear_error_and_gives_its_slot_back() -> None:
    async def scenario() -> None:
        engine = ScriptedEngine([say_and_hang(BEGUN)])
        async with gateway(("c", "coder", engine), stall_s=0.05) as made:
            asking = asyncio.create_task(made.chat(stream=True))
            await made.until(lambda: made.in_flight()["c"] == 1 and engine.asked)
            gap_s = gap_of(made)
            await until_given(made, asking, gap_s)
            got = await asking
            assert got.status == 200
            assert "[DONE]" not in got.events
            error = got.events[-1]["error"]
            assert (error["code"], error["type"]) == ("upstream_timeout", "server_error")
            assert "sent nothing" in error["message"]
            assert made.outcomes[0].status is Status.UPSTREAM_TIMEOUT
            assert made.outcomes[0].started
            await made.until(lambda: engine.left == 1)

    on_loopback(scenario)


def gap_of(made: Gateway) -> float:
    """An upper bound on the silence that the relay waits out."""
    return max(0.05, GAPS * 1.0)


async def until_given(made: Gateway, asking: asyncio.Task[object], gap_s: float) -> None:
    """Let time pass until the answer has ended."""
    while not asking.done():
        made.move(gap_s)
        for _ in range(20):
            await asyncio.sleep(0)


def test_the_limit_is_never_shorter_than_twenty_usual_gaps() -> None:
    async def scenario() -> None:
        engine = ScriptedEngine([say_and_hang(BEGUN)])
        async with gateway(("c", "coder", engine)) as made:
            asking = asyncio.create_task(made.chat(stream=True))
            await made.until(lambda: made.in_flight()["c"] == 1)
            decision = next(r.decision for r in made.records if hasattr(r, "decision"))
            tpot_s = decision.candidates[0].tpot_s
            assert longest_gap_s(decision, 1e-9) == pytest.approx(GAPS * tpot_s)
            assert longest_gap_s(decision, 1e9) == 1e9
            assert longest_gap_s(decision._replace(candidates=()), 5.0) == 5.0
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await made.until(lambda: made.outcomes)

    on_loopback(scenario)
