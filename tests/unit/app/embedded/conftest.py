"""A GGUF file small enough to look at, written by the reference library."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest

BLOCKS = 2


@pytest.fixture
def tiny_gguf(tmp_path: Path) -> Path:
    """Two blocks, sizes that need padding, and every kind of metadata that must be skipped."""
    path = tmp_path / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(BLOCKS)
    writer.add_bool("test.flag", True)
    writer.add_float64("test.double", 0.5)
    writer.add_array("test.words", ["a", "", "wörter"])
    writer.add_array("test.numbers", [1, 2, 3])
    writer.add_string("test.last", "after the arrays")
    draws = np.random.default_rng(1)
    writer.add_tensor("token_embd.weight", draws.random((7, 3), dtype=np.float32))
    for block in range(BLOCKS):
        for name, shape in (("attn_q", (3, 3)), ("attn_output", (3, 3)), ("ffn_down", (3, 5))):
            tensor = draws.random(shape, dtype=np.float32)
            writer.add_tensor(f"blk.{block}.{name}.weight", tensor)
        writer.add_tensor(f"blk.{block}.ffn_down.bias", draws.random(3, dtype=np.float32))
    writer.add_tensor("output_norm.weight", draws.random(3, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
