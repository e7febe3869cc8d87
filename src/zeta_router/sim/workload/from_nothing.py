"""What a router knows that was told nothing of lengths and speeds (``--lengths nothing``).

The simulator needs each endpoint's speed, and the router it drives would believe it as its prior.
Here both are kept apart: the engines run as the fleet file says, the router sees endpoints without
speeds and models without sizes, and no length of any table.
"""

from __future__ import annotations

from dataclasses import replace

from zeta_router.core.fleet import FleetConfig
from zeta_router.sim.workload.priors import Means


def unmeasured(fleet: FleetConfig) -> FleetConfig:
    """`fleet` without speeds and sizes: what is left is what each model can do, and how well."""
    models = {name: replace(model, params_b=None) for name, model in fleet.models.items()}
    endpoints = tuple(replace(endpoint, simulate=None) for endpoint in fleet.endpoints)
    return replace(fleet, models=models, endpoints=endpoints)


def without_lengths(priors: Means) -> Means:
    """`priors` with their qualities alone."""
    return {key: replace(mean, output_tokens=None, log_sigma=0.0) for key, mean in priors.items()}
