"""CSV (RFC 4180) that people open in a spreadsheet: every cell is quoted, and none begins a formula. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

MEDIA_TYPE: Final = "text/csv; charset=utf-8"

STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the start of a formula, full-width forms too."""


def table(columns: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """A header line, then a line for each row."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def harmless(cell: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would take it for a formula, blanks before it or not."""
    return f"'{cell}" if cell.lstrip(" \u00a0\u3000").startswith(STARTS_FORMULA) else cell
