"""Reload: notices that the file changed, and hands on a new configuration or the reason why not.

A file is looked at by its size, time and inode every second, which works on every file system,
container mount and editor (many replace the file instead of writing it, and a watch on the inode
then sees nothing). Whoever edits it may be caught half way: a change is read only once the file
has kept still for `SETTLE_S`, and a text that cannot be used is read a second time before anybody
is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path

from zeta_router.app.config.diff import diff, until_restart
from zeta_router.app.config.load import load_file
from zeta_router.app.config.loaded import LoadedConfig
from zeta_router.core.errors import ConfigError

POLL_S = 1.0
"""Seconds between two looks at the file."""

SETTLE_S = 0.2
"""Seconds for which a file must keep still before it is read, and before it is read again."""

_MAX_SETTLES = 25

Fingerprint = tuple[int, int, int] | None
"""Modification time in ns, size in bytes and inode; None when there is no such file."""

Load = Callable[[], Awaitable[LoadedConfig]]


def fingerprint_of(path: Path) -> Fingerprint:
    """What tells, without reading it, whether a file is still the same."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def loader_of(
    path: Path, environ: Mapping[str, str], policies: Collection[str] | None = None
) -> Load:
    """A `load` for `ConfigWatcher` that reads in a thread, so that no stream waits for it."""
    return lambda: asyncio.to_thread(load_file, path, environ, policies)


class ConfigWatcher:
    """Keeps one configuration up to date with its file.

    Time is the event loop's, so a loop with virtual time tests it. The callbacks run in the
    loop's thread, one at a time, and get whole configurations only.

    Attributes:
        current: What is in force: of the latest file, all that needs no restart.

    Args:
        current: What is in force when `run` starts.
        seen: What the file looked like before `current` was read from it.
        load: Reads the file; raises `ConfigError` when it cannot be used.
        fingerprint: Looks at the file.
        on_change: Told the new configuration when a setting differs from the one in force, which
            is in `current` until this returns.
        on_error: Told why the file cannot be used; the old configuration stays in force.
        on_same: Told when the file was read and says what is in force already.
    """

    def __init__(
        self,
        current: LoadedConfig,
        seen: Fingerprint,
        load: Load,
        fingerprint: Callable[[], Fingerprint],
        *,
        on_change: Callable[[LoadedConfig], None],
        on_error: Callable[[ConfigError], None],
        on_same: Callable[[], None] = lambda: None,
    ) -> None:
        self.current = current
        self._seen = seen
        self._load = load
        self._fingerprint = fingerprint
        self._on_change = on_change
        self._on_error = on_error
        self._on_same = on_same
        self._asked = asyncio.Event()

    def trigger(self) -> None:
        """Read the file at once even if it looks unchanged (SIGHUP); from the loop's thread."""
        self._asked.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            try:
                async with asyncio.timeout(POLL_S):
                    await self._asked.wait()
            except TimeoutError:
                if self._fingerprint() == self._seen:
                    continue
                await self._settle()
            self._asked.clear()
            await self._reload()

    async def _settle(self) -> None:
        """Wait until the file has kept still, or 5 s for one that never does."""
        before = self._fingerprint()
        for _ in range(_MAX_SETTLES):
            await asyncio.sleep(SETTLE_S)
            now = self._fingerprint()
            if now == before:
                return
            before = now

    async def _reload(self) -> None:
        """Read the file, a second time if that failed or it moved meanwhile, and tell."""
        result = await self._read()
        if isinstance(result, ConfigError) or self._fingerprint() != self._seen:
            await asyncio.sleep(SETTLE_S)
            result = await self._read()
        if isinstance(result, ConfigError):
            self._on_error(result)
            return
        if diff(self.current, result):
            self._on_change(result)
        else:
            self._on_same()
        self.current = until_restart(self.current, result)

    async def _read(self) -> LoadedConfig | ConfigError:
        self._seen = self._fingerprint()
        try:
            return await self._load()
        except ConfigError as error:
            return error
