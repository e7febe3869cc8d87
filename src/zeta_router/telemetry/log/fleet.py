"""The fleet that a log was written over, as one of the facts of a run.

Rows hold what changes by the second; which tasks a model is declared for, the static rules and the
objectives stand in the configuration. A replay needs both, so the configuration at the opening of
the file is kept beside the seed. Addresses are left out: they may carry passwords, and nothing is
sent anywhere when a log is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from zeta_router.core.fleet import FleetConfig

FLEET_FACT = "fleet"
"""Its name among the facts in `runs`."""


def fleet_fact(fleet: FleetConfig) -> str:
    """The fleet as JSON, without addresses."""
    endpoints = tuple(replace(endpoint, url="") for endpoint in fleet.endpoints)
    plain = replace(
        fleet,
        models={name: replace(m, tasks=dict(m.tasks)) for name, m in fleet.models.items()},
        endpoints=endpoints,
        routes=dict(fleet.routes),
        slo=dict(fleet.slo),
    )
    return msgspec.json.encode(plain).decode()


def fleet_of(facts: Mapping[str, str]) -> FleetConfig | None:
    """The fleet among a run's facts; None when it is not there or cannot be understood."""
    text = facts.get(FLEET_FACT)
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=FleetConfig)
    except msgspec.MsgspecError:
        return None
