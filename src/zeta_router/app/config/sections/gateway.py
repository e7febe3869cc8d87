"""`gateway`: how requests get from clients to engines."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Struct

from zeta_router.app.config.sections.values import says

UpstreamName = Literal["auto", "lean", "aiohttp"]


class GatewaySpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How requests get from clients to engines."""

    upstream: Annotated[
        UpstreamName,
        says(
            "The client that queries are sent to engines with. `lean` costs a quarter of `aiohttp` "
            "and speaks http only; engines behind https are always asked by `aiohttp`.",
            default="lean for http, except on Windows",
        ),
    ] = "auto"
    without_keys: Annotated[
        bool,
        says(
            "Serve anybody who can reach the address, also from other machines. Without `keys` and "
            "without this, only an address of this machine is listened on."
        ),
    ] = False
