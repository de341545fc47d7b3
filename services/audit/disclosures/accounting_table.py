"""The accounting of disclosures as CSV. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from safepassage.wire_log import AccountedEntry, CopiedDisclosure, DisclosureAccounting
from shared.spreadsheet import table

COLUMNS: Final = (
    "date", "time_utc", "what", "outcome", "operation", "party", "through_node", "purpose", "basis", "law", "data_elements",
    "emergency_threat", "on_behalf_of", "further_parties", "copy_due_on", "recorded_by_ferpa", "exempt_by", "recorded_by_idea",
    "log", "index", "proof",
)  # fmt: skip


def accounting_table(accounting: DisclosureAccounting) -> str:
    """A line for each entry, newest first."""
    return table(COLUMNS, (_cells(entry) for entry in accounting.entries))


def copied_table(disclosures: Sequence[CopiedDisclosure]) -> str:
    """A line for each disclosure of a copy, oldest first, with the students whose it was."""
    return table(("students", *COLUMNS), ((" ".join(map(str, one.student_ids)), *_cells(one)) for one in disclosures))


def _cells(entry: AccountedEntry) -> Iterator[str]:
    further = "; ".join(one.party.organisation or one.party.node or "" for one in entry.further_parties)
    for value in (
        entry.on.isoformat(),
        f"{entry.at:%H:%M:%S}",
        entry.phase,
        entry.outcome,
        entry.operation,
        entry.party.organisation or entry.party.client_id,
        entry.party.node,
        entry.interest.purpose,
        entry.interest.basis,
        "; ".join(entry.interest.citations),
        " ".join(entry.elements),
        entry.threat,
        entry.on_behalf_of,
        further,
        entry.copy_due_on,
        "yes" if entry.ferpa_recordable else "no",
        entry.exempt_by,
        "yes" if entry.idea_recordable else "no",
        entry.log,
        entry.index,
        entry.proof,
    ):
        yield "" if value is None else str(value)
