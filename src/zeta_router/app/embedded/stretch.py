"""Make a GGUF model k times as much work without changing a word it says.

A transformer block adds `attn_output(...)` and `ffn_down(...)` to the residual stream. A copy of a
block whose two output matrices are zero therefore adds exactly nothing, yet the engine computes
all of it: attention, KV cache and both matrix products. Appending (k - 1) such copies of every
block gives one small model k honest speeds, with bit-identical logits.

The file is rewritten as bytes: metadata is copied as it stands but for the block count, so nothing
is decoded and encoded again. Format: GGUF v3, ggml's docs/gguf.md.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

WrittenBytes = Callable[[int, int], None]
"""Told the bytes written so far and in total."""

_MAGIC = b"GGUF"
_DEFAULT_ALIGNMENT_BYTES = 32
_SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_UINT32, _STRING, _ARRAY = 4, 8, 9
_SILENCED = ("attn_output.", "ffn_down.")
_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor's entry: where its bytes lie in the source, None for zeros of that size."""

    name: str
    shape: tuple[int, ...]
    ggml_type: int
    size_bytes: int
    source_at: int | None


@dataclass(frozen=True, slots=True)
class Gguf:
    """The parts of a GGUF file that stretching needs.

    `metadata` is the raw key-value section; `blocks_at` is where in it the block count stands.
    """

    metadata: bytes
    metadata_count: int
    blocks: int
    blocks_at: int
    alignment_bytes: int
    tensors: tuple[Tensor, ...]


def read_gguf(path: Path) -> Gguf:
    """Read the layout of a GGUF file (not its weights).

    Raises:
        ValueError: Not GGUF v2/v3, cut short, or it does not say how many blocks it has.
    """
    with path.open("rb") as file:
        if file.read(4) != _MAGIC:
            raise ValueError(f"{path} is not a GGUF file")
        version, tensor_count, metadata_count = _unpack(file, "<IQQ")
        if version not in (2, 3):
            raise ValueError(f"{path} is GGUF version {version}; only 2 and 3 are understood")
        metadata_at = file.tell()
        alignment_bytes, blocks_at = _DEFAULT_ALIGNMENT_BYTES, None
        for _ in range(metadata_count):
            key, value_at = _skip_pair(file)
            if key == "general.alignment":
                alignment_bytes = _uint32_at(file, value_at)
            elif key.endswith(".block_count"):
                blocks_at = value_at
        if blocks_at is None:
            raise ValueError(f"{path} does not state its block count")
        blocks = _uint32_at(file, blocks_at)
        metadata_end = file.tell()
        tensors = _read_tensors(file, tensor_count, alignment_bytes)
        file.seek(metadata_at)
        metadata = file.read(metadata_end - metadata_at)
    return Gguf(metadata, metadata_count, blocks, blocks_at - metadata_at, alignment_bytes, tensors)


def stretched(model: Gguf, times: int) -> Gguf:
    """The model with `times` as many blocks, the added ones silent; 1 returns it unchanged."""
    added = tuple(
        _silent_copy(tensor, model.blocks * round_)
        for round_ in range(1, times)
        for tensor in model.tensors
        if tensor.name.startswith("blk.")
    )
    blocks = model.blocks * times
    metadata = bytearray(model.metadata)
    struct.pack_into("<I", metadata, model.blocks_at, blocks)
    return replace(model, metadata=bytes(metadata), blocks=blocks, tensors=model.tensors + added)


def write_gguf(model: Gguf, source: BinaryIO, out: BinaryIO, on_written: WrittenBytes) -> int:
    """Write `model`, taking weights from `source`, and return its size in bytes."""
    header = _header(model)
    total_bytes = len(header) + sum(_padded(t.size_bytes, model) for t in model.tensors)
    written_bytes = out.write(header)
    for tensor in model.tensors:
        for chunk in _chunks(tensor, source):
            written_bytes += out.write(chunk)
        written_bytes += out.write(bytes(-tensor.size_bytes % model.alignment_bytes))
        on_written(written_bytes, total_bytes)
    return written_bytes


