"""One A/B test from the first block to its verdict, live or simulated by the same code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any, Protocol

from zeta_router.app.ab.design import Block, Design
from zeta_router.app.ab.verdict import BlockFigures, Pair, Standing, Verdict, is_over, standing
from zeta_router.learn.confidence import Bounds


class Arms(Protocol):
    """Whatever can put a fleet under one policy after the other while queries come."""

    async def play(self, block: Block) -> bool:
        """Let `block.policy` decide until `block.end_s`; false when there is nothing more to play.

        A block that was played in part counts as not played.
        """

    def figures(self, block: Block) -> BlockFigures:
        """What came of a block; asked when the next one is over, or after `finish`.

        The last queries of a block end in the next one, so its figures are not asked for before.
        """

    async def finish(self) -> None:
        """Let what is under way end; nothing new is sent."""


@dataclass(slots=True)
class Progress:
    """A test while it goes on.

    Attributes:
        blocks: Those whose figures are known, with them.
        found: After the latest whole pair; None before the first.
        stopped_early: It ended by itself, for something was shown.
        interrupted: Somebody ended it before that and before its limit.
    """

    design: Design
    blocks: list[tuple[Block, BlockFigures]] = field(default_factory=list)
    found: Standing | None = None
    stopped_early: bool = False
    interrupted: bool = False

    @property
    def verdict(self) -> Verdict:
        """What the test says if it ends here."""
        verdict = self.found.verdict if self.found is not None else None
        return verdict if verdict is not None else Verdict.NO_DIFFERENCE


Tell = Callable[[Progress], None]
"""Told after every block whose figures are known."""


async def conduct(design: Design, arms: Arms, tell: Tell | None = None) -> Progress:
    """Play blocks until something is shown, the limit comes or nothing more is to be played."""
    progress = Progress(design)
    told = tell or (lambda _: None)
    played: list[Block] = []
    for block in design.blocks():
        if not await arms.play(block):
            break
        played.append(block)
        if len(played) > 1 and _count(progress, played[-2], arms, told):
            progress.stopped_early = True
            break
    await arms.finish()
    if played and not progress.stopped_early:
        _count(progress, played[-1], arms, told)
    return progress


def _count(progress: Progress, block: Block, arms: Arms, tell: Tell) -> bool:
    """Take in a block's figures; whether the test may stop now."""
    progress.blocks.append((block, arms.figures(block)))
    pairs = _pairs(progress)
    if pairs and len(progress.blocks) % 2 == 0:
        progress.found = standing(pairs, progress.design)
    tell(progress)
    return progress.found is not None and is_over(progress.found, progress.design)


def _pairs(progress: Progress) -> list[Pair]:
    halves: dict[int, dict[str, BlockFigures]] = {}
    for block, figures in progress.blocks:
        halves.setdefault(block.pair, {})[block.arm] = figures
    return [(both["a"], both["b"]) for both in halves.values() if len(both) == 2]


VERDICT_TEXT = {
    Verdict.A_BETTER: "{a} is better than {b}",
    Verdict.B_BETTER: "{b} is better than {a}",
    Verdict.NO_WORSE: "{b} is no worse than {a} within the margins",
    Verdict.NO_DIFFERENCE: "no difference was shown, and {b} was not shown to be no worse",
}


def result_of(progress: Progress) -> dict[str, Any]:
    """Everything about a test as plain values; bounds that are infinite are None."""
    design, found = progress.design, progress.found
    return {
        "a": design.a,
        "b": design.b,
        "verdict": progress.verdict.value,
        "text": VERDICT_TEXT[progress.verdict].format(a=design.a, b=design.b),
        "no_worse": found is not None and found.no_worse,
        "stopped_early": progress.stopped_early,
        "interrupted": progress.interrupted,
        "pairs": found.pairs if found is not None else 0,
        "difference": _bounds(found.worth if found is not None else None),
        "ttft_ratio": _bounds(found.ttft_ratio if found is not None else None),
        "design": {**asdict(design), "warmup_s": design.warmup_s},
        "blocks": [
            {
                "number": block.number,
                "pair": block.pair,
                "arm": block.arm,
                "policy": block.policy,
                "start_s": block.start_s,
                **asdict(figures),
            }
            for block, figures in progress.blocks
        ],
    }


def _bounds(found: Bounds | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "mean": found.mean,
        "low": found.low if isfinite(found.low) else None,
        "high": found.high if isfinite(found.high) else None,
    }
