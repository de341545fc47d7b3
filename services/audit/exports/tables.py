"""Entries as lines of JSON, as CSV, and as Parquet. Pure."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from safepassage.canonical import canonical_json
from services.audit.exports.exported import COLUMNS, MANY, NUMBERS, ExportedEntry
from shared.spreadsheet import table

if TYPE_CHECKING:
    import pyarrow as pa

Write = Callable[[Sequence[ExportedEntry]], bytes]
"""A part from its entries. Of none it is a file without entries."""


def as_json_lines(entries: Sequence[ExportedEntry]) -> bytes:
    """An object a line, canonical (RFC 8785), each ended by a line feed."""
    return b"".join(canonical_json(_object(entry)) + b"\n" for entry in entries)


def as_csv(entries: Sequence[ExportedEntry]) -> bytes:
    """A header line, then a line for each entry; several values of one cell are separated by blanks. No cell begins a formula."""
    return table(COLUMNS, ([_text(value) for value in entry.cells().values()] for entry in entries)).encode()


def as_parquet(entries: Sequence[ExportedEntry]) -> bytes:
    """A Parquet file (format 2.6, Zstandard)."""
    import pyarrow as pa  # noqa: PLC0415 55 MB that nothing else of a node needs
    import pyarrow.parquet as pq  # noqa: PLC0415 as above

    schema = _schema()
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for entry in entries:
        for name, value in entry.cells().items():
            columns[name].append(value)
    out = BytesIO()
    pq.write_table(pa.table(columns, schema=schema), out, compression="zstd", version="2.6")
    return out.getvalue()


@lru_cache(maxsize=1)
def _schema() -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415 as above

    kinds: Mapping[str, Any] = {
        "index": pa.int64(),
        "logged_at": pa.timestamp("us", tz="UTC"),
        "destroyed": pa.bool_(),
        "student_ids": pa.list_(pa.string()),
        **dict.fromkeys(MANY, pa.list_(pa.string())),
        **dict.fromkeys(NUMBERS, pa.int64()),
    }
    return pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])


def _object(entry: ExportedEntry) -> dict[str, Any]:
    return {
        "log": entry.log,
        "index": entry.index,
        "entry_id": entry.entry_id,
        "class": entry.class_,
        "logged_at": _instant(entry),
        "destroyed": entry.destroyed,
        "student_ids": list(entry.student_ids),
        "policy_hash": entry.policy_hash,
        "actor": None if entry.actor is None else dict(entry.actor),
        "context": None if entry.context is None else dict(entry.context),
    }


def _instant(entry: ExportedEntry) -> str:
    return f"{entry.logged_at:%Y-%m-%dT%H:%M:%SZ}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if hasattr(value, "strftime") else str(value)
