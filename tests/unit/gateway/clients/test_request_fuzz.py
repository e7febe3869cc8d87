"""Mutated requests get an answer below 500, or none, and leave nothing behind."""

from __future__ import annotations

import logging

import pytest

from support.request_fuzz import fuzz


def test_fifteen_hundred_cases(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert fuzz(1_500, 1)["cases"] == 1_500
    assert not caplog.records  # whoever sends nonsense fills no log


@pytest.mark.matrix
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_cases() -> None:
    assert fuzz(100_000, 3)["cases"] == 100_000
