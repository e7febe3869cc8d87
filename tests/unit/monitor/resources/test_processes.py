import os
import socket
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from zeta_router.monitor.resources import processes
from zeta_router.monitor.resources.processes import LocalProcesses, NotMeasurable, ProcessTree

LISTEN = """
import socket, sys
sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("127.0.0.1", int(sys.argv[1])))
sock.listen()
print(sock.getsockname()[1], flush=True)
for line in sys.stdin:
    held = bytearray(50_000_000)
    print("ok", flush=True)
"""

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=-1)
import socket
sock = socket.socket()
sock.bind(("127.0.0.1", 0))
sock.listen()
print(sock.getsockname()[1], child.pid, flush=True)
sys.stdin.read()
child.stdin.close()
child.wait()
"""


@pytest.fixture
def start():
    """Starts Python programs with pipes; ends them at the end of the test."""
    started = []

    def run(code, *args):
        process = subprocess.Popen(
            [sys.executable, "-c", code, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, [int(word) for word in process.stdout.readline().split()]

    yield run
    for process in started:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def test_finds_who_listens_and_reads_it(start):
    process, (port,) = start(LISTEN, "0")
    usage = LocalProcesses().usage(port, 0.0)
    assert usage.pids == {process.pid}
    assert usage.rss_bytes == pytest.approx(psutil.Process(process.pid).memory_info().rss, rel=0.2)
    assert usage.cores == len(os.sched_getaffinity(process.pid))
    assert str(process.pid) in usage.source


def test_sees_memory_grow(start):
    process, (port,) = start(LISTEN, "0")
    local = LocalProcesses()
    before = local.usage(port, 0.0).rss_bytes
    process.stdin.write("hold\n")
    process.stdin.flush()
    process.stdout.readline()
    assert local.usage(port, 1.0).rss_bytes - before > 40_000_000


def test_counts_descendants(start):
    process, (port, child) = start(PARENT)
    usage = LocalProcesses().usage(port, 0.0)
    assert usage.pids == {process.pid, child}
    assert usage.rss_bytes > psutil.Process(process.pid).memory_info().rss


def test_a_restarted_engine_is_found_again_under_its_new_number(start):
    local = LocalProcesses()
    process, (port,) = start(LISTEN, "0")
    first = local.usage(port, 0.0)
    process.stdin.close()
    process.wait(10)
    again, _ = start(LISTEN, str(port))
    second = local.usage(port, 6.0)
    assert first.pids == {process.pid}
    assert second.pids == {again.pid}
    assert second.cpu_s <= first.cpu_s + 1.0


def test_a_port_that_nobody_listens_on_is_said_to_be_one():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(NotMeasurable, match=f"listens on port {port}"):
            LocalProcesses().usage(port, 0.0)


def test_an_engine_that_is_gone_is_said_to_be(start):
    local = LocalProcesses()
    process, (port,) = start(LISTEN, "0")
    local.usage(port, 0.0)
    process.stdin.close()
    process.wait(10)
    with pytest.raises(NotMeasurable):
        local.usage(port, 6.0)


def test_listeners_are_not_looked_up_more_often_than_every_five_seconds(monkeypatch):
    looked = []
    monkeypatch.setattr(processes, "_listeners", lambda: looked.append(1) or {})
    local = LocalProcesses()
    for now_s in (0.0, 1.0, 4.9, 5.0, 9.0, 10.0):
        with pytest.raises(NotMeasurable):
            local.usage(1, now_s)
    assert len(looked) == 3


@pytest.mark.parametrize("error", [psutil.AccessDenied(), PermissionError()])
def test_what_may_not_be_seen_is_not_measurable(monkeypatch, error):
    def refuse():
        raise error

    monkeypatch.setattr(processes, "_listeners", refuse)
    with pytest.raises(NotMeasurable, match="port 1: "):
        LocalProcesses().usage(1, 0.0)


def test_a_forwarder_is_not_taken_for_the_engine(monkeypatch):
    monkeypatch.setattr(processes, "_listeners", lambda: {8000: os.getpid()})
    monkeypatch.setattr(ProcessTree, "name", property(lambda self: "docker-proxy"))
    with pytest.raises(NotMeasurable, match="docker-proxy, the engine is elsewhere"):
        LocalProcesses().usage(8000, 0.0)


def test_of_workers_that_share_a_port_the_oldest_is_taken(monkeypatch):
    rows = [
        SimpleNamespace(status=status, pid=pid, laddr=SimpleNamespace(port=80))
        for status, pid in (("LISTEN", 12), ("LISTEN", 10), ("LISTEN", None), ("ESTABLISHED", 3))
    ]
    monkeypatch.setattr(psutil, "net_connections", lambda kind: [*rows, SimpleNamespace(
        status="LISTEN", pid=4, laddr=())])  # fmt: skip
    assert processes._listeners() == {80: 10}


class FakeProcess:
    """A process whose CPU seconds are set by hand."""

    def __init__(self, pid, used_s=0.0):
        self.pid = pid
        self.used_s = used_s
        self.gone = False

    def oneshot(self):
        if self.gone:
            raise psutil.NoSuchProcess(self.pid)
        return SimpleNamespace(__enter__=None, __exit__=None)

    def cpu_times(self):
        return SimpleNamespace(user=self.used_s, system=0.0)

    def memory_info(self):
        return SimpleNamespace(rss=1000)


class FakeRoot(FakeProcess):
    def __init__(self, pid, children):
        super().__init__(pid, used_s=500.0)
        self._children = children

    def name(self):
        return "engine"

    def children(self, recursive):
        return list(self._children)

    def cpu_affinity(self):
        return [0, 1, 2]


@pytest.fixture
def tree(monkeypatch):
    """A process tree over fake processes."""
    monkeypatch.setattr(FakeProcess, "oneshot", lambda self: _Shot(self))

    def make(children):
        root = FakeRoot(1, children)
        monkeypatch.setattr(psutil, "Process", lambda pid: root)
        return root, ProcessTree(1)

    return make


class _Shot:
    def __init__(self, process):
        self._process = process

    def __enter__(self):
        if self._process.gone:
            raise psutil.NoSuchProcess(self._process.pid)

    def __exit__(self, *error):
        return False


class TestCpuOfATree:
    def test_starts_at_nothing_however_long_it_has_run(self, tree):
        _, engine = tree([])
        assert engine.usage(0.0).cpu_s == 0.0

    def test_adds_up_the_use_of_all(self, tree):
        child = FakeProcess(2, used_s=70.0)
        root, engine = tree([child])
        engine.usage(0.0)
        root.used_s += 1.0
        child.used_s += 2.0
        assert engine.usage(1.0).cpu_s == pytest.approx(3.0)

    def test_does_not_fall_when_a_descendant_ends(self, tree):
        child = FakeProcess(2)
        root, engine = tree([child])
        engine.usage(0.0)
        child.used_s = 5.0
        engine.usage(1.0)
        child.gone = True
        root.used_s += 1.0
        usage = engine.usage(2.0)
        assert usage.cpu_s == pytest.approx(6.0)
        assert usage.rss_bytes == 1000

    def test_does_not_jump_when_an_old_descendant_is_noticed(self, tree):
        late = FakeProcess(3, used_s=900.0)
        children = []
        _, engine = tree(children)
        engine.usage(0.0)
        children.append(late)
        assert engine.usage(10.0).cpu_s == 0.0
        late.used_s += 4.0
        assert engine.usage(11.0).cpu_s == pytest.approx(4.0)

    def test_cores_are_those_it_may_use(self, tree):
        _, engine = tree([])
        assert engine.usage(0.0).cores == 3
