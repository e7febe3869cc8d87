"""The distribution that is found against frequencies over many queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from support.candidates import ask, candidate, context
from zeta_router.core.draws import Draws
from zeta_router.core.snapshot import Candidate
from zeta_router.policy.joint import Joint
from zeta_router.policy.protocol import Policy
from zeta_router.policy.registry import POLICIES
from zeta_router.policy.static import Static
from zeta_router.sim.replay.shares import shares_of

POOL = (
    candidate("a", "small", quality=0.60, in_flight=1),
    candidate("b", "coder", quality=0.61, in_flight=3),
    candidate("c", "thinker", quality=0.62, in_flight=4),
    candidate("d", "coder", quality=0.59, ttft_s=0.3),
)
DRAWN = 3000


def frequencies(policy: Policy, pool: Sequence[Candidate]) -> tuple[list[float], float]:
    """How often each was chosen over many queries, and how often none."""
    told = Counter(
        policy.choose(ask(f"q{n}"), pool, Draws(3, f"q{n}"), context()).index for n in range(DRAWN)
    )
    return [told[i] / DRAWN for i in range(len(pool))], told[None] / DRAWN


@pytest.mark.parametrize("name", POLICIES)
def test_every_policys_distribution(name: str) -> None:
    """Within 4 standard errors of 3,000 draws (.037 at most)."""
    policy = POLICIES[name]
    shares = shares_of(policy, ask(), POOL, context())
    seen, none = frequencies(policy, POOL)
    assert shares.found == pytest.approx(1.0)
    assert sum(shares.of) + shares.anybody + shares.shed == pytest.approx(1.0)
    assert shares.of == pytest.approx(seen, abs=0.037)
    assert shares.anybody + shares.shed == pytest.approx(none, abs=0.037)


def test_a_full_endpoint_that_is_worth_waiting_for_has_its_share() -> None:
    policy = Joint(temperature=0.05, epsilon=0.3)
    shares = shares_of(policy, ask(), POOL, context())
    seen, _ = frequencies(policy, POOL)
    assert shares.of[2] > 0.05
    assert shares.of == pytest.approx(seen, abs=0.037)


def test_what_waits_for_anybody_and_what_is_refused() -> None:
    full = tuple(c._replace(view=c.view._replace(in_flight=4)) for c in POOL)
    assert shares_of(Static(), ask(), full, context()).anybody == 1.0
    worthless = tuple(c._replace(quality=0.0) for c in full)
    assert shares_of(Joint(), ask(), worthless, context()).shed == 1.0
