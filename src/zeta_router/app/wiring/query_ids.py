"""The ids that queries get, which are also the ids of their decisions."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from hashlib import blake2b


def query_ids() -> Callable[[], str]:
    """Gives id after id: random per start, then counted, so that no two runs share one.

    The last part makes them hard to guess: who knows a decision's id may judge its answer.
    """
    start, secret = secrets.token_hex(5), secrets.token_bytes(16)
    numbers = itertools.count(1)

    def next_id() -> str:
        number = next(numbers)
        mark = blake2b(number.to_bytes(8), key=secret, digest_size=4).hexdigest()
        return f"zd-{start}-{number}-{mark}"

    return next_id
