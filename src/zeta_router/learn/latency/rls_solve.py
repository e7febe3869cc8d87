"""Solving the small systems of `learn.latency.rls`, without a loop.

A router solves several such systems for every answer, of two to eight unknowns. In Python the loops
of a Cholesky factorisation cost five to eight times its arithmetic (eight unknowns: 0.65-1.0 of the
benchmarks' kernel with loops, 0.10-0.12 without), and so do calls into numpy. So the arithmetic is
written out once for each size, as Python text, in the order in which the loops would do it:

    L L' = gram + weight I,     L h = moment + weight prior,     L' x = h
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

LEAST_PIVOT = 1e-12
"""Rounding can eat the pivot of a feature that repeats another; the prior bounds it."""

Rows = list[list[float]]
"""A symmetric matrix: its lower triangle, by rows."""

Solver = Callable[[Rows, Sequence[float], Sequence[float], float], list[float]]
"""Takes gram, moment, prior and weight; gives x."""

Learner = Callable[
    [Rows, list[float], Sequence[float], float, Sequence[float], float, float, float], list[float]
]
"""Takes the same, then features, target, the observation's weight and the share of the sums that is
kept; adds the observation to gram and moment, in place, and gives x."""


@cache
def solver_of(size: int, free: tuple[int, ...]) -> Solver:
    """The solver for `size` unknowns, those that are not `free` held at 0.

    Made when it is first asked for, in 2 ms at most.
    """
    given = [_unpacked(i) + f" = gram[{i}]" for i in free]
    made: Solver = _made("gram, moment, prior, weight", [*given, *_solution(size, free)])
    return made


@cache
def learner_of(size: int) -> Learner:
    """The same with all of them free, for one more observation first."""
    lines = [f"{', '.join(f'f{i}' for i in range(size))}, = features"]
    for i in range(size):
        lines += [_unpacked(i) + f" = gram[{i}]", f"pull = share * f{i}"]
        lines.append(f"moment[{i}] = kept * moment[{i}] + pull * target")
        lines += [f"g{i}_{j} = kept * g{i}_{j} + pull * f{j}" for j in range(i + 1)]
        lines.append(f"gram[{i}] = [{_unpacked(i)}]")
    given = "gram, moment, prior, weight, features, target, share, kept"
    made: Learner = _made(given, [*lines, *_solution(size, tuple(range(size)))])
    return made


def _made(given: str, lines: Iterable[str]) -> Any:
    text = "\n    ".join([f"def written_out({given}):", *lines])
    made: dict[str, Any] = {}
    exec(text, made)  # noqa: S102 (the text follows from one number)
    return made["written_out"]


def _unpacked(row: int) -> str:
    return "".join([f"g{row}_{column}, " for column in range(row + 1)])


def _solution(size: int, free: tuple[int, ...]) -> Iterator[str]:
    """From gram (``g2_1`` is its third row, second column) to x, by way of L (``l2_1``) and h."""
    for place, i in enumerate(free):
        before = free[:place]
        for j in before:
            products = "".join(f" - l{i}_{k} * l{j}_{k}" for k in before if k < j)
            yield f"l{i}_{j} = (g{i}_{j}{products}) / l{j}_{j}"
        squares = "".join(f" - l{i}_{k} * l{i}_{k}" for k in before)
        yield f"pivot = g{i}_{i} + weight{squares}"
        yield f"l{i}_{i} = ({LEAST_PIVOT} if pivot < {LEAST_PIVOT} else pivot) ** 0.5"
        products = "".join(f" - l{i}_{k} * h{k}" for k in before)
        yield f"h{i} = (moment[{i}] + weight * prior[{i}]{products}) / l{i}_{i}"
    for i in reversed(free):
        products = "".join(f" - l{j}_{i} * x{j}" for j in free if j > i)
        yield f"x{i} = (h{i}{products}) / l{i}_{i}"
    yield f"return [{', '.join(f'x{i}' if i in free else '0.0' for i in range(size))}]"
