"""What must hold for every predictor, whatever it was taught."""

from __future__ import annotations

import json
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from zeta_router.core.fleet import Model
from zeta_router.core.query import GENERATIVE_TASKS, Task, TopicShare
from zeta_router.learn.ewma import PeakEwma, TimedEwma
from zeta_router.learn.forecast.arrivals import CountSeries
from zeta_router.learn.latency.model import LatencyHead
from zeta_router.learn.latency.rls import Rls
from zeta_router.learn.latency.roofline import LatencyPrior
from zeta_router.learn.length.head import LOG_SIGMA_FLOOR, LengthHead
from zeta_router.learn.quality.head import QualityCells

PRIOR = LatencyPrior(
    prefill_s_per_token=1e-3, base_ttft_s=0.05, step_s=0.02, step_per_seq_s=0.001, slots=4
)
MODELS = {"m": Model("m", {Task.CODE: 0.7}), "n": Model("n", {Task.CODE: 0.2})}
TOPICS = {f"{task}/{band}": task for task in GENERATIVE_TASKS for band in ("easy", "hard")}

seconds = st.floats(allow_nan=True, allow_infinity=True) | st.floats(1e-4, 1e3)
loads = st.integers(0, 200)
tokens = st.integers(0, 100_000)
shares01 = st.floats(0.0, 1.0)


@st.composite
def posteriors(draw: st.DrawFn) -> tuple[TopicShare, ...]:
    names = draw(st.lists(st.sampled_from(sorted(TOPICS)), min_size=1, max_size=4, unique=True))
    weights = [draw(st.floats(0.01, 1.0)) for _ in names]
    total = sum(weights)
    parts = zip(names, weights, strict=True)
    return tuple(TopicShare(name, TOPICS[name], weight / total) for name, weight in parts)


ttft_lessons = st.tuples(st.just("ttft"), seconds, tokens, tokens)
tpot_lessons = st.tuples(st.just("tpot"), seconds, st.integers(0, 64), tokens)
latency_lessons = st.lists(ttft_lessons | tpot_lessons, max_size=40)


def teach(head: LatencyHead, lessons: list[tuple[str, float, int, int]]) -> LatencyHead:
    for kind, value_s, first, second in lessons:
        if kind == "ttft":
            head.observe_ttft(value_s, prompt_tokens=first, pending_prefill_tokens=second)
        else:
            head.observe_tpot(value_s, batch=first, output_tokens=300, prefill_tokens_during=second)
    return head


@given(lessons=latency_lessons, prompt=tokens, batch=loads, pending=tokens, more=st.integers(0, 50))
def test_more_load_is_never_predicted_to_be_faster(
    lessons: list[tuple[str, float, int, int]], prompt: int, batch: int, pending: int, more: int
) -> None:
    head = teach(LatencyHead(PRIOR), lessons)

    def ask(**load: int) -> tuple[float, float]:
        base = {
            "prompt_tokens": prompt,
            "batch": batch,
            "pending_prefill_tokens": pending,
            "waiting": 0,
            "waiting_output_tokens": 0,
            "kv_tokens": 0,
        }
        return head.predict(**{name: base[name] + load.get(name, 0) for name in base})

    ttft_s, tpot_s = ask()
    assert math.isfinite(ttft_s)
    assert math.isfinite(tpot_s)
    assert ttft_s >= 0.0
    assert tpot_s >= 0.0
    for name in ("prompt_tokens", "batch", "pending_prefill_tokens", "waiting", "kv_tokens"):
        busier = ask(**{name: more})
        assert busier[0] >= ttft_s
        assert busier[1] >= tpot_s
    assert ask(waiting=more, waiting_output_tokens=more * 100)[0] >= ask(waiting=more)[0]


@given(lessons=latency_lessons, uncached=tokens, output=tokens, more=tokens)
def test_work_is_finite_never_negative_and_grows_with_the_query(
    lessons: list[tuple[str, float, int, int]], uncached: int, output: int, more: int
) -> None:
    head = teach(LatencyHead(PRIOR), lessons)
    work_s = head.work_s(uncached, output)
    assert 0.0 <= work_s < math.inf
    assert head.work_s(uncached + more, output) >= work_s
    assert head.work_s(uncached, output + more) >= work_s


@given(lessons=latency_lessons, later=latency_lessons)
def test_a_restored_latency_head_is_the_same_head(
    lessons: list[tuple[str, float, int, int]], later: list[tuple[str, float, int, int]]
) -> None:
    head = teach(LatencyHead(PRIOR), lessons)
    copy = LatencyHead(PRIOR)
    copy.restore(json.loads(json.dumps(head.state(), allow_nan=False)))
    assert teach(copy, later).state() == teach(head, later).state()


