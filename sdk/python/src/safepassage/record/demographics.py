"""What statistics and support ask of the student's background."""

from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from safepassage.record.codes import Coded, Period, Section, Some, ceds, ceds_id
from safepassage.wire import Name, Wire


class RaceEthnicity(Wire):
    """Answers to the question as it was asked: in two parts, or combined in one. Neither is made from the other."""

    hispanic_or_latino: bool | None = ceds("000144")
    races: Some[Coded] | None = ceds("001943")
    combined: Some[Coded] | None = ceds("001943")
    declined: bool = False


class Language(Wire):
    """A language and what it is used for."""

    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$"), ceds_id("000317")]
    """ISO 639-2 or 639-3."""
    use: Coded | None = ceds("000316")


class TribalAffiliation(Wire):
    """An enrolled or affiliated tribe, as its code list has it."""

    tribe: Annotated[Coded, ceds_id("001657")]
    enrolled_member: bool | None = None


class MilitaryConnection(Period):
    """A parent's or guardian's service, with the dates that the interstate compact asks for."""

    status: Annotated[Coded, ceds_id("001576")]
    component: Coded | None = ceds("001640")
    permanent_change_of_station_on: date | None = None
    orders_expire_on: date | None = None
    installation: Name | None = None


class Demographics(Section):
    """Section `demographics`."""

    race_ethnicity: RaceEthnicity | None = ceds("001943")
    languages: Some[Language] | None = ceds("000317")
    tribal_affiliation: Some[TribalAffiliation] | None = ceds("001657")
    military_connection: MilitaryConnection | None = ceds("001576")
