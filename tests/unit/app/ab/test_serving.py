"""Ctrl-C and what a live test does about it."""

from __future__ import annotations

import asyncio
import signal

import pytest

from zeta_router.app.ab.serving import _stopped_by_signal


@pytest.mark.parametrize(
    ("number", "after"),
    [(signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)],
)
def test_a_signal_stops_the_test_and_is_known_for_one(
    number: signal.Signals, after: object
) -> None:
    async def stopped() -> tuple[bool, bool]:
        stop, by_hand = asyncio.Event(), asyncio.Event()
        async with _stopped_by_signal(stop, by_hand):
            signal.raise_signal(number)
            async with asyncio.timeout(10):
                await stop.wait()
        return stop.is_set(), by_hand.is_set()

    assert asyncio.run(stopped()) == (True, True)
    assert signal.getsignal(number) == after
