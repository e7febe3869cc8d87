"""The thread that writes the log, and the queue in front of it.

The queue is a `deque` used by exactly two threads: the event loop appends, this thread takes from
the left. Both are atomic, so there is no lock on the way in. Whatever goes wrong with the file
stays in here: it is counted, told in `health`, and tried again with growing pauses.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from zeta_router.core.errors import ConfigError
from zeta_router.telemetry.log.damage import check, is_damage, is_ours, set_aside
from zeta_router.telemetry.log.retention import Retention
from zeta_router.telemetry.log.writer import Entry, LogWriter, RunFacts
from zeta_router.telemetry.records import LogHealth, SavedState

BATCH_ROWS = 256
"""Rows in one transaction, and how many waiting rows wake the thread before its time. Few, because
while a batch is made the event loop has to share the interpreter with it: about 1.5 ms."""

BATCH_S = 0.25
"""Longest time a row waits for its transaction while the file can be written."""

LONGEST_PAUSE_S = 4.0
"""Longest pause between attempts while the file cannot be written."""

TROUBLE = (sqlite3.Error, OSError, ConfigError)
"""What a file can do to its writer."""


class LogThread:
    """Takes entries in any number and writes them when it can.

    Args:
        path: The file. Made when it does not exist; its folder must.
        run: What this process writes about itself, as it is at the moment.
        retention: What is let go, and when.
        pending_rows: Most entries kept in memory; beyond it the oldest is given up.

    Raises:
        ConfigError: The file can never be the log. Everything else that keeps it from being
            written is taken as passing, and tried again.
    """

    def __init__(
        self,
        path: Path,
        run: Callable[[], RunFacts],
        retention: Retention,
        pending_rows: int,
    ) -> None:
        self._path = path
        self._run_facts = run
        self._retention = retention
        self._pending_rows = pending_rows
        self._queue: deque[Entry] = deque()
        self._batch: list[Entry] = []
        self._states: dict[str, SavedState] = {}
        self._states_lock = threading.Lock()
        self._wake = threading.Event()
        self._progress = threading.Condition()
        self._closing = False
        self._appended = self._given_up = self._written = self._refused = 0
        self._errors = self._rounds = 0
        self._pause_s = BATCH_S
        self._trouble = self._refusal = self._set_aside = ""
        self._openings = 0
        self._writer: LogWriter | None = None
        self._open_first()
        self._thread = threading.Thread(target=self._work, name="zeta-log", daemon=True)
        self._thread.start()

    def append(self, entry: Entry) -> None:
        """Take `entry` in; costs a fraction of a microsecond and never fails.

        To be called from one thread only.
        """
        queue = self._queue
        queue.append(entry)
        self._appended += 1
        waiting = len(queue)
        if waiting == BATCH_ROWS:
            self._wake.set()
        elif waiting > self._pending_rows:
            self._give_up_oldest()

    def _give_up_oldest(self) -> None:
        try:
            self._queue.popleft()
        except IndexError:  # the thread was faster
            return
        self._given_up += 1

    @property
    def pending(self) -> int:
        """Entries not written yet."""
        return len(self._queue) + len(self._batch)

    def give_up(self) -> None:
        """Count an entry as taken in and lost."""
        self._appended += 1
        self._given_up += 1

    def save(self, states: Iterable[SavedState]) -> None:
        """Take `states` in, in place of older ones of their names that were not written yet.

        They are written together or not at all.
        """
        with self._states_lock:
            self._states.update((state.name, state) for state in states)

    def unwritten_state(self, name: str) -> SavedState | None:
        """The state of this name that waits to be written."""
        with self._states_lock:
            return self._states.get(name)

    def health(self) -> LogHealth:
        """How the log is doing."""
        return LogHealth(
            ok=not self._trouble,
            trouble=self._trouble,
            refusal=self._refusal,
            written=self._written,
            pending=self.pending,
            dropped=self._given_up + self._refused + self._lost_after_close(),
            errors=self._errors,
            set_aside=self._set_aside,
            openings=self._openings,
        )

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything taken in so far is in the file; false when it cannot be now."""
        target, rounds = self._appended, self._rounds

        def settled() -> bool:
            return self._is_written(target) or (self._rounds > rounds and bool(self._trouble))

        self._wake.set()
        with self._progress:
            self._progress.wait_for(settled, timeout_s)
        return self._is_written(target)

    def _is_written(self, target: int) -> bool:
        return self._written + self._refused + self._given_up >= target and not self._states

    def close(self, timeout_s: float) -> None:
        """Write what is left, if it can be written, and end the thread. May be called again."""
        self._closing = True
        self._wake.set()
        self._thread.join(timeout_s)
        if not self._thread.is_alive():
            self._queue = deque(maxlen=0)  # takes in nothing more, at no cost to `append`

    def _lost_after_close(self) -> int:
        if self._queue.maxlen is None:
            return 0
        return self._appended - self._written - self._refused - self._given_up

    # ---- in the thread

    def _work(self) -> None:
        while not self._closing:
            self._wake.wait(self._pause_s)
            self._wake.clear()
            self._round()
        self._round()
        left = self.pending
        self._queue.clear()
        self._batch = []
        self._given_up += left
        self._close_writer()
        self._tell()

    def _round(self) -> None:
        """Write all that waits, then let go of a little of what is old."""
        try:
            self._write_all()
            if self._writer is not None:
                self._retention.tidy(self._writer.connection, self._written)
        except TROUBLE as error:
            self._in_trouble(error)
        else:
            self._trouble, self._pause_s = "", BATCH_S
        self._rounds += 1
        self._tell()

    def _write_all(self) -> None:
        while True:
            if not self._batch:
                self._batch = list(self._taken())
            with self._states_lock:
                states = list(self._states.values())
            if not self._batch and not states:
                return
            writer = self._open()
            writer.follow(self._run_facts().wall_offset_s)
            refused = writer.write([*self._batch, *states])
            self._written += len(self._batch) - refused
            self._refused += refused
            self._refusal = writer.refusal or self._refusal
            self._batch = []
            self._forget_written(states)

    def _taken(self) -> Iterable[Entry]:
        for _ in range(BATCH_ROWS):
            try:
                yield self._queue.popleft()
            except IndexError:
                return

    def _forget_written(self, states: list[SavedState]) -> None:
        with self._states_lock:
            for state in states:
                if self._states.get(state.name) is state:
                    del self._states[state.name]

    def _open(self) -> LogWriter:
        """The writer, opened anew when the file was moved away under it."""
        if self._writer is not None and not self._writer.is_current:
            self._close_writer()
        if self._writer is None:
            self._writer = LogWriter(self._path, self._run_facts())
            self._openings += 1
        return self._writer

    def _open_first(self) -> None:
        """Open and look for damage; where there is some, begin anew at once."""
        for _ in range(2):
            try:
                check(self._open().connection, self._path)
            except (sqlite3.Error, OSError) as error:
                self._in_trouble(error)
                if not (is_damage(error) and self._set_aside):
                    return
                self._trouble, self._pause_s = "", BATCH_S
            else:
                return

    def _keep_aside(self, error: Exception) -> None:
        """Rename a damaged file; the next round begins a new one."""
        if not is_ours(self._path):
            return
        try:
            aside = set_aside(self._path, self._run_facts().opened_wall_s)
        except OSError as reason:
            self._trouble = f"{self._path} is damaged and cannot be renamed: {reason}"
            return
        self._set_aside = (
            f"{self._path} was damaged ({error}); it is kept as {aside} and a new log was begun"
        )

    def _in_trouble(self, error: Exception) -> None:
        self._errors += 1
        text = str(error)
        self._trouble = text if str(self._path) in text else f"{self._path}: {text}"
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        if not _is_passing(error):
            self._close_writer()
        if is_damage(error):
            self._keep_aside(error)

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _tell(self) -> None:
        with self._progress:
            self._progress.notify_all()


def _is_passing(error: Exception) -> bool:
    """Whether the open file is still good: somebody else holds it, or the disk is full."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL)