length_lessons = st.lists(
    st.tuples(
        posteriors(),
        st.sampled_from(sorted(MODELS)),
        st.floats(allow_nan=True, allow_infinity=True) | st.integers(1, 50_000),
        st.booleans(),
    ),
    max_size=30,
)


@given(
    lessons=length_lessons,
    topics=posteriors(),
    emitted=tokens,
    limit=st.none() | st.integers(1, 100_000),
)
def test_lengths_stay_within_reason_and_restore(
    lessons: list[tuple[tuple[TopicShare, ...], str, float, bool]],
    topics: tuple[TopicShare, ...],
    emitted: int,
    limit: int | None,
) -> None:
    head, copy = LengthHead(), LengthHead()
    for shares, model, length, censored in lessons:
        head.observe(shares, model, length, censored=censored)
    copy.restore(json.loads(json.dumps(head.state(), allow_nan=False)))
    longest = 2.0 * max([500.0, *(x for _, _, x, _ in lessons if 1.0 <= x <= 1e7)])
    for model in MODELS:
        mean, log_sigma = head.expect(topics, model, limit)
        assert 0.0 < mean <= (limit if limit is not None else math.inf)
        assert mean <= longest * (1 + 1e-9)
        assert LOG_SIGMA_FLOOR <= log_sigma < math.inf
        left = head.remaining(topics, model, emitted, limit)
        assert 0.0 <= left < math.inf
        assert copy.expect(topics, model, limit) == (mean, log_sigma)
        assert copy.remaining(topics, model, emitted, limit) == left


rewards = st.lists(
    st.tuples(
        posteriors(),
        st.sampled_from(sorted(MODELS)),
        st.floats(allow_nan=True, allow_infinity=True) | shares01,
        st.floats(-1.0, 2.0),
    ),
    max_size=30,
)


@given(lessons=rewards, topics=posteriors(), weight=st.floats(0.01, 1.0))
def test_quality_stays_within_0_and_1_and_follows_rewards(
    lessons: list[tuple[tuple[TopicShare, ...], str, float, float]],
    topics: tuple[TopicShare, ...],
    weight: float,
) -> None:
    cells, copy = QualityCells(MODELS), QualityCells(MODELS)
    for shares, model, y, strength in lessons:
        cells.observe(shares, model, y, strength)
    copy.restore(json.loads(json.dumps(cells.state(), allow_nan=False)))
    before = cells.mean(topics, "m")
    low, high = cells.interval(topics, "m")
    assert 0.0 <= low <= before <= high <= 1.0 + 1e-12
    assert copy.mean(topics, "m") == before
    cells.observe(topics, "m", 1.0, weight)
    assert cells.mean(topics, "m") >= before - 1e-12
    copy.observe(topics, "m", 0.0, weight)
    assert copy.mean(topics, "m") <= before + 1e-12


@given(
    rows=st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100), st.floats(0, 1e3)), max_size=30)
)
def test_a_nonnegative_fit_is_never_negative_and_finite(
    rows: list[tuple[float, float, float]],
) -> None:
    rls = Rls((0.1, 0.1, 0.1), (1.0, 1.0, 1.0))
    for one, other, target in rows:
        rls.update((1.0, one, other), target)
        assert all(0.0 <= coefficient < 1e9 for coefficient in rls.coefficients)


@settings(max_examples=40)
@given(counts=st.lists(st.integers(0, 10_000), min_size=1, max_size=120), later=st.integers(0, 50))
def test_forecasts_are_ordered_finite_and_restore(counts: list[int], later: int) -> None:
    series, copy = CountSeries((1, 6)), CountSeries((1, 6))
    for count in counts:
        series.push(count)
        for bins in (1, 6):
            forecast = series.forecast(bins)
            assert 0.0 <= forecast.p50 <= forecast.p90 < math.inf
            assert 0.0 <= forecast.expected < math.inf
            assert forecast.wape is None or forecast.wape >= 0.0
    copy.restore(json.loads(json.dumps(series.state(), allow_nan=False)))
    assert copy.forecast(6) == series.forecast(6)
    copy.push(later)  # it may differ from here on: forecasts that were open are not kept
    forecast = copy.forecast(6)
    assert 0.0 <= forecast.p50 <= forecast.p90 < math.inf


times = st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), min_size=1, max_size=40)


@given(rows=times)
def test_averages_stay_between_the_extremes(rows: list[tuple[float, float]]) -> None:
    ewma, peak = TimedEwma(10.0), PeakEwma()
    for at_s, value in rows:
        ewma.observe(value, at_s)
        peak.observe(value, at_s)
    values = [value for _, value in rows]
    assert ewma.value is not None
    assert peak.value_s is not None
    slack = 1e-6 * max(values) + 1e-9
    assert min(values) - slack <= ewma.value <= max(values) + slack
    assert values[-1] - slack <= peak.value_s <= max(values) + slack
