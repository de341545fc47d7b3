"""The student record: what a node keeps of a student and what travels between nodes (the transfer package, version 1)."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from safepassage.elements import SECTIONS
from safepassage.record.academics import Academics
from safepassage.record.assessments import Assessments
from safepassage.record.attendance import Attendance
from safepassage.record.codes import Section
from safepassage.record.contacts import Contacts
from safepassage.record.demographics import Demographics
from safepassage.record.discipline import Discipline
from safepassage.record.enrollment import Enrollments
from safepassage.record.health import Health
from safepassage.record.identity import Identity
from safepassage.record.programmes import Programmes
from safepassage.record.provenance import Provenance, StatementOfDisagreement
from safepassage.record.special_education import SpecialEducation
from safepassage.wire import Wire

SECTION_MODELS: dict[str, type[Section]] = {
    "identity": Identity,
    "demographics": Demographics,
    "contacts": Contacts,
    "enrollment": Enrollments,
    "attendance": Attendance,
    "academics": Academics,
    "assessments": Assessments,
    "special_education": SpecialEducation,
    "programmes": Programmes,
    "health": Health,
    "discipline": Discipline,
}
"""The model of each section of the catalogue; their members are the elements, no more and no fewer."""


class Sections(Wire):
    """The sections of a record, each there or left out."""

    identity: Identity | None = None
    demographics: Demographics | None = None
    contacts: Contacts | None = None
    enrollment: Enrollments | None = None
    attendance: Attendance | None = None
    academics: Academics | None = None
    assessments: Assessments | None = None
    special_education: SpecialEducation | None = None
    programmes: Programmes | None = None
    health: Health | None = None
    discipline: Discipline | None = None

    def sections(self) -> Iterator[tuple[str, Section]]:
        """Name and content of each section that is there, in the order of the catalogue."""
        for name in SECTIONS:
            section: Section | None = getattr(self, name)
            if section is not None:
                yield name, section

    def elements(self) -> tuple[str, ...]:
        """The ids of the elements that are there, in the order of the catalogue."""
        return tuple(
            f"{name}.{member}"
            for name, section in self.sections()
            for member in type(section).model_fields
            if getattr(section, member) is not None
        )

    def document(self) -> dict[str, Any]:
        """The JSON document: what is not there has no member, instants and exact numbers are strings."""
        return self.model_dump(mode="json", exclude_none=True)


def _of_the_catalogue(value: dict[str, Provenance]) -> dict[str, Provenance]:
    if not set(value) <= set(SECTIONS):
        raise ValueError("provenance of a section that does not exist")
    return value


class StudentRecord(Sections):
    """A student's education record (34 CFR 99.3), or the part of it that may be seen.

    What 99.3 leaves out of the term (sole-possession notes, records of a law-enforcement unit, employment and treatment records)
    has no place in it. Who the student is *here*, a node's id, is not in it either: that never leaves the node.
    """

    v: Literal[1] = 1
    provenance: Annotated[dict[str, Provenance], Field(max_length=20), AfterValidator(_of_the_catalogue)]
    statements: Annotated[tuple[StatementOfDisagreement, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _accounted_for(self) -> Self:
        present = {name for name, _ in self.sections()}
        if set(self.provenance) != present:
            raise ValueError("every section that is there says where it comes from, and no other")
        # INVARIANT: a contested section never stands without its statements, nor a statement without its mark (34 CFR 99.21(c)).
        known = {statement.id for statement in self.statements}
        marked = {(name, statement) for name, origin in self.provenance.items() for statement in origin.contested_by}
        owed = {(name, statement.id) for statement in self.statements for name in statement.sections & present}
        if len(known) != len(self.statements) or marked != owed or {statement for _, statement in marked} != known:
            raise ValueError("statements of disagreement and the sections that they contest do not agree")
        return self
