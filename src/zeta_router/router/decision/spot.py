"""Candidates at the price of the moment: a forecast's floor may steer a query, never refuse it."""

from __future__ import annotations

from collections.abc import Mapping

from zeta_router.core.snapshot import Candidate
from zeta_router.router.endpoint.state import EndpointState


def at_spot_price(
    candidates: tuple[Candidate, ...], endpoints: Mapping[str, EndpointState], now_s: float
) -> tuple[Candidate, ...]:
    """The same candidates with prices that know the backlog alone."""
    spot = []
    for candidate in candidates:
        view = candidate.view
        price = endpoints[view.endpoint.id].price.spot(now_s)
        spot.append(candidate._replace(view=view._replace(price=price)))
    return tuple(spot)
