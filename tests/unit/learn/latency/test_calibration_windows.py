import pytest

from support.iterations import Truth, heard
from zeta_router.learn.latency.calibration_windows import Heard, Window, slots_seen, windows_of

ASKS = [(20, 20), (600, 24), (100, 30), (300, 22), (40, 28), (900, 26), (60, 24), (200, 20)]


def test_one_answer_makes_a_window_to_its_first_token_and_one_to_its_last() -> None:
    answer = Heard(1.0, (2.0, 2.1, 2.2, 2.3), 50)
    first, rest = windows_of([answer])
    assert first == Window(1.0, 1, 1, 50, 50, from_idle=True)
    assert (rest.iterations, rest.tokens, rest.prefill_tokens) == (3, 3, 0)
    assert rest.kv_tokens == 51 + 52 + 53
    assert rest.duration_s == pytest.approx(0.3)
    assert not rest.from_idle


def test_two_answers_in_one_batch_share_iterations_but_not_tokens() -> None:
    one = Heard(0.0, (1.0, 1.1, 1.2, 1.3), 10)
    two = Heard(0.0, (1.001, 1.101, 1.201, 1.301), 30)
    first, rest = windows_of([one, two])
    assert (first.iterations, first.tokens, first.prefill_tokens) == (1, 2, 40)
    assert (rest.iterations, rest.tokens) == (3, 6)


def test_a_prompt_that_joins_belongs_to_the_window_that_its_first_token_ends() -> None:
    runs = Heard(0.0, (1.0, 1.1, 1.2, 1.7, 1.8, 1.9), 10)
    joins = Heard(1.15, (1.7, 1.8), 400)
    windows = windows_of([runs, joins])
    assert [w.prefill_tokens for w in windows] == [10, 400, 0, 0]
    assert [w.iterations for w in windows] == [1, 3, 1, 1]
    assert [w.from_idle for w in windows] == [True, False, False, False]


def test_idle_time_is_in_no_window() -> None:
    windows = windows_of([Heard(0.0, (1.0, 1.1), 10), Heard(50.0, (51.0, 51.1), 10)])
    assert [w.from_idle for w in windows] == [True, False, True, False]
    assert sum(w.duration_s for w in windows) == pytest.approx(2.2)


def test_an_answer_sent_when_the_one_before_is_complete_starts_from_idle() -> None:
    windows = windows_of([Heard(0.0, (1.0, 1.1), 10), Heard(1.1002, (2.0, 2.1), 10)])
    assert [w.from_idle for w in windows] == [True, False, True, False]


@pytest.mark.parametrize("workers", [1, 2, 4, 8])
def test_work_is_in_one_window_or_in_none_where_the_engine_may_have_been_idle(
    workers: int,
) -> None:
    run = heard(Truth(overhead_s=0.004), ASKS, workers)
    windows = windows_of(run)
    tokens, prompts = sum(output for _, output in ASKS), sum(prompt for prompt, _ in ASKS)
    assert 0.9 * tokens <= sum(w.tokens for w in windows) <= tokens
    assert 0.4 * prompts <= sum(w.prefill_tokens for w in windows) <= prompts
    if workers == 1:
        assert sum(w.tokens for w in windows) == tokens


def test_a_request_that_may_still_have_been_on_its_way_makes_no_window() -> None:
    one = Heard(0.0, (1.0, 1.1, 1.2), 10)
    late = Heard(1.19, (2.0, 2.1), 10)
    early = Heard(0.5, (2.0, 2.1), 10)
    assert [w.from_idle for w in windows_of([one, late])] == [True, False, False]
    assert [w.iterations for w in windows_of([one, early])] == [1, 2, 1, 1]


def test_nothing_heard_makes_no_window() -> None:
    assert windows_of([]) == []


@pytest.mark.parametrize(("slots", "workers"), [(1, 2), (1, 4), (2, 4), (3, 4), (5, 8)])
def test_slots_show_where_there_are_more_workers(slots: int, workers: int) -> None:
    asks = [(60, 20), (80, 24)] * 8
    assert slots_seen(heard(Truth(slots=slots), asks, workers)) == slots


@pytest.mark.parametrize("workers", [1, 2, 4, 8])
def test_slots_do_not_show_where_there_are_enough(workers: int) -> None:
    assert slots_seen(heard(Truth(slots=8), ASKS, workers)) is None
