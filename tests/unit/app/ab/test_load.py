"""Both halves of a pair get the same."""

from __future__ import annotations

from zeta_router.app.ab.design import Design
from zeta_router.app.ab.load import source_s, twice


def test_each_stretch_is_played_in_both_halves_of_its_pair() -> None:
    design = Design("a", "b", 10.0, 45.0)
    assert source_s(design) == 20.0
    plan = list(twice([1.0, 9.0, 12.0, 19.5, 21.0], "vwxyz", design))
    assert plan == [
        (1.0, "v", 0), (9.0, "w", 0), (11.0, "v", 1), (19.0, "w", 1),
        (22.0, "x", 0), (29.5, "y", 0), (32.0, "x", 1), (39.5, "y", 1),
    ]  # fmt: skip


def test_a_source_that_ends_early_leaves_the_later_pairs_empty() -> None:
    assert list(twice([1.0], "v", Design("a", "b", 10.0, 60.0))) == [(1.0, "v", 0), (11.0, "v", 1)]
