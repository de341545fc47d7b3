"""Where a section comes from, and who disagrees with it."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from safepassage.elements import BY_ID, SECTIONS
from safepassage.wire import Instant, Wire


class Provenance(Wire):
    """Who made a section, and as of when.

    34 CFR 99.3 "Disclosure": giving a record back to the party that provided or created it is none, so every section says who that is.
    """

    originating_agency: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """An organisation's UUID in the node that holds the record, or `<entity id>#<its id there>` when it came from another node."""
    source_system: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """The information system or interchange that said it."""
    as_of: Instant
    contested_by: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()
    """Statements of disagreement with this section or an element of it. They travel with what they relate to."""


def _catalogued(value: str) -> str:
    if value not in BY_ID and value not in SECTIONS:
        raise ValueError("not an element or section of the catalogue")
    return value


Contested = Annotated[str, StringConstraints(max_length=64), AfterValidator(_catalogued)]
"""An element, or a whole section, that a statement relates to."""


class StatementOfDisagreement(Wire):
    """What a parent or eligible student placed beside a record that was not amended (34 CFR 99.21(b)(2)).

    99.21(c): it is kept with the contested part as long as that is kept, and disclosed whenever that is disclosed.
    """

    id: UUID
    relates_to: Annotated[tuple[Contested, ...], Field(min_length=1, max_length=50)]
    statement: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    placed_by: Literal["parent", "eligible-student"]
    placed_on: date
    hearing_reference: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None

    @property
    def sections(self) -> frozenset[str]:
        """The sections that the statement touches."""
        return frozenset(target.partition(".")[0] for target in self.relates_to)

    def relates_to_element(self, element: str) -> bool:
        """Whether disclosing `element` discloses a part that the statement relates to."""
        return element in self.relates_to or element.partition(".")[0] in self.relates_to
