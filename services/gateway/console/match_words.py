"""Why a match needs a person, what is compared, and on what a decision rests. Data; a test compares the lists with the services'."""

from collections.abc import Mapping
from typing import Final

from safepassage.record.loads import MatchReason
from safepassage.record.match_cases import MatchField
from services.gateway.console.words import word

DOUBTS: Final[Mapping[str, str]] = {
    "identifier-contradicts": word("A state’s number says otherwise"),
    "multiple-birth": word("There may be a twin"),
    "several-agree": word("Several agree"),
    "none-agrees-fully": word("None agrees fully"),
    "default-birth-date": word("January 1 may stand for an unknown birthday"),
    "name-and-birth-date-only": word("Nothing but name and birthday agrees"),
    "given-name-near": word("The first names are only alike"),
    "nickname": word("One first name may be a nickname"),
    "surname-differs": word("The last names differ"),
    "middle-name-differs": word("The middle names differ"),
    "suffix-differs": word("The suffixes differ"),
    "sex-differs": word("The sexes differ"),
    "birth-date-differs": word("The birthdays differ"),
    "weight-below-automatic": word("What agrees is not rare enough"),
}
"""By reason of a match."""

FIELDS: Final[Mapping[MatchField, str]] = {
    "given-name": word("First name"),
    "middle-name": word("Middle name"),
    "surname": word("Last name"),
    "suffix": word("Suffix"),
    "other-names": word("Other names"),
    "birth-date": word("Date of birth"),
    "multiple-birth": word("Twin or other multiple birth"),
    "sex": word("Sex"),
    "state-id": word("State’s number"),
    "school": word("Schools"),
    "district": word("Districts"),
    "guardian-surname": word("Guardians’ last names"),
}
"""In the order in which they are compared."""

RESTS_ON_WORDS: Final[Mapping[MatchReason, str]] = {
    "documents-seen": word("Documents were seen"),
    "school-asked": word("The school was asked"),
    "family-asked": word("The family was asked"),
    "agency-asked": word("The other agency was asked"),
    "compared-here": word("What is compared here"),
}
