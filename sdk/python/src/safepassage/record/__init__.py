"""The student record: our own transfer package, one closed model a section, its members the elements of `safepassage.elements`."""

from safepassage.record.codes import Coded, OrganisationReference, Section
from safepassage.record.provenance import Provenance, StatementOfDisagreement
from safepassage.record.student_record import SECTION_MODELS, Sections, StudentRecord

__all__ = [
    "SECTION_MODELS",
    "Coded",
    "OrganisationReference",
    "Provenance",
    "Section",
    "Sections",
    "StatementOfDisagreement",
    "StudentRecord",
]
