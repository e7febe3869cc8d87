"""Mutated replies never get anything but an answer or a `WireError` out of the reader."""

from __future__ import annotations

import pytest

from support.reader_fuzz import fuzz


@pytest.mark.parametrize("seed", [1, 2])
def test_ten_thousand_cases(seed: int) -> None:
    found = fuzz(5_000, seed)
    assert found["readers_left"] == 0


@pytest.mark.matrix
@pytest.mark.timeout(1800)
def test_a_million_cases() -> None:
    found = fuzz(1_000_000, 3)
    assert found["readers_left"] == 0
    assert found["grown_bytes"] < 20e6
