import pytest

from zeta_router.sim.report.compare import interval, paired, summary


def rows(policy: str, values: list[float], rate: float = 1.0) -> list[dict[str, object]]:
    return [
        {
            "policy": policy,
            "rate": rate,
            "seed": seed,
            "quality_goodput": value,
            "goodput": 1.0,
            "shed_ratio": 0.25,
        }
        for seed, value in enumerate(values)
    ]


def test_an_interval_is_student_s() -> None:
    got = interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert got.mean == 3.0
    assert got.high == pytest.approx(3.0 + 2.776 * (2.5 / 5) ** 0.5)
    assert got.low == pytest.approx(6.0 - got.high)


def test_one_value_has_no_interval_and_proves_nothing() -> None:
    assert interval([2.0]).low is None
    assert interval([2.0]).high is None


def test_many_values_have_nearly_the_normal_interval() -> None:
    got = interval([0.0, 1.0] * 50)
    assert got.high == pytest.approx(0.5 + 1.96 * (0.25 * 100 / 99 / 100) ** 0.5, abs=1e-3)


def test_pairs_see_what_two_means_would_not() -> None:
    mine, theirs = [0.50, 0.60, 0.70], [0.49, 0.59, 0.69]
    difference = paired(rows("a", mine) + rows("b", theirs), "a", "b", 1.0)
    assert difference.mean == pytest.approx(0.01)
    assert difference.low is not None
    assert difference.low > 0.0
    assert interval(mine).low < interval(theirs).mean  # type: ignore[operator]


def test_without_a_common_seed_there_is_no_pair() -> None:
    with pytest.raises(ValueError, match="no seed in common"):
        paired(rows("a", [1.0]) + rows("b", [1.0], rate=2.0), "a", "b", 1.0)


def test_the_summary_has_a_line_per_rate_and_policy_with_the_gap() -> None:
    bounds = [
        {"rate": 1.0, "seed": s, "class_bound": 0.8, "oracle_bound": 0.9, "certified_bound": 1.0}
        for s in range(2)
    ]
    (line,) = summary({"rows": rows("a", [0.4, 0.6]), "bounds": bounds})
    assert line["quality_goodput"] == pytest.approx(0.5)
    assert line["of_class_bound"] == pytest.approx(0.625)
    assert line["of_certified_bound"] == pytest.approx(0.5)
    assert (line["seeds"], line["shed_ratio"]) == (2, 0.25)
