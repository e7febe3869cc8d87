"""The local processes behind a port.

The engine is whoever listens on the endpoint's port, with all its descendants (Ollama answers from
runners that it starts, vLLM computes in an engine process). A restarted engine is a new process and
is found again. Everything here blocks for up to some tens of milliseconds: call it in a thread.

Measured on a machine with 95 processes: finding the listeners of all ports 30 ms, the descendants
of one process 2 ms, reading one process 0.2 ms. So listeners are looked up only when a process is
new or gone, descendants every ten seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import psutil

LISTENERS_EVERY_S = 5.0
MEMBERS_EVERY_S = 10.0

FORWARDERS = frozenset(
    {
        "docker-proxy", "rootlessport", "conmon", "slirp4netns", "pasta", "gvproxy",
        "com.docker.backend", "ssh", "sshd", "kubectl", "socat", "nginx", "haproxy", "envoy",
    }
)  # fmt: skip
"""Programs that hold a port for an engine elsewhere: their CPU and memory say nothing of it."""


class NotMeasurable(Exception):  # noqa: N818 - it is a finding, not an error
    """Why the process behind a port cannot be measured, in a few words."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its descendants use.

    Attributes:
        cpu_s: CPU seconds used since the process was first seen; only grows.
        cores: CPU cores that it may use.
        source: Which process it is.
        pids: It and its descendants.
    """

    cpu_s: float
    rss_bytes: float
    cores: int
    source: str
    pids: frozenset[int]


class ProcessTree:
    """A process and its descendants.

    Raises:
        psutil.Error: On making and on reading, when the process is gone or not ours to see.
    """

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._source = f"{self._root.name()} (pid {pid})"
        self._members: list[psutil.Process] = []
        self._members_at_s = float("-inf")
        self._seen_s: dict[int, float] = {}
        self._cpu_s = 0.0

    @property
    def name(self) -> str:
        """The program's name."""
        return self._root.name()

    def is_running(self) -> bool:
        """Whether it is still the same process, not another one with its number."""
        return self._root.is_running() and self._root.status() != psutil.STATUS_ZOMBIE

    def usage(self, now_s: float) -> Usage:
        """What it uses now. A descendant that has ended keeps what it had used."""
        if now_s - self._members_at_s >= MEMBERS_EVERY_S:
            self._members = self._root.children(recursive=True)
            self._members_at_s = now_s
        rss_bytes = self._read(self._root)
        for member in self._members:
            try:
                rss_bytes += self._read(member)
            except psutil.Error:
                self._seen_s.pop(member.pid, None)
        pids = frozenset((self._root.pid, *(member.pid for member in self._members)))
        return Usage(self._cpu_s, rss_bytes, _cores(self._root), self._source, pids)

    def _read(self, process: psutil.Process) -> float:
        """Add what the process used since the last look; return its resident bytes.

        At the first look it adds nothing: what it used before then is not of the last seconds.
        """
        with process.oneshot():
            times = process.cpu_times()
            rss_bytes = process.memory_info().rss
        used_s = times.user + times.system
        self._cpu_s += max(0.0, used_s - self._seen_s.get(process.pid, used_s))
        self._seen_s[process.pid] = used_s
        return float(rss_bytes)


class LocalProcesses:
    """Finds and reads the processes behind local ports. Not for two threads at once."""

    def __init__(self) -> None:
        self._trees: dict[int, ProcessTree] = {}
        self._listeners: dict[int, int] = {}
        self._listeners_at_s = float("-inf")

    def usage(self, port: int, now_s: float) -> Usage:
        """What the process that listens on `port` uses.

        Raises:
            NotMeasurable: If there is none, if it may not be looked at, or if it only forwards.
        """
        tree = self._trees.get(port)
        try:
            if tree is None or not tree.is_running():
                tree = self._trees[port] = self._find(port, now_s)
            return tree.usage(now_s)
        except (psutil.Error, OSError) as error:
            self._trees.pop(port, None)
            self._listeners_at_s = float("-inf")
            raise NotMeasurable(f"process behind port {port}: {_reason(error)}") from error

    def keep(self, ports: Iterable[int]) -> None:
        """Forget all other ports."""
        wanted = set(ports)
        self._trees = {port: tree for port, tree in self._trees.items() if port in wanted}

    def _find(self, port: int, now_s: float) -> ProcessTree:
        self._trees.pop(port, None)
        pid = self._listeners.get(port)
        if pid is None or not psutil.pid_exists(pid):
            pid = self._look_up(port, now_s)
        tree = ProcessTree(pid)
        if tree.name in FORWARDERS:
            raise NotMeasurable(f"port {port} is held by {tree.name}, the engine is elsewhere")
        return tree

    def _look_up(self, port: int, now_s: float) -> int:
        if now_s - self._listeners_at_s >= LISTENERS_EVERY_S:
            self._listeners = _listeners()
            self._listeners_at_s = now_s
        pid = self._listeners.get(port)
        if pid is None:
            raise NotMeasurable(f"no process that we may see listens on port {port}")
        return pid


def _listeners() -> dict[int, int]:
    """Process by listening TCP port; of several (forked workers) the oldest, their parent."""
    found: dict[int, int] = {}
    for connection in psutil.net_connections(kind="tcp"):
        port = getattr(connection.laddr, "port", None)
        listens = connection.status == psutil.CONN_LISTEN
        if listens and port is not None and connection.pid is not None:
            found[port] = min(connection.pid, found.get(port, connection.pid))
    return found


def _cores(process: psutil.Process) -> int:
    """Cores that the process is allowed on; all of the machine where that cannot be told."""
    try:
        return len(process.cpu_affinity() or ()) or psutil.cpu_count() or 1
    except (AttributeError, psutil.Error):
        return psutil.cpu_count() or 1


def _reason(error: psutil.Error | OSError) -> str:
    if isinstance(error, psutil.AccessDenied):
        return "not allowed to look at it"
    if isinstance(error, psutil.NoSuchProcess):
        return "it is gone"
    return type(error).__name__
