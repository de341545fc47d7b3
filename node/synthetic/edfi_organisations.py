"""A synthetic state's agency, districts and schools as elements of Ed-Fi's EducationOrganization interchange."""

from collections.abc import Iterator

from node.synthetic.edfi_elements import descriptor, published, tagged, valued
from node.synthetic.schooling import grade_code
from node.synthetic.states import LEVELS, Level, StatePlan, SyntheticOrganisation

USUAL = frozenset({"large", "town", "rural"})
"""Kinds of districts that Ed-Fi tells by no category of their own."""


def organisation_element(one: SyntheticOrganisation, state: StatePlan) -> str:
    """The agency, district or school as Data Standard 5.2 has it."""
    tag, category = {
        "sea": ("StateEducationAgency", "State Education Agency"),
        "lea": ("LocalEducationAgency", "Local Education Agency"),
        "school": ("School", "School"),
    }[one.kind]
    nces = ""
    if one.nces_id is not None:
        nces = tagged(
            "EducationOrganizationIdentificationCode",
            valued("IdentificationCode", one.nces_id),
            valued("EducationOrganizationIdentificationSystem", published("EducationOrganizationIdentificationSystem", "NCES")),
        )
    own = ""
    if one.kind == "lea":
        own = valued("LocalEducationAgencyCategory", _kind(one))
    elif one.level is not None:
        own = "".join(valued("GradeLevel", descriptor("GradeLevel", grade)) for grade in _grades(one.level))
        own += tagged("LocalEducationAgencyReference", tagged("LocalEducationAgencyIdentity", valued("LocalEducationAgencyId", one.parent)))
    return tagged(
        tag,
        nces,
        valued("NameOfInstitution", one.name),
        valued("EducationOrganizationCategory", published("EducationOrganizationCategory", category)),
        valued(f"{tag}Id", state.fips if one.kind == "sea" else one.key),
        own,
    )


def _kind(district: SyntheticOrganisation) -> str:
    if district.district is None or district.district in USUAL:
        return published("LocalEducationAgencyCategory", "Independent")
    return descriptor("LocalEducationAgencyCategory", district.district)


def _grades(level: Level) -> Iterator[str]:
    lowest, highest = LEVELS[level]
    return (grade_code(grade)["code"] for grade in range(lowest, highest + 1))
