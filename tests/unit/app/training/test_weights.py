"""Weights as a file: what was written comes back, and nothing else is accepted."""

from io import BytesIO

import numpy as np
import pytest

from zeta_router.app.training.weights import parse_weights, read_weights, write_weights
from zeta_router.core.errors import BugError, ConfigError
from zeta_router.learn.task.trained import ClassifierWeights

WEIGHTS = ClassifierWeights(
    inner=np.arange(35, dtype=np.float32).reshape(7, 5),
    inner_bias=np.ones(5, np.float32),
    out=np.full((2, 3), 0.5, np.float32),
    features="0123456789abcdef",
)


def test_what_was_written_comes_back(tmp_path):
    write_weights(WEIGHTS, tmp_path / "new" / "w.npz")
    read = read_weights(tmp_path / "new" / "w.npz")
    assert read.features == WEIGHTS.features
    for name in ("inner", "inner_bias", "out"):
        np.testing.assert_array_equal(getattr(read, name), getattr(WEIGHTS, name))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["w.npz"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.npz"):
        read_weights(tmp_path / "absent.npz")


@pytest.mark.parametrize("data", [b"", b"not an archive", b"PK\x03\x04 cut short"])
def test_other_files_are_refused(tmp_path, data):
    (tmp_path / "w.npz").write_bytes(data)
    with pytest.raises(ConfigError, match="train it again"):
        read_weights(tmp_path / "w.npz")


def test_pickled_arrays_are_refused():
    buffer = BytesIO()
    array = np.array([{"a": 1}], dtype=object)
    np.savez(buffer, inner=array, inner_bias=array, out=array, features=array)
    with pytest.raises(BugError, match="does not hold"):
        parse_weights(buffer.getvalue(), "w")


def test_arrays_that_do_not_fit_are_refused(tmp_path):
    buffer = BytesIO()
    digest = np.frombuffer(b"0123456789abcdef", np.uint8)
    np.savez(
        buffer,
        inner=np.zeros((7, 5)),
        inner_bias=np.zeros(6),
        out=np.zeros((2, 3)),
        features=digest,
    )
    with pytest.raises(BugError, match="do not fit"):
        parse_weights(buffer.getvalue(), "w")
