"""Endpoints that fail in every way there is, under a steady load, and what their clients notice.

The short cases run at once, each on a model of its own with one endpoint that fails and one that
does not, so that fifteen seconds are enough for all of them. The matrix (`make test-all`) takes
them one by one on the embedded fleet's real engines, and writes the table of
docs/benchmarks/resilience.md.

Bounds are looser than what is measured and promised (2 s, 15 s): a machine that does other things
at the same time delays polls, probes and clients alike. The figures are printed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.asking import ask
from support.faulty import DutyCycle, Faulty, faulty, listener
from support.faulty_engine import ASKS_FOR_400
from support.outage import HEAD, Outage, measured
from support.process import Zeta, configured, eventually
from support.steady_load import Ask, Fate, SteadyLoad, mixed

SPOKEN = ["busy", "error", "empty", "truncated", "garbage", "nonsense", "silent", "stalled"]
"""Faults of what an engine says; those of its process are `killed`, `stopped` and `slowed`."""

SIGNALS = ["killed", "stopped", "slowed"]
HARMLESS = ["bad_request"]
FAULTS = [*SPOKEN, *SIGNALS, *HARMLESS]
SLOW = ["deaf"]
"""Answers polls and no queries: for half a minute that may be long answers in one piece."""

LEAVES_BY_ANSWERS = ["busy", "error", "empty", "garbage", "nonsense", "killed"]
LEAVES_BY_SILENCE = ["silent", "stopped"]
STAYS_AWAY = [*LEAVES_BY_ANSWERS, *LEAVES_BY_SILENCE]

CUT = ["truncated", "stalled"]
"""An endpoint gets few queries before it is left, and one of them at least has to be a stream."""

FAULTY_S = 5.0
BACK_WITHIN_S = 60.0
PER_S = {"busy": 12.0}
FEW = {"busy": 10}
"""Queries that a faulty endpoint may get in that time: three that eject it and those under way."""


def in_flight(zeta: Zeta) -> int:
    """Queries that are held or being served, by the gateway's word."""
    fleet = ask(f"{zeta.url}/zeta/fleet").json
    running = sum(endpoint["in_flight"] for endpoint in fleet["endpoints"])
    return int(running + sum(fleet["queued"].values()))


