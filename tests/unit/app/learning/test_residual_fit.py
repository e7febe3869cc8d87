"""The correction fitted at once: finds what features say, and leaves alone what they do not."""

from __future__ import annotations

from random import Random

from zeta_router.app.learning.residual_fit import Reward, fit_residual
from zeta_router.learn.quality.residual import MIN_REWARDS, QualityResidual
from zeta_router.learn.task.ask import Ask, extract

PLAIN = extract(Ask("please tell me about the history of that old town"))
FORMULAS = extract(Ask("$\\frac{a}{b}$ calculate 2 + 3 = 7 + 9 = 12 \\[ x^2 \\]"))


def rewards(plain: float, formulas: float, count: int, seed: int = 1) -> list[Reward]:
    draw = Random(seed)
    found = []
    for _ in range(count):
        hard = draw.random() < 0.5
        y = float(draw.random() < (formulas if hard else plain))
        features = FORMULAS if hard else PLAIN
        found.append(Reward("m", features, (plain + formulas) / 2, y))
    return found


def test_what_depends_on_features_is_found() -> None:
    head = QualityResidual()
    head.restore(fit_residual(rewards(0.9, 0.4, 600)))
    assert head.useful("m")
    assert head.corrected(0.65, "m", PLAIN) > 0.78
    assert head.corrected(0.65, "m", FORMULAS) < 0.52


def test_what_does_not_is_left_to_the_cells() -> None:
    for seed in range(5):
        head = QualityResidual()
        head.restore(fit_residual(rewards(0.7, 0.7, 3000, seed)))
        assert abs(head.corrected(0.7, "m", FORMULAS) - 0.7) < 0.03


def test_few_rewards_and_queries_without_text_correct_nothing() -> None:
    few = fit_residual(rewards(0.9, 0.4, MIN_REWARDS - 1))
    assert few["models"] == {}
    without = [Reward("m", (), 0.5, 1.0)] * 500
    head = QualityResidual()
    head.restore(fit_residual(without))
    assert not head.useful("m")
