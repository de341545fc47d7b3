"""Which elements of the record each Ed-Fi API resource says in full: a load that has the resource replaces them."""

from collections.abc import Iterable
from typing import Final

from safepassage.elements import BY_ID

ELEMENTS: Final[dict[str, tuple[str, ...]]] = {
    "students": ("identity.name", "identity.preferred_name", "identity.birth_date"),
    "studentSchoolAssociations": ("enrollment.enrollments",),
    "studentEducationOrganizationAssociations": ("identity.identifiers",),
    "studentIdentificationCodes": ("identity.identifiers",),
    "studentSchoolAttendanceEvents": ("attendance.events",),
    "courseTranscripts": ("academics.transcript",),
    "studentAssessments": ("assessments.results",),
    "studentSpecialEducationProgramAssociations": ("special_education.eligibility", "special_education.iep"),
    "studentSection504ProgramAssociations": ("special_education.section_504",),
    "studentHomelessProgramAssociations": ("programmes.homeless",),
    "studentMigrantEducationProgramAssociations": ("programmes.migrant",),
    "studentLanguageInstructionProgramAssociations": ("programmes.english_learner",),
    "studentSchoolFoodServiceProgramAssociations": ("programmes.meal_status",),
    "studentTitleIPartAProgramAssociations": ("programmes.title_i",),
    "studentProgramAssociations": ("programmes.gifted",),
    "studentCTEProgramAssociations": ("programmes.career_technical",),
    "studentNeglectedOrDelinquentProgramAssociations": ("programmes.neglected_delinquent",),
    "studentHealths": ("health.immunizations",),
    "studentDisciplineIncidentBehaviorAssociations": ("discipline.incidents",),
}
"""Guardians are not among them: Ed-Fi knows no ended rights, so it may add a guardian and never replace one."""

UPDATES: Final = frozenset(
    {
        "identity.other_names", "identity.birth_place", "identity.multiple_birth", "identity.sex", "identity.ssn",
        "demographics.race_ethnicity", "demographics.languages", "demographics.tribal_affiliation", "demographics.military_connection",
        "contacts.addresses", "contacts.telephones", "contacts.emails", "academics.grade_point_averages",
        "programmes.homeless", "programmes.foster",
    }
)  # fmt: skip
"""Elements that the API may say, and that another source may have said: they are replaced where it says something.

What a characteristic alone says takes nothing away (edfi_characteristics).
"""

assert {element for elements in ELEMENTS.values() for element in elements} | UPDATES <= set(BY_ID)  # noqa: S101 a typing error here would lose data


def elements_of(resources: Iterable[str]) -> frozenset[str]:
    """The elements that an upload with these resources says in full."""
    return frozenset(element for resource in resources for element in ELEMENTS.get(resource, ()))
