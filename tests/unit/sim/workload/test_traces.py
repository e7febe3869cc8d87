import gzip
import zlib
from pathlib import Path

import pytest

from zeta_router.core.errors import ConfigError
from zeta_router.sim.workload.traces import TraceRow, read_trace


def write(path: Path, text: str) -> Path:
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "gzipped-without-saying-so"])
def test_our_format(tmp_path: Path, name: str) -> None:
    text = "arrival_s,input_tokens,output_tokens\n0,374,44\n4.5,396,109\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name != "t.csv" else text.encode())
    assert read_trace(path) == [TraceRow(0.0, 374, 44), TraceRow(4.5, 396, 109)]


def test_our_format_with_prefix_hashes(tmp_path: Path) -> None:
    text = "arrival_s,input_tokens,output_tokens,hash_ids\n0,1024,6,7 8\n1,10,5,\n"
    rows = read_trace(write(tmp_path / "t.csv.gz", text))
    assert [row.prefix_hashes for row in rows] == [(7, 8), ()]


def test_azure(tmp_path: Path) -> None:
    text = (
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2023-11-16 18:15:46.6805900,374,44\n"
        "2023-11-16 18:15:50.9951690,396,109\n"
        "2023-11-17 00:00:00,1,1\n"
    )
    rows = read_trace(write(tmp_path / "azure.csv", text))
    assert [row.at_s for row in rows] == pytest.approx([0.0, 4.314579, 20653.31941], abs=1e-5)
    assert rows[1][1:] == (396, 109, ())


def test_azure_with_a_time_zone(tmp_path: Path) -> None:
    text = (
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2024-05-10 00:00:00.009930+00:00,2162,5\n2024-05-10 00:00:00.017335+00:00,2399,6\n"
    )
    rows = read_trace(write(tmp_path / "azure24.csv", text))
    assert rows[1].at_s == pytest.approx(0.007405, abs=1e-6)


def test_burstgpt_in_any_order(tmp_path: Path) -> None:
    text = (
        "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
        "118,GPT-4,120,30,150,API log\n5,ChatGPT,472,18,490,Conversation log\n"
    )
    rows = read_trace(write(tmp_path / "burst.csv.gz", text))
    assert rows == [TraceRow(0.0, 472, 18), TraceRow(113.0, 120, 30)]


def test_mooncake(tmp_path: Path) -> None:
    text = (
        '{"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47]}\n'
        '{"timestamp": 30535, "input_length": 6472, "output_length": 26, "hash_ids": [46]}\n'
    )
    rows = read_trace(write(tmp_path / "mooncake.jsonl", text))
    assert rows[0] == TraceRow(0.0, 6955, 52, (46, 47))
    assert rows[1] == TraceRow(pytest.approx(3.053), 6472, 26, (46,))


OURS = "arrival_s,input_tokens,output_tokens\n0,1,1\n"


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        (OURS + "soon,1,1\n", ":3", "arrival_s is 'soon', not a number"),
        (OURS + "1,-5,1\n", ":3", "at least 0"),
        (OURS + "1,5.5,1\n", ":3", "not a whole number"),
        (OURS + "1,nan,1\n", ":3", "finite"),
        (OURS + "1,5\n", ":3", "has 2 fields, the header has 3"),
        (OURS + "2,1,1\n1,1,1\n", ":4", "before the row above"),
        ("arrival_s,input_tokens,output_tokens,hash_ids\n0,1,1,a b\n", ":2", "whole numbers"),
        ("when,what\n1,2\n", ":1", "unknown header 'when,what'"),
        ("TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,1,1\n", ":2", "not a date"),
        (
            '{"timestamp": 0, "input_length": 1, "output_length": 1}\n{"timestamp": 0}\n',
            ":2",
            "input_length",
        ),
        ('{"timestamp": 0, "input_length": -1, "output_length": 1}\n', ":1", "negative"),
        ("arrival_s,input_tokens,output_tokens\n", "", "has no rows"),
    ],
)
def test_a_bad_row_is_named_with_file_line_and_reason(
    tmp_path: Path, text: str, place: str, problem: str
) -> None:
    path = write(tmp_path / "bad.csv", text)
    with pytest.raises(ConfigError) as caught:
        read_trace(path)
    assert caught.value.path == f"{path}{place}"
    assert problem in caught.value.problem


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_trace(tmp_path / "none.csv")


def test_a_cut_off_gzip_file(tmp_path: Path) -> None:
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress((OURS + "1,1,1\n" * 5000).encode())[:-20])
    with pytest.raises(ConfigError, match="damaged"):
        read_trace(path)


def test_a_gzip_file_with_a_flipped_bit(tmp_path: Path) -> None:
    """Deflate notices it in the middle, before the sum at the end does."""
    path = tmp_path / "flipped.csv.gz"
    rows = "".join(f"{n},{n * n % 997},{n % 89}\n" for n in range(5000))
    packed = bytearray(gzip.compress((OURS + rows).encode(), mtime=0))
    packed[200:208] = bytes(255 - byte for byte in packed[200:208])
    with pytest.raises(zlib.error):
        gzip.decompress(packed)
    path.write_bytes(packed)
    with pytest.raises(ConfigError, match="damaged"):
        read_trace(path)
