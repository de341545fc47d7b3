"""What the records service stores."""

from services.records.tables.match_reviews import MatchReviewRow
from services.records.tables.registry import Base, IdempotencyRow, LeaseRow, OrganisationRow, OutboxRow
from services.records.tables.students import (
    OWN,
    EnrollmentRow,
    LoadRow,
    PseudonymRow,
    SectionRow,
    SourceIdRow,
    StudentRow,
    TagRow,
)

__all__ = [
    "OWN",
    "Base",
    "EnrollmentRow",
    "IdempotencyRow",
    "LeaseRow",
    "LoadRow",
    "MatchReviewRow",
    "OrganisationRow",
    "OutboxRow",
    "PseudonymRow",
    "SectionRow",
    "SourceIdRow",
    "StudentRow",
    "TagRow",
]