class Health:
    """Watches the endpoints' states from outside, ten times a second."""

    def __init__(self, zeta: Zeta) -> None:
        self._url = f"{zeta.url}/ready"
        self.seen: list[dict[str, str]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Health:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join(70)

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self.seen.append(ask(self._url).json["endpoints"])


class Pairs:
    """For every fault an endpoint that shows it and one beside it that works."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        spoken = [*SPOKEN, *HARMLESS]
        self._talkers = stack.enter_context(faulty(*spoken, "good"))
        self._processes = {name: Faulty([name]) for name in SIGNALS}
        stack.callback(lambda: [process.stop() for process in self._processes.values()])
        self.urls = {name: self._talkers.url(name) for name in [*spoken, "good"]}
        self.urls |= {name: process.url(name) for name, process in self._processes.items()}

    def config(self, policy: str) -> str:
        tasks = {"simple": 0.7, "code": 0.7, "reasoning": 0.7, "embedding": 1.0}
        models = {name: {"tasks": tasks, "embedding_space": name} for name in FAULTS}
        ends = [self._end(name, name, name) for name in FAULTS]
        ends += [self._end(f"{name}-good", name, "good") for name in FAULTS]
        document: dict[str, Any] = {
            "models": models,
            "endpoints": ends,
            "routes": {"embedding": "busy"},
            "policy": policy,
            "limits": {"max_wait_s": 20, "stall_s": 2},
        }
        return json.dumps(document, indent=1)

    def _end(self, id_: str, model: str, engine: str) -> dict[str, Any]:
        facts = {"id": id_, "url": self.urls[engine], "model": model, "upstream_model": engine}
        return {**facts, "engine": "openai", "slots": 8, "resources": "none"}

    @contextlib.contextmanager
    def failing(self) -> Iterator[None]:
        """Everything that can fail fails; afterwards it works again."""
        for name in [*SPOKEN, *HARMLESS]:
            self._talkers.set(name, name)
        killed, stopped = self._processes["killed"], self._processes["stopped"]
        killed.process.kill()
        killed.process.wait()
        os.kill(stopped.pid, signal.SIGSTOP)
        with DutyCycle(self._processes["slowed"].pid, 0.1):
            yield
        for name in [*SPOKEN, *HARMLESS]:
            self._talkers.set(name, "none")
        os.kill(stopped.pid, signal.SIGCONT)
        killed.stop()
        self._processes["killed"] = Faulty([f"killed={killed.ports['killed']}"])


POLICIES = ["round_robin", "joint"]
"""One that asks every endpoint, however it does, and the one that people run."""


def _asked(fault: str) -> list[Ask]:
    """What is asked of a model; all are streams where it is the streams that are to be cut."""
    asks = mixed(fault, embeds=True, refused=ASKS_FOR_400)
    return [ask for ask in asks if ask.body.get("stream")] if fault in CUT else asks


@pytest.fixture(scope="module", params=POLICIES)
def outages(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Outage]:
    """All short cases in one go."""
    folder = tmp_path_factory.mktemp("resilience")
    with contextlib.ExitStack() as stack:
        pairs = Pairs(stack)
        zeta = stack.enter_context(configured(folder, pairs.config(request.param)))
        plan = [(name, _asked(name), PER_S.get(name, 4.0)) for name in FAULTS]
        with SteadyLoad(zeta.url, plan) as load, Health(zeta) as health:
            assert eventually(lambda: all(load.first_ok(name, name, 0.0) for name in FAULTS), 30)
            with pairs.failing():
                began_s = time.time()
                threading.Event().wait(FAULTY_S)
            ended_s = time.time()
            eventually(lambda: all(load.first_ok(n, n, ended_s) for n in FAULTS), BACK_WITHIN_S)
        assert eventually(lambda: in_flight(zeta) == 0), "counters do not return to zero"
        assert {seen["bad_request"] for seen in health.seen} == {"up"}, "a 400 changed its health"
        zeta.stop()
        times_s = (began_s, ended_s)
        found = {
            name: measured(name, load, folder / "zeta.db", times_s, [name, f"{name}-good"])
            for name in FAULTS
        }
    print(f"\n{request.param}\n" + "\n".join([HEAD, *(outage.row() for outage in found.values())]))  # noqa: T201
    return found


@pytest.mark.timeout(240)
@pytest.mark.parametrize("fault", FAULTS)
class TestEachFault:
    def test_no_request_is_lost_that_had_no_byte(
        self, outages: dict[str, Outage], fault: str
    ) -> None:
        """Streams that were cut are told so in their last event; see `Fate.CUT_SILENTLY`."""
        outage = outages[fault]
        assert outage.lost == 0, outage.complaints
        assert outage.fates[Fate.OK] > 10

    def test_it_gets_traffic_again_once_it_works(
        self, outages: dict[str, Outage], fault: str
    ) -> None:
        assert outages[fault].back_s is not None


@pytest.mark.timeout(240)
class TestWhileItLasts:
    @pytest.mark.parametrize("fault", STAYS_AWAY)
    def test_traffic_leaves_the_endpoint(self, outages: dict[str, Outage], fault: str) -> None:
        assert outages[fault].left_s is not None, "within 5 s less the pause that shows it"
        assert outages[fault].share < 0.4

    @pytest.mark.parametrize("fault", LEAVES_BY_ANSWERS)
    def test_an_endpoint_that_fails_fast_attracts_nothing(
        self, outages: dict[str, Outage], fault: str
    ) -> None:
        sent = sum(endpoint == fault for _, endpoint in outages[fault].during)
        assert sent <= FEW.get(fault, 6)

    @pytest.mark.parametrize("fault", CUT)
    def test_streams_that_had_begun_end_with_an_error(
        self, outages: dict[str, Outage], fault: str
    ) -> None:
        assert outages[fault].fates[Fate.CUT] > 0

    def test_client_errors_are_no_reason_to_leave(self, outages: dict[str, Outage]) -> None:
        assert outages["bad_request"].share > 0.2


# ---- the matrix on real engines

VICTIM, PEER = "coder", "helper"
REAL_PER_S = 1.5
REAL_QUIET_S = 4.0
"""Six queries long: the embedded fleet shares one machine's cores with all its clients."""


def real_fleet(victim: str, engines: dict[str, str]) -> str:
    """The usual endpoint for code, one that can do it too, and a bystander."""
    ends = [
        (VICTIM, victim, "coder-7b", "llamacpp"),
        (PEER, engines["small-4b"], "small-4b", "llamacpp"),
        ("embedder", engines["embedder-4b"], "embedder-4b", "openai"),
    ]
    document = {
        "models": {
            VICTIM: {"tasks": {"code": 0.7}},
            PEER: {"tasks": {"code": 0.5}},
            "embedder": {"tasks": ["embedding"]},
        },
        "endpoints": [
            {"id": id_, "url": url, "model": id_, "upstream_model": name, "engine": engine}
            for id_, url, name, engine in ends
        ],
        "routes": {"code": VICTIM, "embedding": "embedder"},
        "policy": "threshold",
        "limits": {"max_wait_s": 60, "stall_s": 5},
    }
    return json.dumps(document, indent=1)


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def spoken(front: Faulty, fault: str) -> Iterator[None]:
    front.set(VICTIM, fault)
    try:
        yield
    finally:
        front.set(VICTIM, "none")


@contextlib.contextmanager
def killed(pid: int, url: str) -> Iterator[None]:
    """Whoever supervises the engine starts it again; over when it answers."""
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not answers(url), 10)
    yield
    assert eventually(lambda: answers(url), 90), "nobody started it again"


