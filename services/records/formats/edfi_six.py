"""Resources of Ed-Fi Data Standard 5 → 6.0: what an organisation says of a student is three resources, some members have other names.

From the standard's own lists of members and of what it demands: the published OpenAPI documents end with 5.0.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from safepassage.elements import BY_ID
from services.records.formats.edfi_resources import Body
from services.records.formats.edfi_times import school_year_of

ASSOCIATION: Final = "studentEducationOrganizationAssociations"
_WHOSE: Final = ("studentReference", "educationOrganizationReference")
_SPLIT: Final = {
    "studentDemographics": (
        "sexDescriptor",
        "hispanicLatinoEthnicity",
        "races",
        "languages",
        "tribalAffiliations",
        "supporterMilitaryConnectionDescriptor",
        "limitedEnglishProficiencyDescriptor",
        "studentCharacteristics",
    ),
    "studentDirectories": ("addresses", "telephones", "electronicMails"),
}
_RENAMED: Final = {
    "studentSpecialEducationProgramAssociations": {
        "iepReviewDate": "iepLastReviewDate",
        "lastEvaluationDate": "iepLastEvaluationDate",
    }
}
CODES: Final = "studentIdentificationCodes"
TESTS: Final = "studentAssessments"
YEAR: Final = "schoolYearTypeReference"


def as_six(resources: Mapping[str, Sequence[Body]]) -> dict[str, list[Body]]:
    """The same in 6.0. A test without a day has no school year, which 6.0 demands."""
    made: dict[str, list[Body]] = {}
    for resource, bodies in resources.items():
        names = _RENAMED.get(resource, {})
        for body in bodies:
            if resource == ASSOCIATION:
                _split(body, made)
            else:
                renamed = {names.get(name, name): value for name, value in body.items()}
                made.setdefault(resource, []).append(_with_year(renamed) if resource == TESTS else renamed)
    return made


def document_in_six(document: Mapping[str, Any]) -> dict[str, Any]:
    """What `edfi_resources` made, in 6.0. What 6.0 demands more of than there is is left out, and its element named."""
    made, missing = as_six(document["resources"]), set(document["not_expressed"])
    if any(YEAR not in body for body in made.get(TESTS, ())):
        missing.add("assessments.results")
        made[TESTS] = [body for body in made[TESTS] if YEAR in body]
    return {"resources": {name: those for name, those in made.items() if those}, "not_expressed": [one for one in BY_ID if one in missing]}


def _split(body: Body, made: dict[str, list[Body]]) -> None:
    whose = {name: body[name] for name in _WHOSE}
    made.setdefault(ASSOCIATION, []).append(whose)
    for resource, members in _SPLIT.items():
        said = {name: body[name] for name in members if name in body}
        if said:
            made.setdefault(resource, []).append(whose | said)
    for code in body.get(CODES, ()):
        made.setdefault(CODES, []).append(whose | code)


def _with_year(body: Body) -> Body:
    administered: Any = body.get("administrationDate")
    if administered is None:
        return body
    return body | {YEAR: {"schoolYear": school_year_of(date.fromisoformat(administered[:10]))}}
