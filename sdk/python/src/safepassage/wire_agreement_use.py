"""What of an agreement's schedule is used, and an agreement as a document for other systems."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.wire import Instant, Name, Wire
from safepassage.wire_evidence import AnyNewAgreement
from safepassage.wire_policy import AgreementAmendment, ElementId

Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
"""`2026-10`, of UTC."""


class ElementUse(Wire):
    """An element in a month: decisions in which it was permitted for some student, and in which it was asked for and permitted for none."""

    element: ElementId
    permitted: int
    refused: int


class MonthOfUse(Wire):
    """The decisions of a month."""

    month: Month
    decisions: int
    elements: tuple[ElementUse, ...]


class AgreementUse(Wire):
    """`GET /v1/agreements/{id}/use`: actual against agreed, counted from recorded decisions. It tells of no student."""

    agreement_id: UUID
    scheduled: tuple[ElementId, ...]
    """The schedule that is in force today."""
    permitted: tuple[ElementId, ...]
    """Permitted in some decision."""
    never_asked_for: tuple[ElementId, ...]
    """Scheduled, and not asked for in any decision that was counted."""
    asked_for_and_refused: tuple[ElementId, ...]
    """Asked for, and permitted in no decision that was counted; scheduled or not."""
    months: tuple[MonthOfUse, ...]
    """The newest first."""
    decisions: int
    counted_from: Instant | None
    """The oldest decision that was counted; older ones were not where `complete` is false."""
    complete: bool


class AgreementParty(Wire):
    """An organisation of the document, by what other systems know it by."""

    id: UUID
    kind: Name
    name: Name
    nces_id: str | None = None
    state_id: str | None = None


class AgreementClause(Wire):
    """A clause that the law asks of this kind of agreement, or that the parties named."""

    clause: Name
    citation: Name | None
    where: Name


class AgreementDocument(Wire):
    """An agreement's facts in a neutral form, never its text. `agreement` and `amendments` are what is taken in; the rest is derived."""

    v: Literal[1] = 1
    agreement: AnyNewAgreement
    amendments: Annotated[tuple[AgreementAmendment, ...], Field(max_length=40)] = ()
    terminated_at: Instant | None = None
    """When it ended before its day, for all of its districts. Such a document is for the file: it is not taken in."""
    parties: tuple[AgreementParty, ...] = ()
    clauses: tuple[AgreementClause, ...] = ()
