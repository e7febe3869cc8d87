"""What becomes of answers after their last byte, through the router."""

from __future__ import annotations

import pytest

from support.bench import GONE, OK, Bench
from support.fleets import fleet, query
from zeta_router.core.checks import Checks
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Fingerprint, Query, Task, certain
from zeta_router.learn.quality.flaw import LEAST_SEEN
from zeta_router.learn.task.ask import FEATURE_NAMES
from zeta_router.router.commands import ChecksRecord, Emit
from zeta_router.router.events import Answered, Checked, Feedback, Finished
from zeta_router.router.query import judging
from zeta_router.router.query.judging import SILENCE_S

CODE = certain(Task.CODE).topics
HOUSEKEEPING = tuple(float(name == "housekeeping") for name in FEATURE_NAMES)
MARK = Fingerprint(1, 0)


def believed(bench: Bench, model: str = "coder") -> float:
    return bench.router.knowledge.quality.mean(CODE, model)


def answered(bench: Bench, id_: str, outcome: Outcome = OK, **more: object) -> Query:
    asked = query(id_, **more)
    bench.arrive(asked)
    bench.finish(id_, outcome)
    return asked


def test_findings_are_told_to_telemetry_and_lower_who_answered() -> None:
    bench = Bench(fleet())
    before = believed(bench)
    answered(bench, "q")
    checks = Checks(refusal=True)
    commands = bench.send(Checked(1.0, "q", checks))
    assert commands == [Emit(ChecksRecord(1.0, "q", "coder", checks))]
    assert believed(bench) < before
    lower = believed(bench)
    assert bench.send(Checked(2.0, "q", checks)) == []
    assert bench.send(Checked(2.0, "never heard of", checks)) == []
    assert believed(bench) == lower


@pytest.mark.parametrize(
    ("checks", "sign"),
    [
        (Checks(), 1),
        (Checks(code_parses=True), 1),
        (Checks(code_parses=False), -1),
        (Checks(json_valid=True, schema_valid=False), -1),
        (Checks(empty=True), -1),
        (Checks(degeneration=0.1), 1),
        (Checks(degeneration=0.7, refusal=True), -1),
        (Checks(other_script=True), 1),
    ],
)
def test_which_findings_are_good_and_which_bad(checks: Checks, sign: int) -> None:
    bench = Bench(fleet())
    before = believed(bench)
    answered(bench, "q")
    bench.send(Checked(1.0, "q", checks))
    assert (believed(bench) - before) * sign > 0.0


def looked_at(bench: Bench, id_: str, model: str, checks: Checks) -> None:
    answered(bench, id_, model_requested=model)
    bench.send(Checked(bench.now_s, id_, checks))


FLAWS = [Checks(degeneration=0.9), Checks(cut=True), Checks(cut=True, degeneration=0.9)]


@pytest.mark.parametrize("flawed", FLAWS)
def test_circles_and_cuts_lower_a_model_where_others_have_none(flawed: Checks) -> None:
    bench = Bench(fleet())
    for number in range(LEAST_SEEN):
        looked_at(bench, f"other{number}", "thinker", Checks(degeneration=0.0))
    before = believed(bench)
    looked_at(bench, "q", "coder", flawed)
    assert believed(bench) < before - 0.01


@pytest.mark.parametrize("flawed", FLAWS)
def test_what_every_model_does_is_held_against_none(flawed: Checks) -> None:
    """Stand-ins that say one word, or a thousand lines of the same that somebody asked for."""
    bench = Bench(fleet())
    models = ("small", "coder", "thinker")
    before = {model: believed(bench, model) for model in models}
    for number in range(300):
        model = models[number % 3]
        looked_at(bench, f"q{number}", model, flawed)
    for model in models:
        assert believed(bench, model) > before[model] - 0.05


def test_a_client_that_leaves_mid_stream_lowers_it_and_one_that_left_before_does_not() -> None:
    bench = Bench(fleet())
    before = believed(bench)
    answered(bench, "1", Outcome(Status.CLIENT_GONE, started=False))
    assert believed(bench) == before
    answered(bench, "2", Outcome(Status.CLIENT_GONE, started=True))
    assert believed(bench) < before


def test_asking_again_within_two_minutes_lowers_the_first_answer() -> None:
    bench = Bench(fleet())
    before = believed(bench)
    answered(bench, "1", session_id="s", fingerprint=MARK)
    assert believed(bench) == before
    bench.arrive(query("2", session_id="s", fingerprint=MARK))
    assert believed(bench) < before


def test_housekeeping_does_not_count() -> None:
    bench = Bench(fleet())
    before = believed(bench)
    answered(bench, "1", features=HOUSEKEEPING)
    assert bench.send(Checked(1.0, "1", Checks(empty=True))) == []
    bench.send(Feedback(1.0, "1", 0.0))
    assert believed(bench) == before


def test_ten_minutes_of_silence_are_a_faint_praise() -> None:
    bench = Bench(fleet())
    answered(bench, "1")
    bench.send(Checked(0.0, "1", Checks()))
    before = believed(bench)
    bench.now_s = SILENCE_S - 1.0
    answered(bench, "2")
    assert believed(bench) == before
    bench.now_s = SILENCE_S + 1.0
    answered(bench, "3")
    assert believed(bench) > before


def test_without_votes_and_findings_nothing_is_learned() -> None:
    """So that a fleet nobody judges decides by its priors."""
    bench = Bench(fleet())
    before = bench.router.knowledge.quality.state()
    for number in range(50):
        bench.now_s = 30.0 * number
        answered(bench, str(number), session_id=str(number))
    assert bench.router.knowledge.quality.state() == before


def test_a_judgement_of_before_a_restart_is_learned_from_what_the_log_knows() -> None:
    bench = Bench(fleet())
    before = believed(bench)
    assert not bench.router.remembers("old")
    bench.send(Feedback(1.0, "old", 0.0))
    assert believed(bench) == before
    bench.send(Feedback(1.0, "old", 0.0, answered=Answered("coder", CODE)))
    assert believed(bench) < before
    assert bench.router.remembers("old")
    lower = believed(bench)
    bench.send(Feedback(2.0, "old", 0.0, answered=Answered("coder", CODE)))
    assert believed(bench) == lower


def test_who_names_nobody_speaks_for_who_asked() -> None:
    """And a name that never asked is a stranger, whose vote weighs a twentieth."""
    fell = {}
    for voter in ("", "ip-1", "key-asker", "key-stranger"):
        bench = Bench(fleet())
        for number in range(40):
            answered(bench, str(number), asker="key-asker")
        before = believed(bench)
        for number in range(40):
            bench.send(Feedback(1.0, str(number), 0.0, voter))
        fell[voter] = before - believed(bench)
    assert fell["ip-1"] == fell["key-asker"] == fell[""]
    assert fell["key-stranger"] <= 0.05 * 0.75 + 1e-9
    assert fell[""] > 0.4


def test_answers_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "REMEMBERED", 3)
    bench = Bench(fleet())
    for number in range(5):
        answered(bench, str(number))
        bench.send(Checked(bench.now_s, str(number), Checks(text_bytes=10)))
    assert len(bench.router._judging._quiet) == 3, "silence is awaited of those only"
    known = [bench.router.remembers(str(number)) for number in range(5)]
    assert known == [False, False, True, True, True]


def test_a_failed_attempt_is_no_answer() -> None:
    bench = Bench(fleet())
    bench.arrive(query("q"))
    bench.send(Finished(1.0, "q", 1, GONE))
    bench.send(Feedback(1.0, "q", 0.0))
    assert not bench.router.remembers("q")
