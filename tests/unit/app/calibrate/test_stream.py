import pytest

from zeta_router.app.calibrate.stream import token_times


def test_a_piece_per_token_dates_the_tokens() -> None:
    assert token_times([(1.0, 4), (1.5, 2), (2.5, 9)], 3, 2.6) == (1.0, 1.5, 2.5)


def test_tokens_of_one_piece_are_spread_over_the_time_since_the_one_before() -> None:
    times = token_times([(1.0, 5), (2.0, 20)], 5, 2.0)
    assert times == pytest.approx((1.0, 1.25, 1.5, 1.75, 2.0))


def test_tokens_without_text_came_by_the_end() -> None:
    times = token_times([(1.0, 5), (2.0, 5)], 4, 4.0)
    assert len(times) == 4
    assert times[0] == 1.0
    assert times[-1] == 4.0
    assert list(times) == sorted(times)


def test_more_pieces_than_tokens_are_cut() -> None:
    times = token_times([(1.0, 1), (1.1, 1), (1.2, 1), (1.3, 1)], 2, 1.3)
    assert times == (1.0, 1.3)
