"""What was touched, a row for each student of each entry, and as CSV. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from safepassage.wire_log_radius import TouchedStudent
from services.audit.index.terms import HERE
from services.audit.openings import OpenedEntry
from services.audit.published import PublishedLog
from shared.spreadsheet import table

COLUMNS: Final = (
    "student_id", "custodian_id", "logged_at", "class", "operation", "outcome", "purpose", "basis", "recipient", "through_node", "state",
    "data_elements", "log", "index", "proof",
)  # fmt: skip


def rows_of(entries: Sequence[OpenedEntry], published: PublishedLog, *, state_of: Callable[[str], str | None]) -> list[TouchedStudent]:
    """The rows of entries as the caller sees them; what was destroyed and what is about nobody has none."""
    rows = []
    for entry in entries:
        context: dict[str, Any] = {} if entry.context is None else entry.context.payload
        recipient = context.get("recipient_organisation")
        node = context.get("recipient_node")
        shared = {
            "logged_at": entry.logged_at,
            "class_name": entry.leaf.class_,
            "recipient": recipient,
            "node": node,
            "state": state_of(node or HERE) if recipient or node else None,
            "elements": tuple(context.get("elements", ())),
            "log": entry.origin,
            "index": entry.place.at,
            "proof": "published" if entry.place < (published.log.year, published.size) else "pending",
        } | {name: context.get(name) for name in ("operation", "outcome", "purpose", "basis")}
        rows += [
            TouchedStudent.model_validate({"student_id": part.student, "custodian_id": part.custodian, **shared})
            for part in entry.subjects
            if part.student is not None
        ]
    return rows


def touched_table(rows: Sequence[TouchedStudent]) -> str:
    """A line for each row."""
    return table(COLUMNS, (_cells(row) for row in rows))


def _cells(row: TouchedStudent) -> Iterator[str]:
    for value in (
        row.student_id, row.custodian_id, f"{row.logged_at:%Y-%m-%dT%H:%M:%SZ}", row.class_name, row.operation, row.outcome, row.purpose,
        row.basis, row.recipient, row.node, row.state, " ".join(row.elements), row.log, row.index, row.proof,
    ):  # fmt: skip
        yield "" if value is None else str(value)
