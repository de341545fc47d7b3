"""Coded students in the store: sealed beside the record with the student's own data key, so that they go when the key goes."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from safepassage.record import StudentRecord
from services.records.reading import opened
from services.records.record_sources import Part, merged, record_of
from services.records.statistics.coding import LAYOUT, WIDTH, coded, state_of
from services.records.tables import OWN, SectionRow
from services.records.vault import DataKey
from shared import prepared

CODED: Final = "coded"
"""Where it is sealed; no section of a record has this name."""


def sealed_code(key: DataKey, record: StudentRecord, parts: Sequence[Part], *, version: int, today: date) -> bytes:
    """A student's code, to store. `record` is the whole one; `parts` are those of every source."""
    return key.seal(coded(record, arrived_from=arrived_from(parts), today=today), section=CODED, source=CODED, version=version)


def arrived_from(parts: Sequence[Part]) -> str | None:
    """The state of the node that sent a record of the student last; None where none did."""
    sent = [part for part in parts if part.source != OWN and part.section == "enrollment" and "enrollments" in part.members]
    return state_of(_enrollments(max(sent, key=lambda part: part.version))) if sent else None


def _enrollments(part: Part) -> list[Any]:
    """The enrolments of an enrollment part."""
    held: list[Any] = json.loads(part.members["enrollments"])
    return held


def opened_code(key: DataKey, row: Any) -> bytes | None:
    """The code of a stored student: None where there is none of this version and layout. `row` has student_version, version, sealed."""
    if row.sealed is None or row.version != row.student_version:
        return None
    code = key.open(row.sealed, section=CODED, source=CODED, version=row.version)
    return code if code[0] == LAYOUT and len(code) == WIDTH else None


def code_of_record(connection: Connection, key: DataKey, student_id: UUID, *, today: date) -> bytes:
    """The code made of the record itself: of a student who was stored before there were codes, or under another layout."""
    parts = opened(key, prepared.rows(connection, _SECTIONS, {"id_": student_id}))
    return coded(record_of(merged(parts)), arrived_from=arrived_from(parts), today=today)


_SECTIONS = select(SectionRow.__table__).where(SectionRow.student_id == bindparam("id_"))