def _silent_copy(tensor: Tensor, shift: int) -> Tensor:
    _, block, rest = tensor.name.split(".", 2)
    silent = rest.startswith(_SILENCED)
    return replace(
        tensor,
        name=f"blk.{int(block) + shift}.{rest}",
        source_at=None if silent else tensor.source_at,
    )


def _header(model: Gguf) -> bytes:
    parts = [
        _MAGIC,
        struct.pack("<IQQ", 3, len(model.tensors), model.metadata_count),
        model.metadata,
    ]
    offset = 0
    for tensor in model.tensors:
        name = tensor.name.encode()
        parts.append(struct.pack("<Q", len(name)) + name)
        parts.append(struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape))
        parts.append(struct.pack("<IQ", tensor.ggml_type, offset))
        offset += _padded(tensor.size_bytes, model)
    header = b"".join(parts)
    return header + bytes(-len(header) % model.alignment_bytes)


def _padded(size_bytes: int, model: Gguf) -> int:
    return size_bytes + -size_bytes % model.alignment_bytes


def _chunks(tensor: Tensor, source: BinaryIO) -> Iterator[bytes]:
    left_bytes = tensor.size_bytes
    if tensor.source_at is not None:
        source.seek(tensor.source_at)
    while left_bytes > 0:
        size_bytes = min(left_bytes, _COPY_BYTES)
        chunk = bytes(size_bytes) if tensor.source_at is None else source.read(size_bytes)
        if not chunk:
            raise ValueError(f"the model file ends within {tensor.name}")
        yield chunk
        left_bytes -= len(chunk)


def _read_tensors(file: BinaryIO, count: int, alignment_bytes: int) -> tuple[Tensor, ...]:
    entries = []
    for _ in range(count):
        name = _read_string(file)
        (dimensions,) = _unpack(file, "<I")
        shape = _unpack(file, f"<{dimensions}Q")
        ggml_type, offset = _unpack(file, "<IQ")
        entries.append((offset, name, shape, ggml_type))
    data_at = file.tell() + -file.tell() % alignment_bytes
    data_bytes = file.seek(0, 2) - data_at
    entries.sort()
    ends = [offset for offset, *_ in entries[1:]] + [data_bytes]
    return tuple(
        Tensor(name, shape, ggml_type, end - offset, data_at + offset)
        for (offset, name, shape, ggml_type), end in zip(entries, ends, strict=True)
    )


def _skip_pair(file: BinaryIO) -> tuple[str, int]:
    key = _read_string(file)
    (value_type,) = _unpack(file, "<I")
    value_at = file.tell()
    _skip_value(file, value_type)
    return key, value_at


def _skip_value(file: BinaryIO, value_type: int) -> None:
    if value_type == _STRING:
        file.seek(_unpack(file, "<Q")[0], 1)
    elif value_type == _ARRAY:
        item_type, count = _unpack(file, "<IQ")
        if item_type in _SCALAR_BYTES:
            file.seek(_SCALAR_BYTES[item_type] * count, 1)
        else:
            for _ in range(count):
                _skip_value(file, item_type)
    else:
        file.seek(_SCALAR_BYTES[value_type], 1)


def _uint32_at(file: BinaryIO, at: int) -> int:
    back = file.tell()
    file.seek(at)
    (value,) = _unpack(file, "<I")
    file.seek(back)
    return int(value)


def _read_string(file: BinaryIO) -> str:
    return file.read(_unpack(file, "<Q")[0]).decode()


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    wanted_bytes = struct.calcsize(layout)
    read = file.read(wanted_bytes)
    if len(read) < wanted_bytes:
        raise ValueError("the model file ends within its header")
    return struct.unpack(layout, read)
