"""`gateway`: how requests get from clients to engines."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Struct

from zeta_router.app.config.sections.values import Text, says

UpstreamName = Literal["auto", "lean", "aiohttp"]


class TlsSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Files of the certificate that clients are shown."""

    certificate: Annotated[
        Text,
        says(
            "The server's certificate in PEM, and behind it those between it and its authority. A "
            "renewed file is taken over with SIGHUP.",
            also=("cert", "certfile", "ssl_certificate", "chain"),
        ),
    ]
    key: Annotated[
        Text,
        says(
            "The certificate's private key in PEM, not encrypted.",
            also=("keyfile", "private_key", "ssl_certificate_key"),
        ),
    ]


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
    tls: Annotated[
        TlsSpec | None,
        says(
            "Speak TLS, 1.2 and newer, to clients.",
            default="plain HTTP",
            also=("ssl", "https", "certificate"),
        ),
    ] = None
