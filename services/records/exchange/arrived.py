"""Whether an answer has arrived at the node that asked: either of its receipts says so.

R2 repeats R1 and adds what became of the package. Where the answer with R1 was lost on its way, R2 is often there before the envelope is
due again; the answer is final then, nothing is sent any more, and R1 never comes.
"""

from typing import Any

from sqlalchemy import ColumnElement, or_


def has_arrived(row: Any) -> bool:
    """Of a row of outgoing envelopes."""
    return row.r1 is not None or row.r2 is not None


def arrived(columns: Any) -> ColumnElement[bool]:
    """The same in a question: `columns` of the table, or of an alias of it."""
    return or_(columns.r1.is_not(None), columns.r2.is_not(None))
