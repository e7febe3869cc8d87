"""The text of an explanation fits a terminal and leaves nothing out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.records import ENDPOINTS, FLEET, candidate, decided, ended, query
from zeta_router.core.decision import Verdict
from zeta_router.core.outcome import Status
from zeta_router.core.reasons import Reason
from zeta_router.core.snapshot import Candidate
from zeta_router.telemetry.explain.explanation import explain
from zeta_router.telemetry.explain.text import WIDTH, explain_text
from zeta_router.telemetry.records import FeedbackRecord

TABLE = """\
  endpoint         model              score quality    ttft    tpot     e2e    work  price      busy
> a                coder-7b             0.5    0.75    0.4s    20ms   4.58s    1.5s  0.125       2/4
  b                reasoner-14b       0.333    0.75    0.4s    20ms   4.58s    1.5s  0.125       2/4
""".rstrip()

DISPATCHED = f"""\
Sent to a (coder-7b): the static rule for this task names this model. Then: answered in full.

asked      chat of about 42 tokens for any model, needing json, tools; taken for code (probability
           1.00)
task       code 1.00
objective  ttft <= 1s, e2e <= 10s, lane interactive, weight 2

decision 1 after 0.1s: dispatch a (coder-7b), route: the static rule for this task names this model
  (policy static, propensity 0.99)
{TABLE}
  - e: cannot_do_task: its model is not declared for this task: embedder-4b does embedding, not code

attempt 1 on a: answered in full (ttft 0.5s, tpot 50ms, e2e 4s, 71 tokens, HTTP 200)

judged 0.50"""


def test_a_dispatched_query() -> None:
    told = explain([decided()], [ended()], FeedbackRecord(105.0, "q1", 0.5), fleet=FLEET)
    text = "\n".join(line.rstrip() for line in explain_text(told).splitlines())
    assert text == DISPATCHED


def test_a_refusal_says_when_to_come_back() -> None:
    record = decided(verdict=Verdict.REJECT, reason=Reason.SHED, candidates=(), retry_after_s=2.5)
    text = explain_text(explain([record]))
    assert text.startswith("Refused: serving it now would cost others more than it is worth.")
    assert "try again in 2.5s" in " ".join(text.split())


def test_a_query_that_never_ran() -> None:
    held = decided(verdict=Verdict.WAIT, reason=Reason.WAIT_SLOT)
    gone = ended(endpoint_id=None, attempt=0, status=Status.CLIENT_GONE)
    text = explain_text(explain([held], [gone]))
    assert text.splitlines()[-1] == "ended: the client left before the end"


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(0, 1e9),
    st.integers(0, 10**6),
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=120),
)
def test_no_line_is_too_long(score: float, seconds: float, count: int, name: str) -> None:
    endpoint = replace(ENDPOINTS[0], id=name)
    odd = candidate(0, endpoint=endpoint, in_flight=count, slots=count + 1)
    odd = Candidate(odd.view, 0.5, 10.0, seconds, seconds, 0.5, seconds)
    record = decided(
        candidates=(odd,), endpoint_id=name, of=query(model_requested=name, prompt_tokens=count)
    )
    record = record._replace(decision=record.decision._replace(scores=(score,)))
    told = explain([record], [ended(e2e_s=seconds, endpoint_id=name)], fleet=FLEET)
    assert max(map(len, explain_text(told).splitlines())) <= WIDTH


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0s"),
        (0.0004, "0.4ms"),
        (0.02, "20ms"),
        (0.0996, "0.0996s"),
        (12.345, "12.3s"),
        (1234.5, "1234s"),
        (36000.0, "10h"),
        (1e9, ">999h"),
        (0.00001234, "12µs"),
        (1e-9, "0s"),
    ],
)
def test_durations_are_in_the_unit_that_reads_best(seconds: float, text: str) -> None:
    told = explain([decided(candidates=(candidate(0)._replace(tpot_s=seconds),))])
    row = next(line for line in explain_text(told).splitlines() if line.startswith(">"))
    assert text in row.split()
