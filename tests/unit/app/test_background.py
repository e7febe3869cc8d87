"""Work beside a block ends with it."""

from __future__ import annotations

import asyncio

import pytest

from zeta_router.app.background import in_background


def test_it_runs_beside_the_block_and_has_stopped_after_it() -> None:
    seen: list[str] = []

    async def work() -> None:
        seen.append("began")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            seen.append("ended")

    async def block() -> None:
        async with in_background(work()):
            await asyncio.sleep(0)
            assert seen == ["began"]
        assert seen == ["began", "ended"]

    asyncio.run(block())


def test_it_ends_with_a_block_that_fails() -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def block() -> None:
        async with in_background(work()):
            await asyncio.sleep(0)
            raise LookupError("the block's own")

    with pytest.raises(LookupError, match="the block's own"):
        asyncio.run(block())
    assert ended


def test_what_broke_the_work_is_raised_at_the_end() -> None:
    reached = []

    async def work() -> None:
        raise ValueError("a bug")

    async def block() -> None:
        async with in_background(work()):
            await asyncio.sleep(0)
            reached.append(True)

    with pytest.raises(ValueError, match="a bug"):
        asyncio.run(block())
    assert reached
