import numpy as np
import pytest

from zeta_router.sim.bounds.lp import certificate, solve


def test_one_endpoint_is_a_fractional_knapsack() -> None:
    value = np.array([[1.0], [0.9], [0.5], [0.3]])
    work = np.array([[1.0], [1.0], [1.0], [2.0]])
    solution = solve(value, work, np.array([2.5]))
    assert solution.bound == pytest.approx(1.0 + 0.9 + 0.25, rel=1e-6)
    assert solution.reached == pytest.approx(solution.bound, rel=1e-6)
    assert solution.prices[0] == pytest.approx(0.5, rel=1e-4)


def test_with_room_for_all_everybody_gets_the_best() -> None:
    random = np.random.default_rng(1)
    value = random.random((50, 3))
    solution = solve(value, np.ones((50, 3)), np.full(3, 1000.0))
    assert solution.bound == pytest.approx(value.max(axis=1).sum(), rel=1e-6)


def test_two_endpoints_by_hand() -> None:
    # the first is better for all, has room for one of two; the second takes the other
    value = np.array([[1.0, 0.8], [0.9, 0.2]])
    solution = solve(value, np.ones((2, 2)), np.array([1.0, 1.0]))
    assert solution.bound == pytest.approx(0.8 + 0.9, rel=1e-6)


@pytest.mark.parametrize("endpoints", [1, 3, 8])
@pytest.mark.parametrize("seed", range(4))
def test_the_gap_closes_on_random_problems(endpoints: int, seed: int) -> None:
    """Weak duality makes `reached <= optimum <= bound`; a closed gap proves both optimal."""
    random = np.random.default_rng(seed)
    value = random.choice([0.0, 0.5, 1.0], (300, endpoints)) * (seed % 2) + random.random(
        (300, endpoints)
    ) * (1 - seed % 2)
    work = random.lognormal(0.0, 1.0, (300, endpoints))
    capacity = random.uniform(0.05, 0.6, endpoints) * work.sum(axis=0) / endpoints
    solution = solve(value, work, capacity)
    assert solution.reached <= solution.bound + 1e-9
    assert solution.bound - solution.reached <= 1e-5 * solution.bound
    assert (solution.prices >= 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_any_prices_bound_the_optimum(seed: int) -> None:
    random = np.random.default_rng(seed)
    value, work = random.random((40, 3)), random.random((40, 3)) + 0.1
    capacity = np.array([2.0, 3.0, 4.0])
    best = solve(value, work, capacity).reached
    for _ in range(50):
        assert certificate(value, work, capacity, random.exponential(0.5, 3)) >= best - 1e-9


def test_many_equal_queries_as_in_a_class_bound() -> None:
    """Three classes, 200 queries each: the degenerate case that a careless method stalls on."""
    value = np.repeat([[0.82, 0.80, 0.93], [0.42, 0.38, 0.59], [0.19, 0.24, 0.38]], 200, axis=0)
    work = np.repeat([[0.12, 0.13, 0.24], [0.11, 0.10, 0.23], [0.49, 0.40, 0.56]], 200, axis=0)
    solution = solve(value, work, np.full(3, 60.0))
    assert solution.bound - solution.reached <= 1e-5 * solution.bound


def test_nothing_to_gain() -> None:
    solution = solve(np.zeros((3, 2)), np.ones((3, 2)), np.ones(2))
    assert (solution.bound, solution.reached) == (0.0, 0.0)
    assert solve(np.zeros((0, 2)), np.ones((0, 2)), np.ones(2)).bound == 0.0
