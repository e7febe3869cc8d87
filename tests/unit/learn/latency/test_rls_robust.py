from __future__ import annotations

import json
import random

import pytest

from zeta_router.learn.latency.rls_robust import CLIP_MADS, FLOOR, WINDOW, ResidualScale


def test_nothing_is_clipped_before_sixteen_were_seen() -> None:
    scale = ResidualScale()
    for _ in range(WINDOW // 4 - 1):
        scale.add(0.1)
    assert scale.clip(100.0) == 100.0
    scale.add(0.1)
    assert scale.clip(100.0) == pytest.approx(CLIP_MADS * 0.1)
    assert scale.clip(-100.0) == pytest.approx(-CLIP_MADS * 0.1)
    assert scale.clip(0.2) == 0.2


def test_a_quiet_engine_still_has_room() -> None:
    scale = ResidualScale()
    for _ in range(WINDOW):
        scale.add(0.0)
    assert scale.clip(1.0) == pytest.approx(CLIP_MADS * FLOOR)


def test_a_lasting_change_is_believed_within_half_a_window() -> None:
    rng = random.Random(1)
    scale = ResidualScale()
    for _ in range(500):
        scale.add(rng.gauss(0.0, 0.1))
    assert scale.clip(2.0) < 0.5
    for _ in range(WINDOW // 2 + 1):
        scale.add(2.0)
    assert scale.clip(2.0) == 2.0


def test_state_restores_it() -> None:
    scale = ResidualScale()
    for index in range(30):
        scale.add(index / 10)
    copy = ResidualScale()
    copy.restore(json.loads(json.dumps(scale.state())))
    assert copy.clip(1e9) == scale.clip(1e9)
