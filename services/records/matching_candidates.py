"""Who may be the child asked for: students who share a keyed tag with what is said of the child, opened in memory."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from safepassage.record import StudentRecord
from safepassage.wire_exchange import PersonSelector
from services.records.lookup_tags import LookupTags
from services.records.matching import transposed
from services.records.matching_person import Candidate, candidate_of
from services.records.reading import opened
from services.records.record_sources import merged, record_of
from services.records.tables import SectionRow, StudentRow, TagRow
from services.records.vault import Vault
from shared import prepared

MOST = 200
"""Students opened for one request at the most; more share a tag only where a name and a date say nothing, and then a person decides."""

SECTIONS = ("identity", "contacts", "enrollment", "statements")


_TAGGED = select(TagRow.student_id).where(TagRow.tag.in_(bindparam("tags", expanding=True))).distinct().limit(MOST)
_SEALED = (
    select(StudentRow.wrapped_key, SectionRow.__table__)
    .join_from(StudentRow, SectionRow)
    .where(StudentRow.id.in_(bindparam("ids", expanding=True)), SectionRow.section.in_(bindparam("sections", expanding=True)))
)


def find_candidates(connection: Connection, vault: Vault, selector: PersonSelector) -> list[Candidate]:
    """Every student whom an identifier, or a name with a date of birth, of `selector` may mean, in the order of their ids."""
    found = prepared.rows(connection, _TAGGED, {"tags": list(selector_tags(vault.tags, selector))})
    return candidates_of(connection, vault, [one.student_id for one in found])


def candidates_of(connection: Connection, vault: Vault, student_ids: Iterable[UUID]) -> list[Candidate]:
    """What matching looks at of these students. Raises SealBroken."""
    return [candidate_of(identifier, record) for identifier, record in records_of(connection, vault, student_ids)]


def records_of(
    connection: Connection, vault: Vault, student_ids: Iterable[UUID], *, sections: Sequence[str] = SECTIONS
) -> list[tuple[UUID, StudentRecord]]:
    """What of these students' records matching looks at, or other sections, in the order of their ids. Raises SealBroken."""
    ids = sorted(set(student_ids))
    if not ids:
        return []
    sealed: dict[UUID, list[Any]] = {identifier: [] for identifier in ids}
    for row in prepared.rows(connection, _SEALED, {"ids": ids, "sections": list(sections)}):
        sealed[row.student_id].append(row)
    found = []
    for identifier, rows in sealed.items():
        parts = opened(vault.data_key(identifier, rows[0].wrapped_key), rows) if rows else []
        found.append((identifier, record_of(merged(parts))))
    return found


def selector_tags(tags: LookupTags, selector: PersonSelector) -> frozenset[bytes]:
    """The tags to look for: the state's id, and the names with the date of birth, also exchanged (`name_tags`)."""
    wanted: set[bytes] = set()
    if selector.state_student_id is not None:
        tag = tags.state_identifier(selector.state_student_id)
        wanted |= {tag} if tag is not None else set()
    return frozenset(wanted) | name_tags(tags, selector.first_name, selector.last_name, selector.birth_date)


def name_tags(tags: LookupTags, first_name: str, last_name: str, birth_date: date) -> frozenset[bytes]:
    """The tags of a name with the date of birth, also with month and day exchanged, and with given name and surname exchanged."""
    exchanged = transposed(birth_date)
    days = (birth_date,) if exchanged is None else (birth_date, exchanged)
    return tags.names_and_birth(first_name, last_name, None, *days) | tags.names_and_birth(last_name, first_name, None, *days)
