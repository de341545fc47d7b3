"""What is kept with a source and names a student who goes: it goes with the student. What it says of nobody stays.

No column of the binding's own in these files may name a person but by its words. A row of a file that is not read goes whole; of an
organisation, a session, a course or a class, which others are in, the columns go that are not read.
"""

import zlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.records import SealBroken
from services.records.formats.oneroster_kept import HEAD, KEPT
from services.records.roster_keeping import identifier_of
from services.records.tables import KeptRosterRow, KeptStudentRow, StudentRow
from services.records.vault import Vault

_OF_NOBODY: Final = frozenset(
    {
        *HEAD, "parentSourcedId", "classSourcedId", "courseSourcedId", "schoolSourcedId", "orgSourcedId", "termSourcedIds",
        "schoolYearSourcedId", "categorySourcedId", "gradingPeriodSourcedId", "academicSessionSourcedId", "lineItemSourcedId",
        "scoreScaleSourcedId", "resourceSourcedId", "assignDate", "dueDate", "resultValueMin", "resultValueMax", "weight", "type", "source",
        "learningObjectiveId", "scoreScaleValue", "vendorResourceId", "vendorId", "applicationId", "roles", "importance", "schoolYear",
        "grades", "subjects", "subjectCodes", "classType", "location", "periods",
    }
)  # fmt: skip
"""Columns of the binding that say an id of something else, a number, a date or a code: that it is a student's id too is chance."""


def without(frame: Mapping[str, Mapping[str, Mapping[str, str]]], identifiers: Collection[str]) -> dict[str, dict[str, Mapping[str, str]]]:
    """What is kept of a source, without what names one of these students by the id that the source gave."""
    staying: dict[str, dict[str, Mapping[str, str]]] = {}
    for name, rows in frame.items():
        read = KEPT.get(name)
        those = staying[name] = {}
        for key, row in rows.items():
            naming = {column for column, value in row.items() if column not in _OF_NOBODY and _names(value, identifiers)}
            if read is not None:
                those[key] = {column: value for column, value in row.items() if column in read or column not in naming}
            elif not naming:
                those[key] = row
    return staying


def _names(value: str, identifiers: Collection[str]) -> bool:
    return any(part.strip() in identifiers for part in value.split(","))


async def forget_in_sources(tx: AsyncSession, vault: Vault, students: Sequence[UUID]) -> None:
    """Take out of what is kept of their sources what names these students, while what is kept of the students is still here.

    What does not open under its key says nothing to anybody, and stays as it is. A source's version goes on, so that a delta that was made
    of it before does not bring back what went.
    """
    named: dict[bytes, set[str]] = defaultdict(set)
    query = select(KeptStudentRow, StudentRow.wrapped_key).join(StudentRow, StudentRow.id == KeptStudentRow.student_id)
    for row, wrapped_key in (await tx.execute(query.where(KeptStudentRow.student_id.in_(students)))).all():
        try:
            named[row.source].add(identifier_of(vault.data_key(row.student_id, wrapped_key), row))
        except SealBroken:
            continue
    for source in sorted(named):
        held = (await tx.scalars(select(KeptRosterRow).where(KeptRosterRow.source == source).with_for_update())).one_or_none()
        if held is not None:
            _forget(vault, held, named[source])


def _forget(vault: Vault, held: KeptRosterRow, identifiers: Collection[str]) -> None:
    try:
        frame: dict[str, Any] = msgspec.json.decode(zlib.decompress(vault.open_roster(held.id, held.sealed)))
    except SealBroken:
        return
    staying = without(frame, identifiers)
    if staying != frame:
        held.sealed = vault.seal_roster(held.id, zlib.compress(msgspec.json.encode(staying)))
        held.version += 1
