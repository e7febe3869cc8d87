"""The time of day of a run whose wall clock is set, or whose machine sleeps, while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.records import decided
from zeta_router.telemetry.log.decision_log import DecisionLog
from zeta_router.telemetry.log.reader import LogReader
from zeta_router.telemetry.log.wall import MOVED_S, Wall, since_boot_s

YEARS_S = 56 * 365 * 86_400.0


class Machine:
    """Its three clocks, moved by hand."""

    def __init__(self) -> None:
        self.driver_s, self.boot_s, self.wall_s = 10.0, 10.0, 100.0

    def wall(self) -> Wall:
        return Wall(lambda: self.driver_s, lambda: self.wall_s, lambda: self.boot_s)

    def work(self, for_s: float) -> None:
        self.driver_s += for_s
        self.sleep(for_s)

    def sleep(self, for_s: float) -> None:
        self.boot_s += for_s
        self.wall_s += for_s


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_nothing_happens(machine: Machine) -> None:
    wall = machine.wall()
    machine.work(50.0)
    assert (wall.offset_s(), wall.aging_s()) == (90.0, 150.0)


def test_the_offset_stands_while_the_clock_is_merely_trimmed(machine: Machine) -> None:
    wall = machine.wall()
    machine.wall_s += 0.9 * MOVED_S
    assert wall.offset_s() == 90.0
    machine.wall_s += 0.2 * MOVED_S
    assert wall.offset_s() == pytest.approx(90.0 + 1.1 * MOVED_S)


def test_a_machine_that_slept(machine: Machine) -> None:
    wall = machine.wall()
    machine.sleep(5000.0)
    assert (wall.offset_s(), wall.aging_s()) == (5090.0, 5100.0)


@pytest.mark.parametrize("by_s", [YEARS_S, -50.0])
def test_a_clock_that_was_set(machine: Machine, by_s: float) -> None:
    """What was written does not age by it; what is written from then on bears the new time."""
    wall = machine.wall()
    machine.wall_s += by_s
    machine.work(5.0)
    assert wall.offset_s() == 90.0 + by_s
    assert wall.aging_s() == 105.0 + min(by_s, 0.0)


def test_the_machine_s_own_clock_goes_on() -> None:
    began_s = since_boot_s()
    assert 0.0 < began_s <= since_boot_s()


@pytest.fixture
def log(tmp_path: Path, machine: Machine) -> Iterator[DecisionLog]:
    wall = machine.wall()
    path = tmp_path / "z.db"
    made = DecisionLog(path, 1.0, wall_offset_s=wall.offset_s, wall_clock=wall.aging_s)
    yield made
    made.close()


@pytest.mark.parametrize("by_s", [YEARS_S, -YEARS_S])
def test_no_row_goes_when_the_clock_is_set(
    log: DecisionLog, tmp_path: Path, machine: Machine, by_s: float
) -> None:
    log.append(decided("before", at_s=machine.driver_s))
    assert log.flush()
    machine.wall_s += by_s
    for n in range(5):
        machine.work(2.0)
        log.append(decided(f"after{n}", at_s=machine.driver_s))
        assert log.flush()
    log.close()
    with LogReader(tmp_path / "z.db") as reader:
        assert len(reader.newest(10)) == 6
        assert reader.wall_of_newest(1 if by_s > 0 else 6) == pytest.approx(102.0 + by_s, abs=10.0)


def test_old_rows_go_after_the_clock_was_set(
    log: DecisionLog, tmp_path: Path, machine: Machine
) -> None:
    log.append(decided("old", at_s=machine.driver_s))
    assert log.flush()
    machine.wall_s -= 50.0
    machine.work(90_000.0)
    log.append(decided("new", at_s=machine.driver_s))
    assert log.flush()
    log.close()
    with LogReader(tmp_path / "z.db") as reader:
        assert reader.newest(10) == ["new"]
