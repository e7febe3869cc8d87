import pytest

from zeta_router.core.errors import BugError, ConfigError
from zeta_router.core.fleet import SimulatedSpeed
from zeta_router.sim.engine.job import Job
from zeta_router.sim.engine.model import Engine
from zeta_router.sim.engine.spec import EngineSettings, EngineSpec
from zeta_router.sim.kernel import Kernel

SPEC = EngineSpec(prefill_tokens_per_s=1000, step_s=0.01, step_per_seq_s=0.001, slots=2)


class Times:
    """Remembers when what happened."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.first: dict[str, float] = {}
        self.end: dict[str, float] = {}
        self.lost: dict[str, float] = {}

    def first_token(self, job: Job) -> None:
        self.first[job.id] = self.kernel.now_s

    def finished(self, job: Job) -> None:
        self.end[job.id] = self.kernel.now_s

    def failed(self, job: Job) -> None:
        self.lost[job.id] = self.kernel.now_s


def rig(spec: EngineSpec = SPEC) -> tuple[Kernel, Engine, Times]:
    kernel = Kernel()
    times = Times(kernel)
    return kernel, Engine(kernel, spec, times), times


def with_(**changes: object) -> EngineSpec:
    fields = {
        "prefill_tokens_per_s": 1000.0,
        "step_s": 0.01,
        "step_per_seq_s": 0.001,
        "slots": 2,
        **changes,
    }
    return EngineSpec(**fields)  # type: ignore[arg-type]


def test_a_lone_request_takes_its_prompt_and_one_step_a_token() -> None:
    kernel, engine, times = rig()
    engine.submit(Job("a", 100, 5))
    kernel.run()
    assert times.first["a"] == pytest.approx(0.1 + 0.011)
    assert times.end["a"] == pytest.approx(0.1 + 5 * 0.011)
    assert engine.busy_s == pytest.approx(0.155)
    assert engine.served_tokens == 5
    assert kernel.executed == 2  # one prefill, one stretch of four steps


def test_an_arrival_joins_at_the_end_of_the_running_iteration_and_its_prompt_delays_others() -> (
    None
):
    kernel, engine, times = rig()
    engine.submit(Job("a", 0, 10))
    kernel.at(0.0275, lambda: engine.submit(Job("b", 200, 2)))  # in a's third step
    kernel.run()
    joined_s = 3 * 0.011
    assert times.first["b"] == pytest.approx(joined_s + 0.2 + 0.012)
    assert times.end["b"] == pytest.approx(joined_s + 0.2 + 2 * 0.012)
    assert times.end["a"] == pytest.approx(joined_s + 0.2 + 2 * 0.012 + 5 * 0.011)


def test_an_arrival_at_the_very_end_of_an_iteration_joins_there() -> None:
    kernel, engine, times = rig()
    engine.submit(Job("a", 0, 10))
    kernel.at(4 * 0.011, lambda: engine.submit(Job("b", 0, 1)))
    kernel.run()
    assert times.end["b"] == pytest.approx(4 * 0.011 + 0.012)


def test_slots_bound_the_batch_and_the_rest_waits_in_order() -> None:
    kernel, engine, times = rig()
    for name in "abcd":
        engine.submit(Job(name, 0, 3))
    assert (engine.running, engine.waiting) == (1, 3)  # a is alone in the first iteration
    kernel.at(0.02, lambda: seen.append((engine.running, engine.waiting)))
    seen: list[tuple[int, int]] = []
    kernel.run()
    assert seen == [(2, 2)]
    assert list(times.end) == ["a", "b", "c", "d"]
    assert times.first["c"] > times.end["a"]


def test_a_long_prompt_is_computed_in_chunks_while_others_go_on() -> None:
    kernel, engine, times = rig(with_(prefill_chunk_tokens=100))
    engine.submit(Job("a", 0, 4))
    engine.submit(Job("b", 250, 1))
    kernel.run()
    # a's first step; two chunks beside a; the last 50 tokens beside a, with b's first token
    assert times.end["a"] == pytest.approx(0.011 + 2 * (0.011 + 0.1) + 0.012 + 0.05)
    assert times.end["b"] == pytest.approx(times.end["a"])


def test_without_chunks_admitted_prompts_are_computed_whole() -> None:
    kernel, engine, times = rig(with_(prefill_chunk_tokens=None))
    engine.submit(Job("a", 5000, 1))
    engine.submit(Job("b", 5000, 1))
    kernel.run()
    assert times.end["a"] == pytest.approx(5 + 0.011)
    assert times.end["b"] == pytest.approx(10 + 2 * 0.011)


def test_step_time_grows_with_the_kv_cache() -> None:
    kernel, engine, times = rig(with_(step_per_kv_token_s=0.001))
    engine.submit(Job("a", 100, 4))
    kernel.run()
    steps_s = [0.011 + 0.001 * kv for kv in (100, 101, 102, 103)]
    assert times.end["a"] == pytest.approx(0.1 + sum(steps_s))


def test_a_full_kv_cache_throws_the_youngest_out_and_it_computes_all_anew() -> None:
    kernel, engine, times = rig(with_(kv_tokens=110, step_per_seq_s=0.0))
    old, young = Job("old", 50, 40), Job("young", 50, 20)
    engine.submit(old)
    engine.submit(young)
    kernel.run()
    assert (old.preemptions, young.preemptions) == (0, 1)
    assert times.first["young"] < times.end["old"] < times.end["young"]
    assert young.context_tokens > 50
    assert engine.kv_used_tokens == 0
    assert engine.served_tokens == 60


def test_a_prompt_that_can_never_fit_is_refused_and_a_long_answer_is_cut() -> None:
    kernel, engine, times = rig(with_(kv_tokens=100))
    assert not engine.submit(Job("huge", 100, 1))
    cut = Job("cut", 90, 50)
    assert engine.submit(cut)
    kernel.run()
    assert cut.truncated
    assert cut.output_tokens == 10
    assert set(times.end) == {"cut"}


def test_a_shared_prefix_is_not_computed_twice() -> None:
    kernel, engine, times = rig(with_(prefix_blocks=8, block_tokens=100))
    first, second, whole = Job("1", 250, 1, (1, 2)), Job("2", 350, 1, (1, 2, 3)), Job("3", 200, 1)
    whole.prefix_hashes = (1, 2)
    for at_s, job in [(0.0, first), (10.0, second), (20.0, whole)]:
        kernel.at(at_s, engine.submit, job)
    kernel.run()
    assert (first.cached_tokens, second.cached_tokens) == (0, 200)
    assert whole.cached_tokens == 199  # the last token is always computed
    assert times.first["2"] == pytest.approx(10.0 + 0.15 + 0.011)


def test_prefixes_are_forgotten_least_recently_used_first() -> None:
    kernel, engine, _ = rig(with_(prefix_blocks=2, block_tokens=100))
    jobs = [Job(str(i), 101, 1, (block,)) for i, block in enumerate([1, 2, 1, 3, 1, 2])]
    for at_s, job in enumerate(jobs):
        kernel.at(float(at_s), engine.submit, job)
    kernel.run()
    assert [job.cached_tokens for job in jobs] == [0, 0, 100, 0, 100, 0]


def test_a_slow_engine_takes_longer_from_the_next_iteration_on() -> None:
    kernel, engine, times = rig()
    engine.submit(Job("a", 0, 4))
    kernel.at(0.0125, engine.slow_down, 3.0)
    kernel.run()
    assert times.end["a"] == pytest.approx(2 * 0.011 + 2 * 0.033)


def test_a_stall_delays_everything_and_loses_nothing() -> None:
    kernel, engine, times = rig()
    engine.submit(Job("a", 0, 4))
    kernel.at(0.0125, engine.stall, 5.0)
    kernel.at(1.0, lambda: engine.submit(Job("b", 0, 1)))
    kernel.run()
    assert times.end["b"] == pytest.approx(5.0 + 2 * 0.011 + 0.012)
    assert times.end["a"] == pytest.approx(5.0 + 2 * 0.011 + 0.012 + 0.011)
    assert engine.busy_s == pytest.approx(0.011 * 3 + 0.012)


def test_a_stall_of_an_idle_engine_holds_the_next_request() -> None:
    kernel, engine, times = rig()
    engine.stall(2.0)
    kernel.at(0.5, lambda: engine.submit(Job("a", 0, 1)))
    kernel.run()
    assert times.end["a"] == pytest.approx(2.011)


def test_a_killed_engine_loses_everything_and_restarts_cold() -> None:
    kernel, engine, times = rig(with_(load_s=3.0, prefix_blocks=4))
    for name in "abc":
        engine.submit(Job(name, 0, 100, (1,)))
    kernel.at(0.5, engine.kill)
    kernel.at(1.0, engine.restart)
    again = Job("d", 600, 1, (1,))
    kernel.at(1.0, engine.submit, again)
    kernel.run()
    assert times.lost == {"a": 0.5, "b": 0.5, "c": 0.5}
    assert again.cached_tokens == 0
    assert times.end["d"] == pytest.approx(4.0 + 0.6 + 0.011)
    assert engine.kv_used_tokens == 0


def test_a_dead_engine_must_not_be_asked() -> None:
    _, engine, _ = rig()
    engine.kill()
    with pytest.raises(BugError, match="down"):
        engine.submit(Job("a", 1, 1))


def test_a_model_that_is_not_in_memory_is_loaded_once_and_unloaded_when_idle() -> None:
    kernel, engine, times = rig(with_(resident=False, load_s=20.0, keep_alive_s=60.0))
    for at_s, name in [(0.0, "cold"), (1.0, "beside"), (50.0, "warm"), (200.0, "cold again")]:
        kernel.at(at_s, lambda name=name: engine.submit(Job(name, 0, 1)))
    kernel.run()
    assert times.end["cold"] == pytest.approx(20.012)
    assert times.end["beside"] == pytest.approx(20.012)
    assert times.end["warm"] == pytest.approx(50.011)
    assert times.end["cold again"] == pytest.approx(220.011)


def test_cancelling_frees_the_slot_at_the_end_of_the_iteration() -> None:
    kernel, engine, times = rig(with_(slots=1))
    a, b, c = Job("a", 0, 100), Job("b", 0, 100), Job("c", 0, 1)
    for job in (a, b, c):
        engine.submit(job)
    kernel.at(0.015, engine.cancel, b)  # still waiting
    kernel.at(0.015, engine.cancel, a)  # running
    kernel.run()
    assert set(times.end) == {"c"}
    assert times.end["c"] == pytest.approx(3 * 0.011)
    assert (engine.running, engine.waiting, engine.kv_used_tokens) == (0, 0, 0)


def test_cancelling_while_the_prompt_is_computed() -> None:
    kernel, engine, times = rig()
    job = Job("a", 1000, 5)
    engine.submit(job)
    kernel.at(0.5, engine.cancel, job)
    kernel.run()
    assert times.first == {}
    assert (engine.running, engine.kv_used_tokens) == (0, 0)


def test_the_listener_may_submit_from_within() -> None:
    kernel, engine, times = rig(with_(slots=1))
    record = times.finished

    def refill(job: Job) -> None:
        record(job)
        if len(times.end) < 3:
            engine.submit(Job(job.id + "'", 0, 1))

    times.finished = refill  # type: ignore[method-assign]
    engine.submit(Job("a", 0, 1))
    kernel.run()
    assert times.end == pytest.approx({"a": 0.011, "a'": 0.022, "a''": 0.033})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slots", 0),
        ("prefill_tokens_per_s", 0.0),
        ("step_s", -0.1),
        ("kv_tokens", 0),
        ("step_per_kv_token_s", float("nan")),
    ],
)
def test_impossible_speeds_are_refused(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=field):
        with_(**{field: value})


def test_the_settings_complete_what_the_fleet_file_says() -> None:
    spec = EngineSettings(kv_tokens=9000, prefix_blocks=7).spec(SimulatedSpeed(800, 0.02, 0.001, 4))
    assert (spec.prefill_tokens_per_s, spec.slots, spec.kv_tokens) == (800, 4, 9000)
    assert spec.prefix_blocks == 7
    assert spec.step_time_s(3) == pytest.approx(0.023)
