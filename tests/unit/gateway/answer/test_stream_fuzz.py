"""Mutated streams say the same however they are cut, and get nothing raised."""

from __future__ import annotations

import pytest

from support.stream_fuzz import fuzz


@pytest.mark.parametrize("seed", [1, 2])
def test_two_thousand_cases(seed: int) -> None:
    assert fuzz(1_000, seed)["cases"] == 1_000


@pytest.mark.matrix
@pytest.mark.timeout(1800)
def test_a_million_cases() -> None:
    assert fuzz(1_000_000, 3)["cases"] == 1_000_000
