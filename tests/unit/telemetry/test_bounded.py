"""`Generations` never holds more than twice its capacity and never loses the latest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zeta_router.telemetry.bounded import Generations


@given(st.lists(st.integers(0, 30), max_size=200), st.integers(1, 10))
def test_remembers_the_latest_and_stays_bounded(keys: list[int], capacity: int) -> None:
    kept: Generations[int] = Generations(capacity)
    for turn, key in enumerate(keys):
        kept.put(str(key), turn)
        assert len(kept) <= 2 * capacity
    latest = {str(key): turn for turn, key in enumerate(keys)}
    newest_first = sorted(latest, key=latest.__getitem__, reverse=True)
    for name in newest_first[: capacity - 1]:
        assert name in kept
        assert kept.get(name) == latest[name]


def test_pop_forgets_in_both_generations() -> None:
    kept: Generations[str] = Generations(2)
    kept.put("a", "old")
    kept.put("b", "")
    kept.put("a", "new")
    assert kept.pop("a") == "new"
    assert "a" not in kept
    assert kept.pop("a") is None
