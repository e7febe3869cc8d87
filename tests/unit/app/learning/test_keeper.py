"""Learned state through the product's own log and back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from support.bench import OK, Bench
from support.fleets import endpoint, fleet, query
from zeta_router.app.learning.keeper import PREFIX, REFUSED, Keeper, kept
from zeta_router.app.learning.sealed import BrokenSealError, packed, sealed, unsealed
from zeta_router.router.events import Feedback
from zeta_router.telemetry.log.decision_log import DecisionLog
from zeta_router.telemetry.records import SavedState

WALL_S = 1_800_000_000.0


def a_bench() -> Bench:
    return Bench(fleet(endpoint("c", "coder"), endpoint("t", "thinker")))


def teach(bench: Bench, answers: int = 20) -> None:
    for number in range(answers):
        key = f"q{bench.now_s}-{number}"
        bench.arrive(query(key, at_s=bench.now_s))
        bench.advance(bench.now_s + 0.5)
        bench.first_token(key)
        bench.advance(bench.now_s + 1.0)
        bench.finish(key, OK)
        bench.send(Feedback(bench.now_s, key, 0.0))


def open_log(path: Path) -> DecisionLog:
    return DecisionLog(path / "z.db", wall_offset_s=WALL_S, wall_clock=lambda: WALL_S)


def parts_of(bench: Bench) -> dict[str, object]:
    return {name: bench.router.learned_part(name) for name in bench.router.learned_names()}


def test_what_was_learned_comes_back_after_a_restart(tmp_path: Path) -> None:
    first = a_bench()
    teach(first)
    log = open_log(tmp_path)
    keeper = Keeper(first.router, log, WALL_S)
    assert keeper.save(first.now_s) == len(first.router.learned_names())
    assert log.flush()
    log.close()
    again = open_log(tmp_path)
    second = a_bench()
    assert Keeper(second.router, again, WALL_S).restore(first.now_s) == {}
    again.close()
    assert parts_of(second) == parts_of(first)


def test_only_what_changed_is_saved(tmp_path: Path) -> None:
    bench = a_bench()
    log = open_log(tmp_path)
    keeper = Keeper(bench.router, log, WALL_S)
    assert keeper.save(0.0) > 0
    assert keeper.save(1.0) == 0
    teach(bench, 1)
    changed = keeper.save(2.0)
    assert 0 < changed < len(bench.router.learned_names())
    assert asyncio.run(keeper.save_gently(3.0)) == 0
    log.close()


def test_times_are_told_on_the_new_clock(tmp_path: Path) -> None:
    """The machine was started anew: its clock is at 7 s, 100 s after what was learned."""
    first = a_bench()
    teach(first)
    log = open_log(tmp_path)
    Keeper(first.router, log, WALL_S).save(first.now_s)
    assert log.flush()
    second = a_bench()
    offset_s = WALL_S + first.now_s + 100.0 - 7.0
    Keeper(second.router, log, offset_s).restore(7.0)
    log.close()
    state = second.router.learned_part("endpoint/c")["state"]
    assert state["learned_at_s"] == pytest.approx(7.0 - 100.0)


def test_times_are_told_by_the_clock_as_it_was_set_in_between(tmp_path: Path) -> None:
    first = a_bench()
    teach(first)
    log = open_log(tmp_path)
    offsets_s = [0.0]
    keeper = Keeper(first.router, log, lambda: offsets_s[0])
    keeper.save(first.now_s)
    offsets_s[0] = WALL_S
    assert keeper.save(first.now_s) == len(first.router.learned_names())
    assert log.flush()
    second = a_bench()
    Keeper(second.router, log, WALL_S).restore(first.now_s)
    log.close()
    assert parts_of(second) == parts_of(first)


def test_a_flipped_bit_is_noticed_told_and_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = a_bench()
    teach(first)
    log = open_log(tmp_path)
    Keeper(first.router, log, WALL_S).save(first.now_s)
    assert log.flush()
    saved = next(s for s in log.load_states(PREFIX) if s.name == PREFIX + "quality")
    blob = bytearray(saved.blob)
    blob[2] ^= 4
    log.save_states([SavedState(saved.name, saved.version, 0.0, bytes(blob))])
    assert log.flush()
    second = a_bench()
    keeper = Keeper(second.router, log, WALL_S)
    left = keeper.restore(first.now_s)
    assert set(left) == {"quality"}
    assert "quality starts from its priors: it is damaged" in caplog.text
    assert second.router.learned_part("length") == first.router.learned_part("length")
    assert second.router.learned_part("quality") == a_bench().router.learned_part("quality")
    keeper.save(first.now_s)
    assert log.flush()
    assert [s.blob for s in log.load_states(REFUSED)] == [bytes(blob)]
    log.close()


def test_a_log_that_went_on_in_another_file_gets_everything_anew(tmp_path: Path) -> None:
    bench = a_bench()
    log = open_log(tmp_path)
    keeper = Keeper(bench.router, log, WALL_S)
    keeper.save(0.0)
    assert log.flush()
    (tmp_path / "z.db").rename(tmp_path / "moved.db")
    log.save_states([SavedState("poke", 1, 0.0, b"")])
    assert log.flush()
    assert keeper.save(1.0) == len(bench.router.learned_names())
    log.close()


def test_it_is_saved_while_it_runs_and_once_more_at_the_end(tmp_path: Path) -> None:
    bench = a_bench()
    log = open_log(tmp_path)
    shared: list[int] = []

    async def run() -> None:
        keeper = Keeper(bench.router, log, WALL_S)
        save = keeper.save_gently
        enough = asyncio.Event()

        async def counted(now_s: float) -> int:
            shared.append(await save(now_s))
            if len(shared) == 1:
                raise OSError("a passing bug")
            if len(shared) == 3:
                enough.set()
            return shared[-1]

        keeper.save_gently = counted  # type: ignore[method-assign]
        async with kept(keeper, lambda: bench.now_s, every_s=0.0):
            await enough.wait()
            teach(bench, 2)

    asyncio.run(run())
    assert log.flush()
    second = a_bench()
    Keeper(second.router, log, WALL_S).restore(bench.now_s)
    log.close()
    assert shared[0] > 0
    assert parts_of(second) == parts_of(bench)


@pytest.mark.parametrize("damage", [b"", b"abc", b"\x00" * 40])
def test_what_is_not_sealed_is_refused(damage: bytes) -> None:
    assert unsealed(sealed(packed([1.5]))) == packed([1.5])
    with pytest.raises(BrokenSealError):
        unsealed(damage)
