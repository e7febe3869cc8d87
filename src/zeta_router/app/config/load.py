"""Reading `zeta.yaml`: text to tree to types to a configuration, with every problem at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from zeta_router.app.config.build import build
from zeta_router.app.config.loaded import LoadedConfig
from zeta_router.app.config.meaning import check_meaning
from zeta_router.app.config.report import ConfigErrors, Place, Problem, Report
from zeta_router.app.config.shape import read_shape
from zeta_router.app.config.tree import MAX_BYTES, BadYaml, Node, read_tree
from zeta_router.app.config.tree import Mapping as TreeMapping
from zeta_router.core.errors import BugError


def load_file(
    path: str | Path, environ: Mapping[str, str], policies: Collection[str] | None = None
) -> LoadedConfig:
    """The configuration in a file.

    Args:
        path: Where the file is; also what messages call it.
        environ: Variables that `${NAME}` may refer to, usually `os.environ`.
        policies: Names of the policies there are; None accepts any name.

    Raises:
        ConfigErrors: If the file cannot be read or used; holds every problem found in it.
    """
    source = str(path)
    return load_text(text_of(path), source=source, environ=environ, policies=policies)


def load_text(
    text: str,
    *,
    source: str,
    environ: Mapping[str, str],
    policies: Collection[str] | None = None,
) -> LoadedConfig:
    """The configuration in a text.

    Args:
        text: The content of a `zeta.yaml`.
        source: What messages call it.
        environ: Variables that `${NAME}` may refer to.
        policies: Names of the policies there are; None accepts any name.

    Raises:
        ConfigErrors: If the text cannot be used; holds every problem found in it.
    """
    report = Report(source)
    root = tree_of(text, source)
    if isinstance(root, TreeMapping):
        report.places[()] = root.place
    file = read_shape(root, environ, report)
    if file is not None:
        check_meaning(file, policies, report)
    report.raise_if_failed()
    if file is None:
        raise BugError("a file was refused without a reason")
    return build(file, report)


def text_of(path: str | Path) -> str:
    """The content of a file.

    Raises:
        ConfigErrors: It cannot be read, or is no text.
    """
    source = str(path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        hint = "`zeta init` writes a first one" if isinstance(error, FileNotFoundError) else ""
        problem = Problem("", f"cannot be read: {reason}", hint)
        raise ConfigErrors([problem], source) from error
    return _decode(data, source)


def tree_of(text: str, source: str) -> Node:
    """The tree of a text, of which nothing is checked yet.

    Raises:
        ConfigErrors: It is no YAML that can be read safely.
    """
    try:
        return read_tree(text)
    except BadYaml as bad:
        raise ConfigErrors([Problem("", bad.problem, bad.hint, bad.place)], source) from None


def _decode(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= MAX_BYTES - 4 and len(data) > MAX_BYTES:
            return data.decode("utf-8", "replace")  # cut in the middle; refused for its length
        before = data[: error.start]
        place = Place(before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1)
        problem = Problem("", "is not UTF-8 text", "save it as UTF-8", place)
        raise ConfigErrors([problem], source) from None
