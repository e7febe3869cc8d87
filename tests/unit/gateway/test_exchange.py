"""Waiting for the first part of an answer: given up by the router, left by the client, or both."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from zeta_router.gateway.exchange import Wait
from zeta_router.gateway.upstream import TooSlowError


async def waited(wait: list[Wait], coming: Callable[[], Awaitable[str]]) -> str:
    """What `Exchange.first_part` does with a wait."""
    wait.append(Wait())
    try:
        return await coming()
    except BaseException as error:
        if wait[-1].taken_back() and isinstance(error, asyncio.CancelledError):
            raise TooSlowError from None
        raise


async def never() -> str:
    await asyncio.Event().wait()
    return "never"


def test_ending_a_wait_ends_not_the_task() -> None:
    async def scenario() -> str:
        waits: list[Wait] = []

        async def work() -> str:
            with pytest.raises(TooSlowError):
                await waited(waits, never)
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0
            await asyncio.sleep(0)
            return "went on"

        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        waits[0].end()
        waits[0].end()
        return await task

    assert asyncio.run(scenario()) == "went on"


@pytest.mark.parametrize("ended", [False, True])
def test_a_client_that_leaves_cancels_the_task(ended: bool) -> None:
    async def scenario() -> None:
        waits: list[Wait] = []
        task = asyncio.create_task(waited(waits, never))
        await asyncio.sleep(0)
        if ended:
            waits[0].end()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(scenario())


def test_another_error_on_the_way_out_leaves_the_task_uncancelled() -> None:
    async def scenario() -> None:
        waits: list[Wait] = []

        async def turns_into_another() -> str:
            try:
                return await never()
            except asyncio.CancelledError:
                raise OSError("closed") from None

        async def work() -> int:
            with pytest.raises(OSError, match="closed"):
                await waited(waits, turns_into_another)
            task = asyncio.current_task()
            assert task is not None
            return task.cancelling()

        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        waits[0].end()
        assert await task == 0

    asyncio.run(scenario())
