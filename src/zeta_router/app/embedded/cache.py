"""The stretched models on disk: made once, checked on reuse, safe to make twice at once."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from zeta_router.app.embedded.stretch import WrittenBytes, read_gguf, stretched, write_gguf
from zeta_router.core.errors import ConfigError

RECIPE = 1
"""Raise it when `stretch` writes different bytes: files of another recipe are not reused."""

_STALE_PART_S = 3600.0


def cache_folder() -> Path:
    """Where made models are kept: $ZETA_CACHE, else zeta-router in the user's cache folder."""
    if own := os.environ.get("ZETA_CACHE"):
        return Path(own).expanduser()
    user_cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(user_cache).expanduser() / "zeta-router"


def stretched_model(
    source: Path, times: int, folder: Path, on_written: WrittenBytes = lambda _done, _total: None
) -> Path:
    """A model file that is `times` the work of `source`; made if `folder` does not have it.

    The name carries the recipe, the source's size and the file's own size, so a reused file is
    known to be whole and made from this source. It appears under that name in one step (rename),
    and two processes that make it at once write the same bytes, so the last rename harms nobody.

    Args:
        source: The model to stretch; returned as it is when `times` is 1.
        times: Multiple of its work, at least 1.
        folder: Cache folder, made if missing.
        on_written: Told the progress in bytes; not called when the file is reused.

    Raises:
        ConfigError: The folder cannot be written (rights, space); names the folder and the mend.
    """
    if times == 1:
        return source
    prefix = f"{source.stem}-x{times}-r{RECIPE}-{source.stat().st_size}-"
    if (whole := _whole_file(folder, prefix)) is not None:
        return whole
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_stale_parts(folder)
        return _make(source, times, folder, prefix, on_written)
    except OSError as error:
        raise ConfigError(
            str(folder),
            f"cannot keep the models of the embedded fleet here: {error.strerror or error}",
            "set ZETA_CACHE to a writable folder with 1 GB free",
        ) from error


def _whole_file(folder: Path, prefix: str) -> Path | None:
    for path in sorted(folder.glob(f"{prefix}*.gguf")):
        if path.stem.removeprefix(prefix) == str(path.stat().st_size):
            return path
    return None


def _make(source: Path, times: int, folder: Path, prefix: str, on_written: WrittenBytes) -> Path:
    model = stretched(read_gguf(source), times)
    descriptor, part_name = tempfile.mkstemp(prefix=prefix, suffix=".part", dir=folder)
    part = Path(part_name)
    try:
        with os.fdopen(descriptor, "wb") as out, source.open("rb") as weights:
            size_bytes = write_gguf(model, weights, out, on_written)
        return part.replace(folder / f"{prefix}{size_bytes}.gguf")
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _remove_stale_parts(folder: Path) -> None:
    """Remove what a process that was killed while writing left behind."""
    for part in folder.glob("*.part"):
        with suppress(FileNotFoundError):  # another process has just finished it
            if time.time() - part.stat().st_mtime > _STALE_PART_S:
                part.unlink()
