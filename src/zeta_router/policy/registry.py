"""Every policy there is, by name. A new one is a file and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import FleetConfig
from zeta_router.policy.additive import Additive
from zeta_router.policy.greedy import Greedy
from zeta_router.policy.joint import Joint
from zeta_router.policy.latency import Latency
from zeta_router.policy.least_requests import LeastRequests
from zeta_router.policy.p2c import PowerOfTwo
from zeta_router.policy.peak_ewma import PeakEwma
from zeta_router.policy.prequal import Prequal
from zeta_router.policy.protocol import Policy
from zeta_router.policy.quality_only import QualityOnly
from zeta_router.policy.random import Random
from zeta_router.policy.round_robin import RoundRobin
from zeta_router.policy.shortest_expected import ShortestExpected
from zeta_router.policy.spill import Spill
from zeta_router.policy.static import Static
from zeta_router.policy.threshold import Threshold

_DEFAULTS: tuple[Policy, ...] = (
    Static(),
    Threshold(),
    Random(),
    RoundRobin(),
    LeastRequests(),
    PowerOfTwo(),
    PeakEwma(),
    Prequal(),
    Latency(),
    ShortestExpected(),
    QualityOnly(),
    Spill(),
    Additive(),
    Greedy(),
    Joint(),
)

POLICIES: Mapping[str, Policy] = MappingProxyType({policy.name: policy for policy in _DEFAULTS})
"""Each policy with its default parameters, in the order of the reference page."""

_BUILT_FROM_CONFIG: Mapping[str, Callable[[FleetConfig], Policy]] = {Joint.name: Joint.of}


def policy_named(name: str) -> Policy:
    """The policy of this name with its default parameters.

    Raises:
        ConfigError: There is none; the hint names the nearest, or all.
    """
    policy = POLICIES.get(name)
    if policy is None:
        near = get_close_matches(name, POLICIES, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(POLICIES)}"
        raise ConfigError("policy", f"there is no policy {name!r}", hint)
    return policy


def build(name: str, config: FleetConfig) -> Policy:
    """The policy of this name with the fleet file's parameters.

    Raises:
        ConfigError: There is no policy of this name.
    """
    make = _BUILT_FROM_CONFIG.get(name)
    return make(config) if make is not None else policy_named(name)
