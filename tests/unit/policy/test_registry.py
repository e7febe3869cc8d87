from __future__ import annotations

import pytest

from support.fleets import fleet
from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import JointParams
from zeta_router.policy.joint import Joint
from zeta_router.policy.registry import POLICIES, build, policy_named

DESIGNED = {
    "static",
    "threshold",
    "random",
    "round_robin",
    "least_requests",
    "p2c",
    "peak_ewma",
    "prequal",
    "latency",
    "shortest_expected",
    "quality_only",
    "additive",
    "greedy",
    "joint",
}


def test_everything_designed_is_there_under_its_own_name() -> None:
    assert set(POLICIES) >= DESIGNED
    assert all(policy.name == name for name, policy in POLICIES.items())


def test_the_registry_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        POLICIES["mine"] = POLICIES["static"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("name", "hint"), [("statik", "static"), ("round-robin", "round_robin"), ("jont", "joint")]
)
def test_a_slip_gets_the_nearest_name(name: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=f"policy: there is no policy '{name}'.*{hint}"):
        policy_named(name)


def test_nothing_near_gets_the_whole_list() -> None:
    with pytest.raises(ConfigError, match="known: static, threshold, random"):
        policy_named("zzz")


def test_joint_takes_its_dials_from_the_fleet() -> None:
    config = fleet(joint=JointParams(eta=0.5, rho=0.7, floor=0.1))
    assert build("joint", config) == Joint(floor=0.1)


def test_the_others_take_their_defaults() -> None:
    config = fleet()
    for name in set(POLICIES) - {"joint"}:
        assert build(name, config) is POLICIES[name]
    with pytest.raises(ConfigError):
        build("zzz", config)
