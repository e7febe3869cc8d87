"""`joint`: dials of the policy of that name."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from zeta_router.app.config.sections.values import NotNegative, Share, says


class JointSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Dials of the `joint` policy."""

    eta: Annotated[
        NotNegative,
        says("How fast prices follow load: quality that a query pays per batch of backlog."),
    ] = 0.2
    rho: Annotated[
        Annotated[float, Meta(gt=0, le=1)],
        says("The share of an endpoint's capacity that prices aim at."),
    ] = 0.9
    floor: Annotated[
        Share,
        says("Queries whose best score is below this are refused while nothing capable is idle."),
    ] = 0.02
    switch_cost: Annotated[
        Share,
        says("Quality that it costs a conversation to move to another endpoint."),
    ] = 0.03
    forecast_floor: Annotated[
        Share,
        says(
            "How much of the price that the forecast load would have is asked before it comes. A "
            "forecast steers queries and never refuses one; 0 waits for the load itself."
        ),
    ] = 0.0
