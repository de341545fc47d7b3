"""The rows of a batch of records: gathered first, written with one statement a table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, update

from services.records.read_marks import ReadMark
from services.records.record_sources import Part
from services.records.subject_facts import EnrolledAt
from services.records.tables import CodedStudentRow, EnrollmentRow, SectionRow, SourceIdRow, StudentRow, TagRow
from services.records.vault import DataKey
from shared import prepared
from shared.contracts.privacy import SubjectFacts


class Rows:
    """What is to be written. `replaced` are (student, source) whose parts and tags, and all whose enrolments and code, are written anew."""

    def __init__(self) -> None:
        self.replaced: list[tuple[UUID, str]] = []
        self.facts: list[SubjectFacts] = []
        self._changed: list[dict[str, Any]] = []
        self._rows: dict[Any, list[dict[str, Any]]] = {row: [] for row in _WRITTEN}

    def add_student(self, **values: Any) -> None:
        """A new student: the columns of StudentRow."""
        self._rows[StudentRow].append(values)

    def change_student(self, student_id: UUID, **values: Any) -> None:
        """New values in columns of a student that is there."""
        self._changed.append({"id_": student_id, **{f"new_{name}": value for name, value in values.items()}})

    def add_parts(self, student_id: UUID, key: DataKey, parts: Sequence[Part]) -> None:
        """The parts, sealed."""
        for part in parts:
            place: dict[str, Any] = {"section": part.section, "source": part.source, "version": part.version}
            self._rows[SectionRow].append({"student_id": student_id, **place, "sealed": key.seal(part.encoded(), **place)})

    def add_code(self, student_id: UUID, sealed: bytes, version: int) -> None:
        """What statistics know of the student, sealed."""
        self._rows[CodedStudentRow].append({"student_id": student_id, "version": version, "sealed": sealed})

    def add_tags(self, student_id: UUID, source: str, tags: Iterable[bytes]) -> None:
        """The look-up tags that a source's identity gives."""
        self._rows[TagRow] += [{"tag": tag, "student_id": student_id, "source": source} for tag in tags]

    def add_enrollments(self, student_id: UUID, enrolled: Iterable[EnrolledAt]) -> None:
        """Every enrolment of a student at organisations of this node."""
        self._rows[EnrollmentRow] += [
            {"student_id": student_id, "organisation_id": e.organisation_id, "entry_date": e.entry_date, "exit_date": e.exit_date}
            for e in enrolled
        ]

    def add_source_id(self, student_id: UUID, key: DataKey, tag: bytes, content_tag: bytes, mark: ReadMark | None) -> None:
        """The source system's id, tagged, and by what the student is known when the same comes again."""
        read = {"read_tag": None, "read_sealed": None} if mark is None else {"read_tag": mark.tag, "read_sealed": mark.sealed(key, tag)}
        self._rows[SourceIdRow].append({"tag": tag, "student_id": student_id, "content_tag": content_tag, **read})

    def write(self, connection: Connection) -> None:
        """Write everything, old parts out and new ones in."""
        if self.replaced:
            students = {student for student, _ in self.replaced}
            # Source by source: for pairs of a student and a source SQLite looks at every row of the table.
            for source in sorted({source for _, source in self.replaced}):
                ids = [student for student, of_source in self.replaced if of_source == source]
                for row in (SectionRow, TagRow):
                    connection.execute(delete(row).where(row.student_id.in_(ids), row.source == source))
            for of_all_sources in (EnrollmentRow, CodedStudentRow):
                connection.execute(delete(of_all_sources).where(of_all_sources.student_id.in_(students)))
            tags = [one["tag"] for one in self._rows[SourceIdRow]]
            # Of these students only: that a source id is another's already ends in the primary key's error.
            connection.execute(delete(SourceIdRow).where(SourceIdRow.tag.in_(tags), SourceIdRow.student_id.in_(students)))
        prepared.change_each(connection, _CHANGE, self._changed)
        for row, values in self._rows.items():
            if values:
                # In the order of the index: keys are random, and neighbours are on one page.
                prepared.add_each(connection, _INSERT[row], sorted(values, key=_PLACE_IN_INDEX[row]))


_CHANGED = ("custodian_id", "originating_agency", "version", "facts_version", "changed_at")
_CHANGE = update(StudentRow).where(StudentRow.id == bindparam("id_")).values({name: bindparam(f"new_{name}") for name in _CHANGED})
_WRITTEN = (StudentRow, SectionRow, TagRow, EnrollmentRow, SourceIdRow, CodedStudentRow)
_INSERT = {row: insert(row) for row in _WRITTEN}


def _of_student(values: Mapping[str, Any]) -> Any:
    return values["student_id"].int  # numbers in the order of their texts and bytes


_PLACE_IN_INDEX: dict[Any, Callable[[Mapping[str, Any]], Any]] = dict.fromkeys(_WRITTEN, _of_student) | {
    StudentRow: lambda values: values["id"].int,
    TagRow: itemgetter("tag"),
    SourceIdRow: itemgetter("tag"),
}
