"""Arrays as a file: whole or not at all, texts among them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zeta_router.app.training.arrays import text_array, text_of, write_arrays
from zeta_router.core.errors import ConfigError


def test_arrays_and_texts_come_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.npz"
    write_arrays(path, numbers=np.arange(3.0), text=text_array("größer\nthan one line"))
    with np.load(path, allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["numbers"], [0.0, 1.0, 2.0])
        assert text_of(archive["text"]) == "größer\nthan one line"
    assert [each.name for each in path.parent.iterdir()] == ["a.npz"]


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ConfigError, match=r"a\.npz.*cannot be written"):
        write_arrays(tmp_path / "file" / "a.npz", numbers=np.zeros(1))


def test_an_array_that_needs_pickle_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_arrays(path, numbers=np.zeros(1))
    before = path.read_bytes()
    with pytest.raises(ValueError, match="allow_pickle"):
        write_arrays(path, numbers=np.array([{}], dtype=object))
    assert path.read_bytes() == before
