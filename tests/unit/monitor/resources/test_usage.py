import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.core.signal import EngineSample, Signal
from zeta_router.monitor.resources.usage import CpuMean, Resources, better, with_resources


def mean_of(*readings):
    mean = CpuMean()
    for at_s, used_s in readings:
        mean.add(at_s, used_s)
    return mean


class TestCpuMean:
    def test_needs_a_span(self):
        assert mean_of().ratio(2) is None
        assert mean_of((0, 5.0)).ratio(2) is None
        assert mean_of((0, 5.0), (0.1, 5.1)).ratio(2) is None

    def test_is_seconds_per_second_and_core(self):
        assert mean_of((0, 5.0), (2, 8.0)).ratio(2) == pytest.approx(0.75)

    def test_looks_back_ten_seconds_and_no_further(self):
        idle_then_busy = [(t, 0.0) for t in range(100)] + [(100 + t, float(t)) for t in range(11)]
        assert mean_of(*idle_then_busy).ratio(1) == pytest.approx(1.0)
        assert mean_of(*idle_then_busy[:-5]).ratio(1) == pytest.approx(0.5, abs=0.05)

    def test_spans_two_readings_however_far_apart(self):
        assert mean_of((0, 0.0), (30, 15.0)).ratio(1) == pytest.approx(0.5)

    def test_a_counter_that_fell_back_is_a_new_process(self):
        mean = mean_of((0, 100.0), (1, 101.0), (2, 0.5))
        assert mean.ratio(1) is None
        mean.add(3, 1.0)
        assert mean.ratio(1) == pytest.approx(0.5)

    def test_a_second_look_at_the_same_time_changes_nothing(self):
        mean = mean_of((0, 0.0), (1, 0.5))
        mean.add(1, 0.6)
        assert mean.ratio(1) == pytest.approx(0.5)

    @given(
        st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1000)), max_size=30),
        st.integers(0, 64),
    )
    def test_is_a_share_whatever_is_read(self, readings, cores):
        used = mean_of(*readings).ratio(cores)
        assert used is None or 0.0 <= used <= 1.0


PRESENT, OTHER = Signal(0.5, 1.0, "a"), Signal(0.7, 1.0, "b")
ABSENT, ABSENT_TOO = Signal(None, 1.0, "why a"), Signal(None, 1.0, "why b")


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        (PRESENT, OTHER, PRESENT),
        (ABSENT, OTHER, OTHER),
        (None, OTHER, OTHER),
        (PRESENT, None, PRESENT),
        (ABSENT, ABSENT_TOO, ABSENT),
        (None, ABSENT_TOO, ABSENT_TOO),
        (None, None, None),
    ],
)
def test_a_value_goes_before_a_reason_and_a_reason_before_nothing(first, second, chosen):
    assert better(first, second) is chosen


def test_the_machine_goes_before_the_engines_own_word():
    sample = EngineSample(rss_bytes=OTHER, models=("m",))
    merged = with_resources(sample, Resources(cpu_ratio=PRESENT, rss_bytes=PRESENT))
    assert (merged.cpu_ratio, merged.rss_bytes, merged.models) == (PRESENT, PRESENT, ("m",))


def test_the_engines_own_word_stays_where_the_machine_is_silent():
    sample = EngineSample(rss_bytes=OTHER)
    assert with_resources(sample, Resources(rss_bytes=ABSENT)).rss_bytes is OTHER
    assert with_resources(sample, Resources()).cpu_ratio is None


def test_two_sources_complete_each_other():
    both = Resources(cpu_ratio=PRESENT).or_else(Resources(cpu_ratio=OTHER, gpu_ratio=OTHER))
    assert (both.cpu_ratio, both.gpu_ratio) == (PRESENT, OTHER)