def answers(url: str) -> bool:
    """Whether an engine says that it is healthy."""
    try:
        return ask(f"{url}/health").status == 200
    except OSError:
        return False


def failing(fault: str, front: Faulty | None, url: str) -> contextlib.AbstractContextManager[Any]:
    """The fault, as long as the block lasts."""
    if front is not None:
        return spoken(front, fault)
    pid = listener(url).pid
    ways: dict[str, Callable[[], contextlib.AbstractContextManager[Any]]] = {
        "killed": lambda: killed(pid, url),
        "stopped": lambda: stopped(pid),
        "slowed": lambda: DutyCycle(pid, 0.1),
    }
    return ways[fault]()


LASTS_S = {"killed": 0.5, "stopped": 20.0, "busy": 30.0}


@pytest.mark.matrix
@pytest.mark.engines
@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", [*FAULTS, *SLOW])
def test_on_real_engines(
    embedded: Zeta, engines: dict[str, str], tmp_path: Path, fault: str
) -> None:
    with contextlib.ExitStack() as stack:
        front, url = None, engines["coder-7b"]
        if fault not in SIGNALS:
            front = stack.enter_context(faulty(VICTIM, behind=url))
            url = front.url(VICTIM)
        zeta = stack.enter_context(configured(tmp_path, real_fleet(url, engines)))
        vectors = [one for one in mixed("embedder", embeds=True) if "embed" in one.path]
        plan = [
            ("auto:code", mixed("auto:code", embeds=False, max_tokens=4), REAL_PER_S),
            ("embedder", vectors, 0.5),
        ]
        with SteadyLoad(zeta.url, plan) as load, Health(zeta) as health:
            assert eventually(lambda: load.first_ok("auto:code", VICTIM, 0.0) is not None, 60)
            began_s = time.time()
            with failing(fault, front, url):
                threading.Event().wait(LASTS_S.get(fault, 10.0))
            ended_s = time.time()
            eventually(lambda: load.first_ok("auto:code", VICTIM, ended_s) is not None, 60)
        assert eventually(lambda: in_flight(zeta) == 0), "counters do not return to zero"
        zeta.stop()
    log, times_s = tmp_path / "zeta.db", (began_s, ended_s)
    outage = measured("auto:code", load, log, times_s, [VICTIM, PEER])
    outage.name, outage.quiet_s = fault, REAL_QUIET_S
    print(f"\n{outage.row()}  <- row of the table")  # noqa: T201
    assert outage.lost == 0, outage.complaints
    assert {one.fate for one in load.of("embedder")} == {Fate.OK}
    assert outage.back_s is not None
    if fault in HARMLESS:
        assert {seen[VICTIM] for seen in health.seen} == {"up"}
    if fault == "busy":
        sent = sum(endpoint == VICTIM for _, endpoint in outage.during)
        assert sent <= 6
        assert outage.share_after(10) < 0.02


@pytest.mark.matrix
@pytest.mark.timeout(200)
def test_an_engine_that_refuses_in_5_ms_gets_less_than_two_percent(tmp_path: Path) -> None:
    """To whoever looks at load alone it is the idlest of all."""
    with faulty("busy", "good") as engines:
        document: dict[str, Any] = {
            "models": {"m": {"tasks": {"simple": 0.7, "code": 0.7, "reasoning": 0.7}}},
            "endpoints": [
                {"id": name, "url": engines.url(name), "model": "m", "upstream_model": name}
                | {"engine": "openai", "slots": 8, "resources": "none"}
                for name in engines.ports
            ],
            "policy": "least_requests",
        }
        with configured(tmp_path, json.dumps(document)) as zeta:
            with SteadyLoad(zeta.url, [("m", mixed("m", embeds=False), 20.0)]) as load:
                assert eventually(lambda: load.first_ok("m", "busy", 0.0) is not None)
                engines.set("busy", "busy")
                began_s = time.time()
                threading.Event().wait(40.0)
                ended_s = time.time()
                engines.set("busy", "none")
                assert eventually(lambda: load.first_ok("m", "busy", ended_s) is not None, 60)
            zeta.stop()
    outage = measured("m", load, tmp_path / "zeta.db", (began_s, ended_s), ["busy", "good"])
    print(f"\n{outage.row()}  <- busy at 20 requests a second")  # noqa: T201
    assert outage.lost == 0, outage.complaints
    assert outage.share < 0.02
    assert outage.share_after(10) < 0.02
