"""A stretched model is whole, k times as deep, and its added blocks are silent.

Written files are read back with the reference library, which knows nothing of how they were made.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest

from zeta_router.app.embedded.stretch import read_gguf, stretched, write_gguf

BLOCKS = 2


def stretch(source: Path, times: int) -> Path:
    made = source.with_name(f"x{times}.gguf")
    with source.open("rb") as weights, made.open("wb") as out:
        size_bytes = write_gguf(
            stretched(read_gguf(source), times), weights, out, lambda _done, _total: None
        )
    assert size_bytes == made.stat().st_size
    return made


def tensors(path: Path) -> dict[str, np.ndarray]:
    return {tensor.name: tensor.data for tensor in gguf.GGUFReader(path).tensors}


def metadata(path: Path) -> dict[str, object]:
    fields = gguf.GGUFReader(path).fields
    return {n: f.contents() for n, f in fields.items() if not n.startswith("GGUF.")}


@pytest.mark.parametrize("times", [1, 2, 4])
def test_the_reference_reader_finds_k_times_the_blocks(tiny_gguf: Path, times: int) -> None:
    made = stretch(tiny_gguf, times)
    blocks = {name.split(".")[1] for name in tensors(made) if name.startswith("blk.")}
    assert blocks == {str(block) for block in range(times * BLOCKS)}
    assert metadata(made) == {**metadata(tiny_gguf), "llama.block_count": times * BLOCKS}


def test_the_models_own_tensors_are_untouched(tiny_gguf: Path) -> None:
    before, after = tensors(tiny_gguf), tensors(stretch(tiny_gguf, 4))
    for name, tensor in before.items():
        np.testing.assert_array_equal(after[name], tensor, err_msg=name)


def test_added_blocks_compute_as_much_but_their_outputs_are_zero(tiny_gguf: Path) -> None:
    before, after = tensors(tiny_gguf), tensors(stretch(tiny_gguf, 4))
    added = {name: tensor for name, tensor in after.items() if name not in before}
    assert len(added) == 3 * 4 * BLOCKS
    for name, tensor in added.items():
        _, block, rest = name.split(".", 2)
        original = before[f"blk.{int(block) % BLOCKS}.{rest}"]
        assert tensor.shape == original.shape
        if rest.startswith(("attn_output.", "ffn_down.")):
            assert not tensor.any(), name
        else:
            np.testing.assert_array_equal(tensor, original, err_msg=name)


def test_progress_ends_at_the_files_size(tiny_gguf: Path) -> None:
    told: list[tuple[int, int]] = []
    with tiny_gguf.open("rb") as weights, tiny_gguf.with_name("out").open("wb") as out:
        size_bytes = write_gguf(
            stretched(read_gguf(tiny_gguf), 2),
            weights,
            out,
            lambda done, total: told.append((done, total)),
        )
    assert told[-1] == (size_bytes, size_bytes)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_what_is_not_gguf_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "poem.gguf"
    path.write_text("roses are red")
    with pytest.raises(ValueError, match=r"poem\.gguf is not a GGUF file"):
        read_gguf(path)


def test_an_unknown_version_is_refused(tiny_gguf: Path) -> None:
    data = bytearray(tiny_gguf.read_bytes())
    data[4] = 9
    tiny_gguf.write_bytes(data)
    with pytest.raises(ValueError, match="version 9"):
        read_gguf(tiny_gguf)


def test_a_file_cut_short_in_its_header_is_refused(tiny_gguf: Path) -> None:
    tiny_gguf.write_bytes(tiny_gguf.read_bytes()[:200])
    with pytest.raises(ValueError, match="ends within its header"):
        read_gguf(tiny_gguf)


def test_a_file_cut_short_in_its_weights_is_refused(tiny_gguf: Path) -> None:
    model = read_gguf(tiny_gguf)
    tiny_gguf.write_bytes(tiny_gguf.read_bytes()[:-64])
    with (
        tiny_gguf.open("rb") as weights,
        tiny_gguf.with_name("out").open("wb") as out,
        pytest.raises(ValueError, match="ends within"),
    ):
        write_gguf(model, weights, out, lambda _done, _total: None)
