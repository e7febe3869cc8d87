"""`keys`: who may ask, and how much."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from zeta_router.app.config import texts
from zeta_router.app.config.sections.values import Count, Positive, says
from zeta_router.gateway.keys.key import Scope

KeyName = Annotated[
    str, Meta(pattern=texts.ID_PATTERN, extra={"check": texts.check_id, "words": "a name"})
]
KeyHash = Annotated[
    str,
    Meta(pattern=texts.HASH_PATTERN, extra={"check": texts.check_hash, "words": "a hash of a key"}),
]


class KeySpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """An API key. `zeta key NAME` makes one and prints these lines."""

    name: Annotated[
        KeyName,
        says(
            "Whose it is; the tenant of its queries, in logs and where turns are taken.",
            also=("id", "user", "tenant"),
        ),
    ]
    hash: Annotated[
        KeyHash,
        says(
            "SHA-256 of the key. The key itself is kept nowhere.",
            also=("sha256", "digest", "key", "token"),
        ),
    ]
    scopes: Annotated[
        Annotated[list[Scope], Meta(min_length=1)],
        says(
            "What it is for: `query` asks models, `admin` changes the fleet. Any key may look.",
            also=("scope", "roles", "permissions"),
        ),
    ] = field(default_factory=lambda: [Scope.QUERY])
    requests_per_min: Annotated[
        Positive | None,
        says(
            "Most queries a minute; those of ten seconds may come at once.",
            also=("rpm", "rate", "rate_limit"),
            default="any number",
        ),
    ] = None
    concurrent: Annotated[
        Count | None,
        says(
            "Most queries under way at one time.",
            also=("max_concurrent", "parallel"),
            default="any number",
        ),
    ] = None
    tokens_per_day: Annotated[
        Count | None,
        says(
            "Most tokens in a day, read and written; they come back evenly over 24 hours.",
            also=("tpd", "budget", "token_budget"),
            default="any number",
        ),
    ] = None
