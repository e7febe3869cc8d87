"""What training makes, as a file: NumPy's archive of plain arrays, no pickle."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from zeta_router.core.errors import ConfigError

UNREADABLE: Final = (ValueError, KeyError, OSError, EOFError, BadZipFile)
"""What `np.load` and a look-up of its arrays raise where a file holds something else."""


def text_array(text: str) -> NDArray[np.uint8]:
    """A text as an array; `text_of` is the way back."""
    return np.frombuffer(text.encode(), np.uint8)


def text_of(array: NDArray[Any]) -> str:
    """The text that `text_array` made an array of."""
    return array.tobytes().decode()


def write_arrays(path: Path, **arrays: NDArray[Any]) -> None:
    """Write arrays by name to `path`, whole or not at all.

    Raises:
        ConfigError: The file cannot be written.
    """
    buffer = BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(buffer.getvalue())
        partial.replace(path)
    except OSError as error:
        raise ConfigError(str(path), f"cannot be written: {error.strerror}") from error
