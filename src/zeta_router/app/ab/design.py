"""The plan of a switchback: which policy decides in which block.

Arms share engines. Were each query given to an arm by lot, a policy that floods the fleet would
slow down the other one's answers as much as its own, and the two would look alike. So the whole
fleet is under one policy for a block of minutes, then under the other. Blocks come in pairs, each
with both policies in an order by lot: what changes over the day is in both halves of a pair, and no
rhythm of the traffic can favour one of them for long. The first part of a block still feels the
other policy and is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from zeta_router.core.errors import ConfigError

WARMUP_RATIO = 0.2
"""Share of a block that is dropped: 60 s of five minutes."""


@dataclass(frozen=True, slots=True)
class Design:
    """What to compare, and by which rule to stop.

    Attributes:
        a, b: The policies; the difference is always B minus A.
        block_s: Length of a block.
        limit_s: The test ends here at the latest.
        seed: Of the order within pairs.
        alpha: Probability of an interval that is ever wrong.
        margin: How much less quality-goodput still counts as no worse.
        ttft_margin: How much more median TTFT still counts as no worse, as a share.
        until_no_worse: Stop as soon as B is shown to be no worse; otherwise go on until one is
            better or the limit comes.
    """

    a: str
    b: str
    block_s: float = 300.0
    limit_s: float = 7200.0
    seed: int = 0
    alpha: float = 0.05
    margin: float = 0.01
    ttft_margin: float = 0.05
    until_no_worse: bool = False

    def __post_init__(self) -> None:
        if not self.block_s > 0:
            raise ConfigError("--block", f"{self.block_s:g} s is not greater than 0")
        if self.limit_s < 2 * self.block_s:
            raise ConfigError(
                "--minutes",
                f"{self.limit_s:g} s do not hold a pair of blocks of {self.block_s:g} s",
                "a longer test, or a shorter --block",
            )

    @property
    def warmup_s(self) -> float:
        """What is dropped of each block."""
        return WARMUP_RATIO * self.block_s

    @property
    def pairs(self) -> int:
        """Pairs of blocks until the limit."""
        return int(self.limit_s // (2 * self.block_s) + 1e-9)

    def blocks(self) -> Iterator[Block]:
        """Every block until the limit, in order."""
        random = Random(f"blocks:{self.seed}")
        for pair in range(self.pairs):
            arms = [("a", self.a), ("b", self.b)]
            random.shuffle(arms)
            for half, (arm, policy) in enumerate(arms):
                start_s = (2 * pair + half) * self.block_s
                yield Block(2 * pair + half, pair, arm, policy, start_s, self)


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of time under one policy; times in seconds from the start of the test."""

    number: int
    pair: int
    arm: str
    policy: str
    start_s: float
    design: Design

    @property
    def counts_from_s(self) -> float:
        """When the part begins that counts."""
        return self.start_s + self.design.warmup_s

    @property
    def end_s(self) -> float:
        """When the next block begins."""
        return self.start_s + self.design.block_s
