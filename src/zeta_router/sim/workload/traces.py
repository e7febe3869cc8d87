"""Arrival traces: our own format and the public originals, told apart by their first line.

Read directly, so that nobody has to convert anything: Azure's LLM inference traces, BurstGPT and
Mooncake, each gzipped or plain. A row that cannot be read is an error with its line and not a
silent gap: a trace with holes looks like a lighter load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, NamedTuple

import msgspec

from zeta_router.core.errors import ConfigError
from zeta_router.sim.workload.files import bad_row, count, csv_rows, number, opened


class TraceRow(NamedTuple):
    """One arrival.

    Attributes:
        at_s: Seconds since the first arrival of the trace.
        input_tokens: Prompt length; None when the source does not say.
        output_tokens: Answer length; None when the source does not say.
        prefix_hashes: Chained hashes of the prompt's leading blocks, when the source has them.
    """

    at_s: float
    input_tokens: int | None = None
    output_tokens: int | None = None
    prefix_hashes: tuple[int, ...] = ()


OUR_HEADER = ("arrival_s", "input_tokens", "output_tokens")
OUR_HASHED_HEADER = (*OUR_HEADER, "hash_ids")
AZURE_HEADER = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
BURSTGPT_HEADER = (
    "Timestamp",
    "Model",
    "Request tokens",
    "Response tokens",
    "Total tokens",
    "Log Type",
)

Fields = Sequence[str]


def header_of(path: Path) -> tuple[str, ...]:
    """The first line, split at commas and stripped; for JSON lines, one field with all of it."""
    with opened(path) as file:
        line = file.readline().strip().removeprefix("\ufeff")
    if line.startswith("{"):
        return (line,)
    return tuple(field.strip() for field in line.split(","))


def read_trace(path: Path) -> list[TraceRow]:
    """All arrivals of a trace, sorted, the first at 0 s.

    Raises:
        ConfigError: With file, line and reason, for a row that cannot be read; for an unknown
            header; for a trace without rows.
    """
    header = header_of(path)
    with opened(path) as file:
        if header[0].startswith("{"):
            rows = list(_mooncake_rows(path, file))
        else:
            rows = list(_table_rows(path, file, header))
    if not rows:
        raise ConfigError(str(path), "has no rows")
    rows.sort(key=lambda row: row.at_s)
    start_s = rows[0].at_s
    return [row._replace(at_s=row.at_s - start_s) for row in rows]


def _table_rows(path: Path, file: IO[str], header: tuple[str, ...]) -> Iterator[TraceRow]:
    parse = _parser_of(path, header)
    ours = parse is _our_row
    last_s = 0.0
    for line, fields in csv_rows(path, file, header):
        try:
            row = parse(fields)
        except ValueError as error:
            raise bad_row(path, line, str(error)) from None
        if ours and row.at_s < last_s:
            raise bad_row(path, line, f"arrival_s {row.at_s:g} is before the row above it")
        last_s = row.at_s
        yield row


def _parser_of(path: Path, header: tuple[str, ...]) -> Callable[[Fields], TraceRow]:
    parsers = {
        OUR_HEADER: _our_row,
        OUR_HASHED_HEADER: _our_row,
        AZURE_HEADER: _azure_row,
        BURSTGPT_HEADER: _burstgpt_row,
    }
    if header not in parsers:
        known = " | ".join(",".join(names) for names in parsers)
        problem = f"unknown header {','.join(header)[:120]!r}"
        raise bad_row(path, 1, problem, f"known: {known} | Mooncake's JSON lines")
    return parsers[header]


def _our_row(fields: Fields) -> TraceRow:
    hashes: tuple[int, ...] = ()
    if len(fields) > 3 and fields[3]:
        try:
            hashes = tuple(map(int, fields[3].split()))
        except ValueError:
            raise ValueError(f"hash_ids is {fields[3][:60]!r}, not whole numbers") from None
    return TraceRow(
        number(fields[0], "arrival_s"),
        count(fields[1], "input_tokens"),
        count(fields[2], "output_tokens"),
        hashes,
    )


def _azure_row(fields: Fields) -> TraceRow:
    try:
        # it has seven digits of a second, one more than Python reads: 0.1 µs does not matter here
        at = datetime.fromisoformat(fields[0].strip()[:26])
    except ValueError:
        raise ValueError(f"TIMESTAMP is {fields[0]!r}, not a date and time") from None
    seconds = (at.replace(tzinfo=None) - _EPOCH).total_seconds()
    return TraceRow(seconds, count(fields[1], "ContextTokens"), count(fields[2], "GeneratedTokens"))


def _burstgpt_row(fields: Fields) -> TraceRow:
    return TraceRow(
        number(fields[0], "Timestamp"),
        count(fields[2], "Request tokens"),
        count(fields[3], "Response tokens"),
    )


class _MooncakeRow(msgspec.Struct):
    timestamp: float  # milliseconds
    input_length: int
    output_length: int
    hash_ids: tuple[int, ...] = ()


def _mooncake_rows(path: Path, file: IO[str]) -> Iterator[TraceRow]:
    decoder = msgspec.json.Decoder(_MooncakeRow)
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            row = decoder.decode(text)
        except msgspec.DecodeError as error:
            raise bad_row(path, line, str(error)) from None
        if min(row.timestamp, row.input_length, row.output_length) < 0:
            raise bad_row(path, line, "a negative timestamp or length")
        yield TraceRow(row.timestamp / 1000, row.input_length, row.output_length, row.hash_ids)


_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - the traces' times are naive; only gaps matter
