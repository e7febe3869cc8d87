"""The gateway's side of retraining: when it is due, and what is taken over from the record."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.bench import Bench
from support.fleets import endpoint, fleet
from support.records import decided
from zeta_router.app.learning.loop import APPLIED, Retraining, train
from zeta_router.app.learning.sealed import packed, sealed
from zeta_router.core.query import Task, TopicShare
from zeta_router.learn.length.head import LengthHead
from zeta_router.router.events import Relearned
from zeta_router.router.learned import version_of
from zeta_router.telemetry.log.decision_log import DecisionLog
from zeta_router.telemetry.log.promotions import Promotion, Verdict, write_promotions

WALL_S = 1_800_000_000.0
TOPICS = (TopicShare("code", Task.CODE, 1.0),)


def a_state(tokens: float) -> bytes:
    head = LengthHead()
    head.seed("code", "coder", tokens, 0.5, task=Task.CODE)
    return sealed(packed({"version": version_of(head), "state": head.state()}))


PROMOTED = Promotion(
    WALL_S - 7200.0, "length", Verdict.PROMOTED, "better", 0, 0, {}, a_state(900.0), a_state(50.0)
)
REFUSED = replace(PROMOTED, verdict=Verdict.REFUSED, state=None, before=None)
ROLLED_BACK = replace(PROMOTED, verdict=Verdict.ROLLED_BACK, state=a_state(50.0))


class Gateway:
    """A router, its log, and what follows the record."""

    def __init__(self, path: Path, every_h: float = 24.0) -> None:
        self.path = path / "z.db"
        self.log = DecisionLog(self.path, wall_offset_s=WALL_S, wall_clock=lambda: WALL_S)
        self.bench = Bench(fleet(endpoint("c", "coder")))
        self.events: list[Relearned] = []
        self.retraining = Retraining(
            self.path,
            self.log,
            self.submit,
            clock=lambda: 7.0,
            wall_clock=lambda: WALL_S,
            every_h=every_h,
        )

    def submit(self, event: Relearned) -> None:
        self.events.append(event)
        self.bench.send(event)

    def look(self) -> bool:
        return asyncio.run(self.retraining.look())

    @property
    def expected_tokens(self) -> float:
        return self.bench.router.knowledge.length.expect(TOPICS, "coder")[0]


def test_what_is_promoted_and_rolled_back_is_put_into_the_router(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = Gateway(tmp_path)
    assert not gateway.look()
    write_promotions(gateway.path, [REFUSED, PROMOTED])
    gateway.look()
    assert gateway.expected_tokens > 700
    assert [event.at_s for event in gateway.events] == [7.0]
    assert "length promoted: better" in caplog.text
    gateway.look()
    assert len(gateway.events) == 1
    write_promotions(gateway.path, [ROLLED_BACK])
    gateway.look()
    assert gateway.expected_tokens < 150
    gateway.log.close()


def test_after_a_restart_nothing_is_taken_over_twice(tmp_path: Path) -> None:
    first = Gateway(tmp_path)
    write_promotions(first.path, [PROMOTED])
    first.look()
    assert first.log.flush()
    first.log.close()
    second = Gateway(tmp_path)
    second.look()
    assert second.events == []
    state = second.log.load_state(APPLIED)
    assert state is not None
    assert state.blob == b"1"
    second.log.close()


@pytest.mark.parametrize(("every_h", "due"), [(1.9, True), (2.1, False), (0.0, False)])
def test_it_is_due_by_the_latest_entry_not_by_the_start(
    tmp_path: Path, every_h: float, due: bool
) -> None:
    gateway = Gateway(tmp_path, every_h)
    write_promotions(gateway.path, [REFUSED])
    assert gateway.look() is due
    gateway.log.close()


def test_without_any_entry_it_is_due_after_one_period(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, every_h=0.001)
    assert not gateway.look()
    gateway.log.close()


def test_a_damaged_entry_is_told_and_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = Gateway(tmp_path)
    before = gateway.expected_tokens
    write_promotions(gateway.path, [replace(PROMOTED, state=b"garbage")])
    gateway.look()
    assert gateway.expected_tokens == before
    assert "damaged" in caplog.text
    gateway.log.close()


def test_a_bug_while_looking_does_not_end_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = Gateway(tmp_path)
    looked: list[int] = []

    async def run() -> None:
        enough = asyncio.Event()

        async def broken() -> bool:
            looked.append(1)
            if len(looked) == 2:
                enough.set()
            raise RuntimeError("oh")

        gateway.retraining.look = broken  # type: ignore[method-assign]
        task = asyncio.create_task(gateway.retraining.run(every_s=0.0))
        await enough.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    gateway.log.close()
    assert "a bug in retraining" in caplog.text


def test_the_child_process_retrains_on_the_log_and_says_what_is_wrong(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A log whose fleet nobody noted: the child ends with an error, and the gateway goes on."""
    gateway = Gateway(tmp_path)
    gateway.log.append(decided())
    assert gateway.log.flush()

    async def run() -> Any:
        return await train(gateway.path)

    assert asyncio.run(run()) == 2
    gateway.log.close()
    assert "retraining failed (2)" in caplog.text
    assert "fleet" in caplog.text
