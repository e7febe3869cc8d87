"""Reloading, in virtual time: a loop whose clock jumps to the next timer."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from zeta_router.app.config import ConfigErrors, LoadedConfig, load_text
from zeta_router.app.config.watch import ConfigWatcher, Fingerprint, fingerprint_of, loader_of
from zeta_router.core.errors import ConfigError

TEXT = """\
models: {m: {tasks: [rerank]}}
endpoints: [{id: a, url: "http://h:1", model: m, slots: 1}]
"""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Never waits: when nothing is ready, its clock jumps to the next timer."""

    def __init__(self) -> None:
        self._virtual_s = 0.0
        super().__init__(_Jump(self))

    def time(self) -> float:
        return self._virtual_s

    def jump(self, timeout: float | None) -> None:
        if timeout is None:
            raise RuntimeError("deadlock: nothing is ready and no timer is set")
        self._virtual_s += timeout


class _Jump(selectors.SelectSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout != 0:
            self._loop.jump(timeout)
        return ready


class File:
    """A file in memory that is read and looked at as the watcher does."""

    def __init__(self, text: str) -> None:
        self.text: str | None = text
        self.version = 0
        self.reads = 0
        self.on_read: Callable[[], None] = lambda: None

    def write(self, text: str | None) -> None:
        self.text = text
        self.version += 1

    def fingerprint(self) -> Fingerprint:
        return None if self.text is None else (self.version, len(self.text), 1)

    async def load(self) -> LoadedConfig:
        self.reads += 1
        text = self.text
        self.on_read()
        if text is None:
            raise ConfigError("", "cannot be read")
        return load_text(text, source="f", environ={})


class Scene:
    """A watcher at work, and a diary of what it told: (seconds, what)."""

    def __init__(self) -> None:
        self.file = File(TEXT)
        self.diary: list[tuple[float, str]] = []
        self.watcher = ConfigWatcher(
            load_text(TEXT, source="f", environ={}),
            self.file.fingerprint(),
            self.file.load,
            self.file.fingerprint,
            on_change=lambda new: self.note(f"slots {new.fleet.endpoints[0].slots}"),
            on_error=lambda error: self.note(f"error at {error.path or 'file'}"),
            on_same=lambda: self.note("same"),
        )

    def note(self, what: str) -> None:
        self.diary.append((round(asyncio.get_running_loop().time(), 3), what))

    def play(self, *steps: tuple[float, Callable[[], object]], until_s: float = 10.0) -> None:
        async def main() -> None:
            loop = asyncio.get_running_loop()
            for at_s, step in steps:
                loop.call_at(at_s, step)
            async with asyncio.timeout(until_s):
                await self.watcher.run()

        with (
            asyncio.Runner(loop_factory=VirtualLoop) as runner,
            pytest.raises(TimeoutError),
        ):
            runner.run(main())

    def slots(self, number: object) -> Callable[[], None]:
        return lambda: self.file.write(TEXT.replace("slots: 1", f"slots: {number}"))


def test_a_file_that_does_not_change_is_never_read() -> None:
    scene = Scene()
    scene.play(until_s=3600.0)
    assert scene.file.reads == 0
    assert scene.diary == []


def test_a_change_is_in_force_at_the_next_look_once_the_file_keeps_still() -> None:
    scene = Scene()
    scene.play((2.5, scene.slots(2)))
    assert scene.diary == [(3.2, "slots 2")]
    assert scene.file.reads == 1
    assert scene.watcher.current.fleet.endpoints[0].slots == 2


def test_a_file_that_is_being_written_is_read_when_it_is_done() -> None:
    scene = Scene()
    steps = [(2.9 + 0.15 * i, scene.slots(i + 2)) for i in range(8)]
    scene.play(*steps)
    assert scene.diary == [(4.2, "slots 9")]
    assert scene.file.reads == 1


def test_a_file_that_never_keeps_still_is_read_all_the_same() -> None:
    scene = Scene()
    scene.play(*[(0.5 + 0.1 * i, scene.slots(i + 2)) for i in range(90)])
    assert scene.diary
    assert scene.diary[0][0] <= 6.5


def test_a_broken_file_is_told_once_and_the_old_configuration_stays() -> None:
    scene = Scene()
    scene.play((2.5, scene.slots("x")))
    assert scene.diary == [(3.4, "error at endpoints[0].slots")]
    assert scene.file.reads == 2
    assert scene.watcher.current.fleet.endpoints[0].slots == 1


def test_a_file_caught_half_written_is_read_again_before_anybody_is_told() -> None:
    scene = Scene()
    scene.file.on_read = scene.slots(3)
    scene.play((2.5, lambda: scene.file.write(TEXT[:40])))
    assert scene.diary[0] == (3.4, "slots 3")


def test_a_file_that_moved_while_it_was_read_is_read_again() -> None:
    scene = Scene()

    def once() -> None:
        scene.file.on_read = lambda: None
        scene.slots(7)()

    scene.file.on_read = once
    scene.play((2.5, scene.slots(2)))
    assert scene.diary == [(3.4, "slots 7")]


def test_mending_a_file_is_noticed() -> None:
    scene = Scene()
    scene.play((2.5, scene.slots("x")), (5.5, lambda: scene.file.write(TEXT)))
    assert [what for _, what in scene.diary] == ["error at endpoints[0].slots", "same"]


def test_a_file_that_vanishes_is_an_error_and_its_return_is_noticed() -> None:
    scene = Scene()
    scene.play((2.5, lambda: scene.file.write(None)), (5.5, scene.slots(4)))
    assert [what for _, what in scene.diary] == ["error at file", "slots 4"]


def test_an_editor_that_replaces_the_file_is_no_error() -> None:
    scene = Scene()
    scene.play((2.95, lambda: scene.file.write(None)), (3.05, scene.slots(4)))
    assert [what for _, what in scene.diary] == ["slots 4"]


def test_a_signal_reads_at_once_even_when_nothing_changed() -> None:
    scene = Scene()
    scene.play((2.25, scene.watcher.trigger))
    assert scene.diary == [(2.25, "same")]


def test_signals_in_a_burst_are_one_reading() -> None:
    scene = Scene()
    scene.play(*[(2.25, scene.watcher.trigger)] * 5)
    assert scene.diary == [(2.25, "same")]


def test_a_signal_during_a_reading_is_not_lost() -> None:
    scene = Scene()
    scene.play((2.5, scene.slots("x")), (3.3, scene.watcher.trigger), until_s=5.0)
    assert [what for _, what in scene.diary] == ["error at endpoints[0].slots"] * 2


def test_the_old_configuration_is_current_while_the_change_is_told() -> None:
    scene = Scene()
    seen: list[int | None] = []
    scene.watcher._on_change = lambda new: seen.append(
        scene.watcher.current.fleet.endpoints[0].slots
    )
    scene.play((2.5, scene.slots(2)))
    assert seen == [1]


def test_what_waits_for_a_restart_is_not_in_force_and_told_until_then() -> None:
    scene = Scene()
    before = scene.watcher.current.listen
    moved = f"listen: 127.0.0.1:9090\n{TEXT}"
    scene.play(
        (2.5, lambda: scene.file.write(moved)),
        (4.5, lambda: scene.file.write(moved.replace("slots: 1", "slots: 2"))),
        (6.5, scene.slots(2)),
    )
    assert [what for _, what in scene.diary] == ["slots 1", "slots 2", "same"]
    assert scene.watcher.current.listen == before


def test_a_fingerprint_tells_content_and_replacement_apart(tmp_path: Path) -> None:
    path = tmp_path / "zeta.yaml"
    assert fingerprint_of(path) is None
    path.write_text("a")
    first = fingerprint_of(path)
    assert first == fingerprint_of(path)
    path.write_text("ab")
    second = fingerprint_of(path)
    other = tmp_path / "other"
    other.write_text("ab")
    other.rename(path)
    assert len({first, second, fingerprint_of(path)}) == 3


def test_the_loader_reads_the_file_in_a_thread(tmp_path: Path) -> None:
    path = tmp_path / "zeta.yaml"
    path.write_text(TEXT + "policy: p2c\n")

    async def load(policies: set[str]) -> LoadedConfig:
        loading: Awaitable[LoadedConfig] = loader_of(path, {}, policies)()
        return await loading

    assert asyncio.run(load({"p2c"})).fleet.policy == "p2c"
    with pytest.raises(ConfigErrors, match="no policy"):
        asyncio.run(load({"static"}))
