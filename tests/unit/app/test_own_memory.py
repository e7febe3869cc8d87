"""The router watches itself."""

from __future__ import annotations

import asyncio

from support.memory_series import memory_series
from zeta_router.app.own_memory import OwnMemory, looked_after


def watched(leak_mb_per_h: float) -> OwnMemory:
    now = [0.0, 1e9, 0.0]
    memory = OwnMemory(lambda: now[0], lambda: int(now[2]), lambda: now[1])
    for at_s, size, load in memory_series(4, leak_mb_per_h, 12.0, shake_mb=0.5):
        now[:] = [at_s, size, load]
        memory.look()
    return memory


def test_a_leak_of_ours_is_told():
    trouble = watched(20.0).trouble()
    assert trouble is not None
    assert "MB/h" in trouble


def test_a_sound_router_has_nothing_to_tell():
    assert watched(0.0).trouble() is None


def test_it_reads_its_own_process_until_the_end_of_the_block():
    sizes = []
    memory = OwnMemory(lambda: 0.0, lambda: 3)
    read = memory._resident_bytes
    memory._resident_bytes = lambda: sizes.append(read()) or sizes[-1]

    async def scenario() -> None:
        async with looked_after(memory):
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    asyncio.run(scenario())
    assert len(sizes) == 1
    assert sizes[0] > 10e6
