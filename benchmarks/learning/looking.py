"""What looking at answers and learning from them costs: ``python benchmarks/learning/looking.py``.

Microseconds of CPU time per piece of work, the least of 7 rounds; only the first four are on the
request's path.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from time import process_time

from zeta_router.core.checks import Checks
from zeta_router.core.fleet import FleetConfig, Model
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Operation, Query, Task, TaskEstimate, TopicShare
from zeta_router.gateway.checking.checks import checks_of, form_of
from zeta_router.gateway.checking.kept_text import AnswerText, Kept
from zeta_router.gateway.reading.fingerprint import fingerprint_of
from zeta_router.learn.task.ask import Ask, extract
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.router.events import Checked, Feedback
from zeta_router.router.knowledge import Knowledge
from zeta_router.router.query.asked_again import AskedAgain
from zeta_router.router.query.judging import Judging

ROUNDS = 7
CHUNK = (
    b'data: {"id":"chatcmpl-9","object":"chat.completion.chunk","created":1700000000,"model":"m",'
    b'"choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,'
    b'"finish_reason":null}]}\n\n'
)
PROSE = " ".join(
    f"Sentence {n} says that queue {n * 7} waits for slot {n * 13}." for n in range(40)
)
PYTHON = "Here:\n```python\n" + "def f(x):\n    return [y for y in x if y > 2]\n" * 40 + "```\n"
BODY = json.dumps({"messages": [{"role": "user", "content": PROSE[:1000]}]}).encode()
TOPICS = tuple(
    TopicShare(task.value, task, share)
    for task, share in ((Task.CODE, 0.7), (Task.SIMPLE, 0.2), (Task.REASONING, 0.1))
)


def best_us(work: Callable[[], object], times: int) -> float:
    """Microseconds of one piece of work, the least of the rounds."""
    least = float("inf")
    for _ in range(ROUNDS):
        began_s = process_time()
        for _ in range(times):
            work()
        least = min(least, process_time() - began_s)
    return 1e6 * least / times


def main() -> None:
    """Measure and print."""
    query = Query("q", 0.0, features=extract(Ask(PROSE)))
    form = form_of(BODY)
    text = AnswerText(Operation.CHAT)
    ask = [b"user", PROSE[:1000].encode()]
    again = AskedAgain()
    asking = query._replace(
        session_id="s", fingerprint=fingerprint_of([], ask, PROSE[:1000], talk=True)
    )
    rows = (
        ("keep the text of one event", best_us(lambda: text.feed(CHUNK), 2000)),
        (
            "fingerprint of 1 kB",
            best_us(lambda: fingerprint_of([], ask, PROSE[:1000], talk=False), 500),
        ),
        (
            "the same with its words",
            best_us(lambda: fingerprint_of([], ask, PROSE[:1000], talk=True), 500),
        ),
        ("was it asked before", best_us(lambda: again.arrived(asking, 1.0), 2000)),
        ("read the form asked for", best_us(lambda: form_of(BODY), 500)),
        (
            "look at 2 kB of prose",
            best_us(lambda: checks_of(_kept(PROSE), form, query, "stop"), 50),
        ),
        (
            "look at 2 kB of Python",
            best_us(lambda: checks_of(_kept(PYTHON), form, query, "stop"), 5),
        ),
        *_learning(query),
    )
    for name, cost_us in rows:
        sys.stdout.write(f"| {name} | {cost_us:.1f} |\n")


def _kept(text: str) -> Kept:
    return Kept(text, "", len(text))


def _learning(query: Query) -> tuple[tuple[str, float], ...]:
    """The router's part: remember an answer, learn findings, learn a vote."""
    models = {"m": Model("m", {Task.CODE: 0.6})}
    judging = Judging(Knowledge.of(FleetConfig(models, ()), RuleClassifier()))
    task = TaskEstimate(Task.CODE, TOPICS)
    done = Outcome(Status.OK, started=True)
    numbers = iter(range(10**9))

    def answered() -> str:
        name = f"q{next(numbers)}"
        judging.ended(query._replace(id=name), task, "m", done, 0.0)
        return name

    alone = best_us(answered, 500)
    found = best_us(lambda: judging.checked(Checked(0.0, answered(), Checks()), []), 500)
    voted = best_us(lambda: judging.judged(Feedback(0.0, answered(), 1.0)), 500)
    return (
        ("remember an answer", alone),
        ("learn its findings", found - alone),
        ("learn a judgement", voted - alone),
    )


if __name__ == "__main__":
    main()
