"""Solving the small systems of `learn.latency.rls`, without a loop.

A router solves several such systems for every answer, of two to eight unknowns. In Python the loops
of a Cholesky factorisation cost five to eight times its arithmetic (eight unknowns: 0.65-1.0 of the
benchmarks' kernel with loops, 0.10-0.12 without), and so do calls into numpy. So the arithmetic is
written out once for each size, as Python text, in the order in which the loops would do it:

    L L' = gram + weight I,     L h = moment + weight prior,     L' x = h
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

LEAST_PIVOT = 1e-12
"""Rounding can eat the pivot of a feature that repeats another; the prior bounds it."""

Solver = Callable[[Sequence[Sequence[float]], Sequence[float], Sequence[float], float], list[float]]
"""Takes gram (its lower triangle, by rows), moment, prior and weight; gives x."""


@cache
def solver_of(size: int) -> Solver:
    """The solver for `size` unknowns; made when it is first asked for, in 1 ms at most."""
    text = "\n    ".join(["def solve(gram, moment, prior, weight):", *_lines(size)])
    made: dict[str, Solver] = {}
    exec(text, made)  # noqa: S102 (the text follows from one number)
    return made["solve"]


def _lines(size: int) -> Iterator[str]:
    """The body of a solver; `l2_1` is L's third row, second column."""
    for i in range(size):
        yield "".join([f"g{i}_{j}, " for j in range(i + 1)]) + f"= gram[{i}]"
        for j in range(i):
            products = "".join(f" - l{i}_{k} * l{j}_{k}" for k in range(j))
            yield f"l{i}_{j} = (g{i}_{j}{products}) / l{j}_{j}"
        squares = "".join(f" - l{i}_{k} * l{i}_{k}" for k in range(i))
        yield f"pivot = g{i}_{i} + weight{squares}"
        yield f"l{i}_{i} = ({LEAST_PIVOT} if pivot < {LEAST_PIVOT} else pivot) ** 0.5"
        products = "".join(f" - l{i}_{k} * h{k}" for k in range(i))
        yield f"h{i} = (moment[{i}] + weight * prior[{i}]{products}) / l{i}_{i}"
    for i in reversed(range(size)):
        products = "".join(f" - l{j}_{i} * x{j}" for j in range(i + 1, size))
        yield f"x{i} = (h{i}{products}) / l{i}_{i}"
    yield f"return [{', '.join(f'x{i}' for i in range(size))}]"
