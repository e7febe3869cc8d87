"""Everything that is wrong with a configuration file, collected before anybody is told.

A loader that stops at the first mistake makes people fix a file ten times. So every check writes
into one `Report`, which knows where in the file each setting stands; at the end it becomes one
`ConfigErrors` or nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from zeta_router.core.errors import ConfigError

Path = tuple[str | int, ...]
"""Where a setting stands: keys and list indices from the root of the file."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")


def path_text(path: Path) -> str:
    """A path as people write it: ``endpoints[1].url``, ``models["qwen2.5:7b"].tasks``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.match(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step if len(step) <= 80 else step[:79] + '…')}]"
    return text


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file; both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong (or, as a warning, doubtful) in a configuration file.

    Attributes:
        path: The setting, as `path_text` writes it; empty for the file as a whole.
        problem: What is wrong there, in one sentence, with the value that was found unless it is
            a secret.
        hint: What would mend it; empty when nothing better can be said.
        place: Where it stands; None when there is no file or it could not be read.
    """

    path: str
    problem: str
    hint: str = ""
    place: Place | None = None

    def text(self, source: str) -> str:
        """One line, in the form that editors and CI turn into a link: ``file:line:column: …``."""
        where = source if self.place is None else f"{source}:{self.place.line}:{self.place.column}"
        what = f"{self.path}: {self.problem}" if self.path else self.problem
        return f"{where}: {what}" + (f" ({self.hint})" if self.hint else "")


class ConfigErrors(ConfigError):  # noqa: N818 - several errors in one
    """Why a configuration cannot be used: every problem found in it, in the order of the file.

    As a `ConfigError` it speaks with its first problem's `path`, `problem` and `hint`.

    Args:
        problems: At least one.
        source: The file's name, for the message.
    """

    def __init__(self, problems: Iterable[Problem], source: str) -> None:
        self.problems = tuple(problems)
        self.source = source
        first = self.problems[0]
        super().__init__(first.path, first.problem, first.hint)

    def __str__(self) -> str:
        return "\n".join(problem.text(self.source) for problem in self.problems)


class Report:
    """Where problems and warnings are collected while a file is being checked.

    Args:
        source: The file's name, for messages.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.places: dict[Path, Place] = {}
        self._problems: list[tuple[Path, Problem]] = []
        self._warnings: list[Problem] = []

    @property
    def failed(self) -> bool:
        """Whether anything is wrong so far."""
        return bool(self._problems)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is doubtful, but no reason to refuse the file."""
        return tuple(self._warnings)

    def error(self, path: Path, problem: str, hint: str = "", place: Place | None = None) -> None:
        """Note that the setting at `path` cannot be used."""
        found = Problem(path_text(path), problem, hint, place or self.place_of(path))
        self._problems.append((path, found))

    def warn(self, path: Path, problem: str, hint: str = "") -> None:
        """Note that the setting at `path` is probably not what was meant."""
        self._warnings.append(Problem(path_text(path), problem, hint, self.place_of(path)))

    def place_of(self, path: Path) -> Place | None:
        """Where `path` stands, or the nearest thing around it that stands in the file."""
        for length in range(len(path), -1, -1):
            place = self.places.get(path[:length])
            if place is not None:
                return place
        return None

    def broken(self, path: Path) -> bool:
        """Whether something at `path` or inside it is wrong, so that it is not known in full."""
        return any(where[: len(path)] == path for where, _ in self._problems)

    def raise_if_failed(self) -> None:
        """Raise everything that was found, in the order of the file.

        Raises:
            ConfigErrors: If anything is wrong.
        """
        if self._problems:
            ordered = sorted((problem for _, problem in self._problems), key=_position)
            raise ConfigErrors(ordered, self.source)


def _position(problem: Problem) -> tuple[int, int]:
    return (problem.place.line, problem.place.column) if problem.place else (0, 0)
