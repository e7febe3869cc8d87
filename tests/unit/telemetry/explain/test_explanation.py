"""An explanation says what was asked, what was compared, what was not, and how it went."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from support.records import FLEET, candidate, decided, ended, query
from zeta_router.core.decision import Verdict
from zeta_router.core.outcome import Status
from zeta_router.core.query import Capability, Operation, Task, TaskEstimate, TopicShare
from zeta_router.core.reasons import DROP_TEXT, REASON_TEXT, Drop, Reason
from zeta_router.core.signal import NO_SAMPLE
from zeta_router.router.commands import DecisionRecord
from zeta_router.telemetry.explain.explanation import STATUS_TEXT, explain
from zeta_router.telemetry.log.reader import LogReader
from zeta_router.telemetry.log.writer import LogWriter, RunFacts
from zeta_router.telemetry.records import FeedbackRecord


def dropping(drop: Drop, endpoint_id: str, **asked: object) -> DecisionRecord:
    task = Task.EMBEDDING if asked.get("operation") is Operation.EMBEDDING else Task.CODE
    record = decided(of=query(**asked), task=task)
    decision = record.decision._replace(dropped=((endpoint_id, drop),))
    return DecisionRecord(record.query, decision)


def drop_sentence(drop: Drop, endpoint_id: str, **asked: object) -> str:
    told = explain([dropping(drop, endpoint_id, **asked)], fleet=FLEET)
    return str(told["decisions"][0]["dropped"][0]["sentence"])


def test_all_terms_of_every_candidate() -> None:
    (step,) = explain([decided()])["decisions"]
    first, second = step["candidates"]
    assert (step["endpoint"], step["model"]) == ("a", "coder-7b")
    assert (first["endpoint"], first["chosen"]) == ("a", True)
    assert (second["endpoint"], second["chosen"]) == ("b", False)
    terms = {
        "score": 0.5,
        "quality": 0.75,
        "output_tokens": 210.0,
        "ttft_s": 0.4,
        "tpot_s": 0.02,
        "e2e_s": pytest.approx(0.4 + 0.02 * 209),
        "log_sigma": 0.6,
        "work_s": 1.5,
        "price": 0.125,
        "in_flight": 1,
        "foreign_in_flight": 1,
        "slots": 4,
        "has_free_slot": True,
        "health": "up",
    }
    assert {name: first[name] for name in terms} == terms


def test_signals_are_a_value_with_age_and_source_or_absent() -> None:
    signals = explain([decided()])["decisions"][0]["candidates"][0]["signals"]
    assert signals["running"] == {
        "value": 2.0,
        "absent": False,
        "age_s": 0.5,
        "source": "llamacpp:requests_processing",
    }
    assert signals["waiting"]["absent"]
    assert signals["waiting"]["value"] is None
    assert "not exported" in signals["waiting"]["source"]
    assert signals["cpu_ratio"] == {"value": None, "absent": True, "age_s": None, "source": None}
    bare = explain([decided(candidates=(candidate(0, sample=NO_SAMPLE),))])
    assert all(s["absent"] for s in bare["decisions"][0]["candidates"][0]["signals"].values())


def test_what_was_asked() -> None:
    shares = (TopicShare("code/hard", Task.CODE, 0.6), TopicShare("simple", Task.SIMPLE, 0.4))
    record = decided()
    told = TaskEstimate(Task.CODE, shares)
    record = DecisionRecord(record.query, record.decision._replace(task=told))
    asked = explain([record])["asked"]
    assert asked["posterior"] == {"code": 0.6, "simple": 0.4}
    assert asked["topics"][0] == {"topic": "code/hard", "task": "code", "probability": 0.6}
    assert asked["prompt_tokens"] == 42
    assert asked["needs"] == ["json", "tools"]
    assert "any model" in asked["sentence"]
    assert "probability 0.60" in asked["sentence"]
    named = explain([decided(of=query(model_requested="coder-7b", task=told))])["asked"]
    assert "model coder-7b" in named["sentence"]
    assert "told by the caller" in named["sentence"]


def test_a_hedged_query_ended_as_the_faster_copy_did() -> None:
    story = [
        decided(number=1),
        decided(number=2, at_s=101.0, endpoint_id="b", reason=Reason.HEDGED),
    ]
    outcomes = [
        ended(at_s=102.0),
        ended(at_s=102.0, attempt=2, endpoint_id="b", status=Status.HEDGE_LOST),
    ]
    told = explain(story, outcomes)
    assert (told["outcome"]["status"], told["outcome"]["attempt"]) == ("ok", 1)
    assert told["retries"] == 0, "a copy is no retry"
    assert told["summary"] == (
        "Sent to a (coder-7b): the static rule for this task names this model. "
        "Then: answered in full."
    )


def test_a_failed_attempt_is_no_end_while_the_query_goes_on() -> None:
    failed = ended(at_s=101.0, status=Status.UPSTREAM_ERROR, queue_wait_s=0.5)
    held = decided(number=2, at_s=101.0, verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT)
    told = explain([decided(at_s=100.4), held], [failed])
    assert told["outcome"] is None
    assert told["summary"] == "Waiting: held until a slot is free."
    again = explain([decided(at_s=100.4), held, decided(number=3, at_s=103.0)], [failed])
    assert again["outcome"] is None
    assert again["held_s"] == 2.5, "0.5 s before the first attempt, 2 s after it"


def test_a_refusal_tells_of_the_last_attempt() -> None:
    failed = ended(at_s=101.0, status=Status.UPSTREAM_ERROR, queue_wait_s=0.5)
    refused = decided(number=2, at_s=105.0, verdict=Verdict.REJECT, reason=Reason.DEADLINE)
    told = explain([decided(at_s=100.4), refused], [failed])
    assert told["summary"] == (
        "Refused: waited as long as it may; no slot became free. "
        "The last attempt, on a: the engine failed."
    )
    assert told["held_s"] == 4.5


def test_waits_retries_and_outcome() -> None:
    story = [
        decided(number=1, at_s=100.0, verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT),
        decided(number=2, at_s=101.0),
        decided(number=3, at_s=102.0, endpoint_id="b"),
    ]
    outcomes = [
        ended(at_s=101.5, status=Status.UPSTREAM_ERROR, http_status=500, queue_wait_s=1.0),
        ended(at_s=104.0, attempt=2, endpoint_id="b", queue_wait_s=1.0),
    ]
    told = explain(story, outcomes, FeedbackRecord(110.0, "q1", 0.5))
    assert (told["waits"], told["retries"], told["held_s"]) == (1, 1, 1.0)
    assert [attempt["status"] for attempt in told["attempts"]] == ["upstream_error", "ok"]
    assert told["outcome"]["endpoint"] == "b"
    assert told["feedback"] == {"score": 0.5, "at_s": 110.0}
    assert told["summary"].startswith("Sent to b (reasoner-14b): ")
    assert told["summary"].endswith("Then: answered in full.")
    assert [step["after_s"] for step in told["decisions"]] == pytest.approx([0.1, 1.1, 2.1])


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_its_sentence(reason: Reason) -> None:
    step = explain([decided(verdict=Verdict.REJECT, reason=reason)])["decisions"][0]
    assert step["sentence"] == REASON_TEXT[reason]


@pytest.mark.parametrize("drop", list(Drop))
def test_every_filter_has_its_sentence_with_and_without_the_fleet(drop: Drop) -> None:
    assert drop_sentence(drop, "b").startswith(DROP_TEXT[drop])
    assert drop_sentence(drop, "gone") == DROP_TEXT[drop]
    bare = explain([dropping(drop, "b")])["decisions"][0]["dropped"][0]
    assert bare == {
        "endpoint": "b",
        "model": None,
        "reason": drop.value,
        "sentence": DROP_TEXT[drop],
    }


def test_why_the_7b_may_not_take_embeddings_of_the_4b() -> None:
    sentence = drop_sentence(Drop.OTHER_EMBEDDING_SPACE, "a", operation=Operation.EMBEDDING)
    assert sentence == (
        f"{DROP_TEXT[Drop.OTHER_EMBEDDING_SPACE]}: coder-7b makes no embeddings, "
        "asked for is e5-small-384"
    )


def test_filters_name_the_setting_that_stands_in_the_way() -> None:
    assert drop_sentence(Drop.CANNOT_DO_TASK, "b").endswith("reasoner-14b does reasoning, not code")
    assert drop_sentence(Drop.OTHER_MODEL, "b", model_requested="coder-7b").endswith(
        "asked for coder-7b, this is reasoner-14b"
    )
    assert drop_sentence(Drop.LACKS_CAPABILITY, "b", needs=frozenset(Capability)).endswith(
        "reasoner-14b lacks vision"
    )
    assert drop_sentence(Drop.CONTEXT_TOO_SMALL, "e", prompt_tokens=600).endswith(
        "600 tokens and the answer against 512"
    )


def test_is_json_whatever_the_numbers() -> None:
    odd = candidate(0)._replace(ttft_s=math.inf, quality=math.nan)
    record = decided(candidates=(odd,))
    record = DecisionRecord(record.query, record.decision._replace(scores=()))
    told = explain([record], [ended(ttft_s=None, e2e_s=None, output_tokens=None)])
    again = json.loads(json.dumps(told, allow_nan=False))
    assert again == told
    assert again["decisions"][0]["candidates"][0]["score"] is None
    assert again["decisions"][0]["candidates"][0]["e2e_s"] is None


@pytest.mark.parametrize("status", list(Status))
def test_every_outcome_has_its_sentence(status: Status) -> None:
    told = explain([decided()], [ended(status=status)])
    assert told["attempts"][0]["sentence"] == STATUS_TEXT[status]
    assert told["attempts"][0]["teaches"] == status.teaches.value


def test_says_the_same_from_memory_and_from_the_log(tmp_path: Path) -> None:
    story = [decided(verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT), decided(number=2)]
    writer = LogWriter(tmp_path / "z.db", RunFacts(0.0, 0.0, "test"))
    writer.write([*story, ended()])
    with LogReader(writer.path) as reader:
        logged = explain(reader.decisions_of("q1"), reader.outcomes_of("q1"), fleet=FLEET)
    writer.close()
    assert logged == explain(story, [ended()], fleet=FLEET)


def test_nothing_decided_is_nothing_to_explain() -> None:
    with pytest.raises(ValueError, match="nothing was decided"):
        explain([])
