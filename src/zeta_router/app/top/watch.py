"""Looking again and again: the loop of `zeta top`."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import aiohttp
from rich.console import Console
from rich.live import Live
from rich.text import Text

from zeta_router.app.reaching import key_headers
from zeta_router.app.top.figures import Figures, History
from zeta_router.app.top.keys import pressed, signalled
from zeta_router.app.top.reading import TIMEOUT_S, AwayError, look
from zeta_router.app.top.screen import Frame, screen
from zeta_router.core.errors import ConfigError

REDRAWN_S = 0.5
"""Longest time between two drawings: ages go on while nothing new is read."""


@contextlib.asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections of our own to one gateway."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S, connect=2)
    async with aiohttp.ClientSession(timeout=timeout, headers=key_headers()) as made:
        yield made


async def once(url: str, interval_s: float) -> Figures:
    """The figures after two looks, so that rates are known.

    Raises:
        ConfigError: Nobody answers there.
    """
    async with session() as asking:
        history = History()
        await _first(asking, url, history)
        await asyncio.sleep(min(interval_s, 1.0))
        return await _first(asking, url, history)


async def stream(url: str, interval_s: float) -> AsyncIterator[Figures]:
    """Figures without end; `away` says why none could be read.

    Raises:
        ConfigError: Nobody answers at the first look.
    """
    async with session() as asking:
        history = History()
        figures = await _first(asking, url, history)
        while True:
            yield figures | {"away": None}
            await asyncio.sleep(interval_s)
            try:
                figures = history.add(await look(asking, url, history.to_ask()))
            except (AwayError, ConfigError) as error:
                yield figures | {"away": str(error)}


async def live(url: str, interval_s: float, console: Console) -> None:
    """Draw on the terminal until q, Ctrl-C or a signal.

    Raises:
        ConfigError: Nobody answers at the first look.
    """
    watching = Watching(url, interval_s, console)
    async with session() as asking, signalled(watching.quit, watching.wake):
        await watching.first(asking)
        drawn = Live(console=console, screen=True, auto_refresh=False)
        with drawn as drawing, pressed(watching.quit):
            await watching.run(asking, drawing)


class Watching:
    """The state between two looks.

    A gateway that goes away leaves the last figures on the screen, dimmed, under a warning that
    says for how long; it is asked again at the same pace until it is back.
    """

    def __init__(self, url: str, interval_s: float, console: Console) -> None:
        self._url = url
        self._interval_s = interval_s
        self._console = console
        self._history = History()
        self._figures: Figures = {}
        self._stop = False
        self._awake = asyncio.Event()
        self._away = ""
        self._away_since_s = 0.0

    def quit(self) -> None:
        """End the loop."""
        self._stop = True
        self.wake()

    def wake(self) -> None:
        """Draw at once."""
        self._awake.set()

    async def first(self, asking: aiohttp.ClientSession) -> None:
        """Look before anything is drawn.

        Raises:
            ConfigError: Nobody answers.
        """
        self._figures = await _first(asking, self._url, self._history)

    async def run(self, asking: aiohttp.ClientSession, drawing: Live) -> None:
        """Look and draw until told to stop."""
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(self._look_on(asking))
            while not self._stop:
                drawing.update(self._drawn(), refresh=True)
                self._awake.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), REDRAWN_S)
            looking.cancel()

    async def _look_on(self, asking: aiohttp.ClientSession) -> None:
        while True:
            await asyncio.sleep(self._interval_s)
            try:
                reading = await look(asking, self._url, self._history.to_ask())
            except (AwayError, ConfigError) as error:
                if not self._away:
                    self._away_since_s = time.monotonic()
                self._away = str(error)
            else:
                self._away = ""
                self._figures = self._history.add(reading)
            self.wake()

    def _drawn(self) -> Text:
        away = self._away
        if away:
            away = f"{away}, for {time.monotonic() - self._away_since_s:.0f} s; asking on"
        size = self._console.size
        ascii_only = not self._console.encoding.lower().startswith("utf")
        frame = Frame(self._url, size.width, size.height, away, ascii_only)
        return screen(self._figures, frame)


async def _first(asking: aiohttp.ClientSession, url: str, history: History) -> Figures:
    try:
        return history.add(await look(asking, url, history.to_ask()))
    except AwayError as error:
        hint = "start one with `zeta serve`, or name another with --url"
        raise ConfigError("", f"no gateway answers on {url}: {error}", hint) from None
