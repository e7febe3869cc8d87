"""The written-out solvers: to the last digit what the loops of a Cholesky factorisation give."""

from __future__ import annotations

import random

import numpy as np
import pytest

from zeta_router.learn.latency.rls_solve import LEAST_PIVOT, learner_of, solver_of


def looped(
    gram: list[list[float]], moment: list[float], prior: list[float], weight: float
) -> list[float]:
    """The same in loops, each sum in the order of its index."""
    lower: list[list[float]] = []
    half: list[float] = []
    for i, given in enumerate(gram):
        row: list[float] = []
        for j in range(i):
            dot = given[j]
            for k in range(j):
                dot -= row[k] * lower[j][k]
            row.append(dot / lower[j][j])
        pivot, rest = given[i] + weight, moment[i] + weight * prior[i]
        for k in range(i):
            pivot -= row[k] * row[k]
            rest -= row[k] * half[k]
        row.append(max(pivot, LEAST_PIVOT) ** 0.5)
        lower.append(row)
        half.append(rest / row[i])
    solution = [0.0] * len(half)
    for i in range(len(half) - 1, -1, -1):
        rest = half[i]
        for j in range(i + 1, len(half)):
            rest -= lower[j][i] * solution[j]
        solution[i] = rest / lower[i][i]
    return solution


def system(size: int, seed: int, rows: int = 20) -> tuple[list[list[float]], list[float]]:
    """Sums of `rows` random observations."""
    draw = random.Random(seed)
    inputs = [[draw.gauss(0.0, 1.0) for _ in range(size)] for _ in range(rows)]
    targets = [draw.gauss(0.0, 1.0) for _ in inputs]
    gram = [[sum(x[i] * x[j] for x in inputs) for j in range(i + 1)] for i in range(size)]
    moment = [sum(x[i] * y for x, y in zip(inputs, targets, strict=True)) for i in range(size)]
    return gram, moment


@pytest.mark.parametrize("size", range(9))
@pytest.mark.parametrize("seed", range(5))
def test_gives_what_loops_give(size: int, seed: int) -> None:
    gram, moment = system(size, seed)
    prior = [0.5] * size
    assert solver_of(size, tuple(range(size)))(gram, moment, prior, 0.3) == looped(
        gram, moment, prior, 0.3
    )


def test_solves_the_system() -> None:
    gram, moment = system(5, seed=1)
    full = np.zeros((5, 5))
    for i, row in enumerate(gram):
        full[i, : i + 1] = full[: i + 1, i] = row
    expected = np.linalg.solve(full + 2.0 * np.eye(5), np.array(moment) + 2.0 * 0.7)
    assert solver_of(5, tuple(range(5)))(gram, moment, [0.7] * 5, 2.0) == pytest.approx(
        expected.tolist()
    )


def test_a_feature_that_repeats_another_does_not_divide_by_zero() -> None:
    gram = [[1e20], [1e20, 1e20]]
    first, second = solver_of(2, (0, 1))(gram, [1e20, 1e20], [0.0, 0.0], 1e-9)
    assert [first, second] == looped(gram, [1e20, 1e20], [0.0, 0.0], 1e-9)
    assert first + second == pytest.approx(1.0)


@pytest.mark.parametrize("size", range(1, 9))
def test_learning_adds_the_observation_and_solves(size: int) -> None:
    gram, moment = system(size, seed=size)
    prior, draw = [0.5] * size, random.Random(size)
    inputs = [draw.gauss(0.0, 1.0) for _ in range(size)]
    wanted_gram = [
        [0.9 * known + 2.0 * inputs[i] * inputs[j] for j, known in enumerate(row)]
        for i, row in enumerate(gram)
    ]
    wanted_moment = [0.9 * known + 2.0 * x * 1.5 for known, x in zip(moment, inputs, strict=True)]
    found = learner_of(size)(gram, moment, prior, 0.3, inputs, 1.5, 2.0, 0.9)
    assert (gram, moment) == (wanted_gram, wanted_moment)
    assert found == looped(gram, moment, prior, 0.3)


@pytest.mark.parametrize("free", [(), (0,), (1, 3), (0, 2, 3), (1, 2, 3)])
def test_what_is_held_is_zero_and_the_others_are_solved_without_it(free: tuple[int, ...]) -> None:
    gram, moment = system(4, seed=3)
    part = [[gram[p][q] for q in free if q <= p] for p in free]
    expected = iter(looped(part, [moment[p] for p in free], [0.5] * len(free), 0.3))
    wanted = [next(expected) if index in free else 0.0 for index in range(4)]
    assert solver_of(4, free)(gram, moment, [0.5] * 4, 0.3) == wanted
