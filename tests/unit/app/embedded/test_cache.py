"""Made models are reused when whole, made anew when not, and never half visible."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zeta_router.app.embedded import cache
from zeta_router.app.embedded.cache import cache_folder, stretched_model
from zeta_router.core.errors import ConfigError

MAKE = (
    "import sys; from pathlib import Path\n"
    "from zeta_router.app.embedded.cache import stretched_model\n"
    "print(stretched_model(Path(sys.argv[1]), 2, Path(sys.argv[2])))\n"
)


def test_the_folder_is_the_users_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZETA_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home/ada")
    assert cache_folder() == Path("/home/ada/.cache/zeta-router")
    monkeypatch.setenv("XDG_CACHE_HOME", "/fast")
    assert cache_folder() == Path("/fast/zeta-router")
    monkeypatch.setenv("ZETA_CACHE", "~/models")
    assert cache_folder() == Path("/home/ada/models")


def test_once_the_work_is_the_source_itself(tiny_gguf: Path, tmp_path: Path) -> None:
    assert stretched_model(tiny_gguf, 1, tmp_path / "cache") == tiny_gguf
    assert not (tmp_path / "cache").exists()


def test_a_model_is_made_once_and_then_reused(tiny_gguf: Path, tmp_path: Path) -> None:
    told: list[int] = []
    folder = tmp_path / "deep" / "cache"
    made = stretched_model(tiny_gguf, 2, folder, lambda done, _total: told.append(done))
    assert told[-1] == made.stat().st_size
    told.clear()
    assert stretched_model(tiny_gguf, 2, folder, lambda done, _total: told.append(done)) == made
    assert told == []
    assert list(folder.iterdir()) == [made]


def test_a_damaged_file_is_made_anew(tiny_gguf: Path, tmp_path: Path) -> None:
    made = stretched_model(tiny_gguf, 2, tmp_path / "cache")
    whole = made.read_bytes()
    made.write_bytes(whole[:-1])
    assert stretched_model(tiny_gguf, 2, tmp_path / "cache") == made
    assert made.read_bytes() == whole


def test_another_recipe_another_source_or_another_work_is_another_file(
    tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache"
    first = stretched_model(tiny_gguf, 2, folder)
    assert stretched_model(tiny_gguf, 3, folder) != first
    longer = tmp_path / "new" / tiny_gguf.name
    longer.parent.mkdir()
    longer.write_bytes(tiny_gguf.read_bytes() + bytes(32))
    assert stretched_model(longer, 2, folder) != first
    monkeypatch.setattr(cache, "RECIPE", cache.RECIPE + 1)
    assert stretched_model(tiny_gguf, 2, folder) != first


def test_a_failure_while_writing_leaves_nothing_behind(tiny_gguf: Path, tmp_path: Path) -> None:
    def give_up(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stretched_model(tiny_gguf, 2, tmp_path / "cache", give_up)
    assert list((tmp_path / "cache").iterdir()) == []


def test_leftovers_of_a_killed_process_are_removed_but_not_of_one_at_work(
    tiny_gguf: Path, tmp_path: Path
) -> None:
    old, new = tmp_path / "old.part", tmp_path / "new.part"
    old.write_text("half")
    new.write_text("half")
    os.utime(old, (0, 0))
    stretched_model(tiny_gguf, 2, tmp_path)
    assert not old.exists()
    assert new.exists()


def test_a_leftover_that_another_process_finishes_meanwhile_is_no_trouble(
    tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def glob(folder: Path, pattern: str) -> list[Path]:
        return [folder / "gone.part"] if pattern == "*.part" else []

    monkeypatch.setattr(Path, "glob", glob)
    assert stretched_model(tiny_gguf, 2, tmp_path).is_file()


def test_two_processes_may_make_it_at_once(tiny_gguf: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKE, str(tiny_gguf), str(tmp_path / "cache")]
    at_once = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = {process.communicate(timeout=60)[0].strip() for process in at_once}
    assert [process.returncode for process in at_once] == [0, 0, 0]
    assert said == {str(path) for path in (tmp_path / "cache").iterdir()}
    assert len(said) == 1


def test_a_folder_that_cannot_be_written_is_named_with_the_mend(
    tiny_gguf: Path, tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file, not a folder")
    with pytest.raises(ConfigError, match="set ZETA_CACHE to a writable folder") as refusal:
        stretched_model(tiny_gguf, 2, taken)
    assert refusal.value.path == str(taken)
