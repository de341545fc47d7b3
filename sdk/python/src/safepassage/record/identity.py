"""Who the student is."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from safepassage.record.codes import Coded, Period, Section, Short, Some, ceds, ceds_id
from safepassage.wire import Name, Wire


class LegalName(Wire):
    """A name as the birth certificate or the court order has it. Who has one name only has it as `last_1`."""

    prefix: Short | None = ceds("000212")
    first: Name | None = ceds("000115")
    middle: Name | None = ceds("000184")
    last_1: Annotated[Name, ceds_id("000172")]
    last_2: Name | None = ceds("000172")
    """The second surname, where there are two: García López has last_1 García and last_2 López (as MSIX has it)."""
    suffix: Short | None = ceds("000121")


class PreferredName(Wire):
    """How the student is called."""

    first: Name | None = ceds("001514")
    last: Name | None = ceds("001513")


class OtherName(Period):
    """A name that was or is in use besides the legal one."""

    kind: Annotated[Literal["alias", "previous-legal", "nickname", "other"], ceds_id("000634")]
    first: Name | None = ceds("001514")
    middle: Name | None = ceds("001515")
    last: Name | None = ceds("001513")
    sealed: bool = False
    """Sealed by a court or at the person's wish: kept, never looked up by, and never released."""


class BirthDate(Wire):
    """When the student was born, and how the agency knows."""

    birth_date: Annotated[date, ceds_id("000033")]
    verification: Coded | None = ceds("000428")


class BirthPlace(Wire):
    """Where the student was born."""

    city: Name | None = ceds("000426")
    state: Short | None = ceds("000427")
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = ceds("000051")


class MultipleBirth(Wire):
    """Whether the student is a twin, a triplet, ..., and which."""

    indicator: Annotated[bool, ceds_id("000431")]
    order: Annotated[int, Field(ge=1, le=12)] | None = None


class Identifier(Wire):
    """An id by which an information system knows the student. The SSN has its own element, and no place here."""

    kind: Annotated[Literal["state", "district", "school", "migrant", "other"], ceds_id("001075")]
    system: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """Who gave it, so that the same digits from two systems are not one id: a state's code, an agency's NCES id, a source system's name."""
    value: Annotated[Short, ceds_id("001071")]


class Identity(Section):
    """Section `identity`."""

    name: LegalName | None = ceds("000115")
    preferred_name: PreferredName | None = ceds("000206")
    other_names: Some[OtherName] | None = ceds("000206")
    birth_date: BirthDate | None = ceds("000033")
    birth_place: BirthPlace | None = ceds("000427")
    multiple_birth: MultipleBirth | None = ceds("000431")
    sex: Coded | None = ceds("000255")
    identifiers: Some[Identifier] | None = ceds("001071")
    ssn: Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")] | None = ceds("001071")
