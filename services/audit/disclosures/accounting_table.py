"""The accounting of disclosures as a table: CSV, or rows of JSON. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from safepassage.wire_log import AccountedEntry, CopiedDisclosure, DisclosureAccounting
from shared.spreadsheet import table

COLUMNS: Final = (
    "date", "time_utc", "what", "outcome", "operation", "party", "party_name", "through_node", "through_agency",
    "purpose", "basis", "law", "data_elements",
    "emergency_threat", "on_behalf_of", "further_parties", "copy_due_on", "recorded_by_ferpa", "exempt_by", "recorded_by_idea",
    "log", "index", "proof", "passed_on_by",
)  # fmt: skip


OF_A_STUDENT: Final = (*COLUMNS, "may_disclose_further")
"""The authorities of 34 CFR 99.32(a)(1) are no entry's own: each line has them all."""


def accounting_table(accounting: DisclosureAccounting) -> str:
    """A line for each entry, newest first."""
    further = "; ".join(_authorities(accounting))
    return table(OF_A_STUDENT, ((*_cells(entry), further) for entry in accounting.entries))


def copied_table(disclosures: Sequence[CopiedDisclosure]) -> str:
    """A line for each disclosure of a copy, oldest first, with the students whose it was."""
    rows = ((" ".join(map(str, one.student_ids)), *_cells(one), one.called_back or "") for one in disclosures)
    return table(("students", *COLUMNS, "called_back"), rows)


def accounting_rows(accounting: DisclosureAccounting) -> list[dict[str, object]]:
    """The same for programs: a list stays a list, and what is not there is null."""
    further = _authorities(accounting)
    return [dict(zip(OF_A_STUDENT, (*_values(entry), further), strict=True)) for entry in accounting.entries]


def _authorities(accounting: DisclosureAccounting) -> tuple[str, ...]:
    return tuple(one.name or one.agency or one.organisation or one.node or "" for one in accounting.may_disclose_further)


def _cells(entry: AccountedEntry) -> Iterator[str]:
    for name, value in zip(COLUMNS, _values(entry), strict=True):
        if isinstance(value, bool):
            yield "yes" if value else "no"
        elif isinstance(value, tuple):
            yield (" " if name == "data_elements" else "; ").join(value)
        else:
            yield "" if value is None else str(value)


def _values(entry: AccountedEntry) -> tuple[object, ...]:
    return (
        entry.on.isoformat(),
        f"{entry.at:%H:%M:%S}",
        entry.phase,
        entry.outcome,
        entry.operation,
        entry.party.organisation or entry.party.client_id,
        entry.party.name,
        entry.party.node,
        entry.party.agency,
        entry.interest.purpose,
        entry.interest.basis,
        tuple(entry.interest.citations),
        tuple(entry.elements),
        entry.threat,
        None if entry.on_behalf_of is None else str(entry.on_behalf_of),
        tuple(one.party.organisation or one.party.node or "" for one in entry.further_parties),
        None if entry.copy_due_on is None else str(entry.copy_due_on),
        entry.ferpa_recordable,
        entry.exempt_by,
        entry.idea_recordable,
        entry.log,
        entry.index,
        entry.proof,
        None if entry.passed_on_by is None else entry.passed_on_by.agency or entry.passed_on_by.node,
    )
