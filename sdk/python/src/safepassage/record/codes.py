"""What the sections are made of: codes kept as their source said them, amounts, dates of validity, organisations by reference."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import Field, StringConstraints, model_validator

from safepassage.wire import Name, Wire

Member = TypeVar("Member")

Short = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=4000)]

Some = Annotated[tuple[Member, ...], Field(min_length=1, max_length=5000)]
"""One or more. A list with nothing in it is left out, so that "the source has nothing" has one form only."""

Amount = Annotated[Decimal, Field(max_digits=12, decimal_places=4, ge=0)]
"""An exact number, a string in JSON: canonical bytes know no floats."""

Count = Annotated[int, Field(ge=0, le=1_000_000)]
SchoolYear = Annotated[int, Field(ge=1950, le=2100)]
"""The year in which the school year ends: 2026 is 2025-2026, as Ed-Fi and CEDS count."""


def ceds(identifier: str) -> Any:
    """Marks a member that may be left out with its CEDS version 13 global id; the JSON schema says it as `x-ceds`."""
    return Field(default=None, json_schema_extra={"x-ceds": identifier})


def ceds_id(identifier: str) -> Any:
    """As `ceds`, within `Annotated`, for a member that must be there or has a default of its own."""
    return Field(json_schema_extra={"x-ceds": identifier})


class Coded(Wire):
    """A code as the source has it, never translated: what cannot be resolved here may be resolved by the reader."""

    system: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """The code system: `ceds:<element id>`, a descriptor's URI without its value, or the source's own name for it."""
    code: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    description: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = None


class Period(Wire):
    """When something held. Both days belong to it; without an end it still holds."""

    begin_date: date | None = None
    end_date: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "Period":
        if self.begin_date is not None and self.end_date is not None and self.end_date < self.begin_date:
            raise ValueError("end_date is before begin_date")
        return self


class OrganisationReference(Wire):
    """A school or agency as the source names it. It need not resolve in the node that reads it."""

    name: Name | None = ceds("000191")
    nces_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{7}([0-9]{5})?$")] | None = None
    state_id: Short | None = None
    local_id: Short | None = None
    state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = ceds("000267")

    @model_validator(mode="after")
    def _says_something(self) -> "OrganisationReference":
        if self.name is None and self.nces_id is None and self.state_id is None and self.local_id is None:
            raise ValueError("an organization is named by a name or an id")
        return self


class Section(Wire):
    """A part of the record that is sealed as one. Its members are the elements of the catalogue, each optional, at least one there."""

    @model_validator(mode="after")
    def _holds_something(self) -> "Section":
        for member in self.__dict__.values():
            if member is not None:
                return self
        raise ValueError("a section with no element in it is left out")
