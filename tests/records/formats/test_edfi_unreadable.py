"""What a source says in a form that cannot be read, or that comes to less in the record, is kept as it came: Ed-Fi XML."""

import pytest

from services.records.formats.edfi_xml import read_edfi_xml
from tests.records.formats.test_edfi_xml import REFERENCE, STUDENT, archive, kept, only

NAMED = REFERENCE.format(id="7")


def program(kind: str, said: str) -> str:
    return f"<Student{kind}ProgramAssociation>{NAMED}{said}</Student{kind}ProgramAssociation>"


DISABILITY = "<Disability><Disability>uri://ed-fi.org/DisabilityDescriptor#Deafness</Disability>{more}</Disability>"
MEALS = "<{tag}><{tag}>{code}</{tag}></{tag}>"


@pytest.mark.requirement("FORM-edfi-kept")
@pytest.mark.parametrize(
    ("kind", "readable", "not_readable"),
    [
        ("SpecialEducation", "<IEPBeginDate>2025-09-01</IEPBeginDate>", "<IEPBeginDate>next autumn</IEPBeginDate>"),
        ("SpecialEducation", "<IdeaEligibility>true</IdeaEligibility>", "<IdeaEligibility>pending</IdeaEligibility>"),
        (
            "SpecialEducation",
            "<SpecialEducationHoursPerWeek>4.5</SpecialEducationHoursPerWeek>",
            "<SpecialEducationHoursPerWeek>4-5</SpecialEducationHoursPerWeek>",
        ),
        (
            "SpecialEducation",
            DISABILITY.format(more="<OrderOfDisability>1</OrderOfDisability>"),
            DISABILITY.format(more="<OrderOfDisability>3</OrderOfDisability>"),
        ),
        ("Section504", "<AccommodationPlan>0</AccommodationPlan>", "<AccommodationPlan>N</AccommodationPlan>"),
        ("Homeless", "<EndDate>2026-01-05</EndDate>", "<EndDate>01/05/2026</EndDate>"),
        ("MigrantEducation", "<PriorityForServices>1</PriorityForServices>", "<PriorityForServices>yes</PriorityForServices>"),
        (
            "SchoolFoodService",
            "<DirectCertification>true</DirectCertification>",
            MEALS.format(
                tag="SchoolFoodServiceProgramService", code="uri://ed-fi.org/SchoolFoodServiceProgramServiceDescriptor#Free Breakfast"
            ),
        ),
    ],
)
def test_what_a_programme_says_that_cannot_be_read_is_kept(kind: str, readable: str, not_readable: str) -> None:
    read = read_edfi_xml(archive(Student=STUDENT.format(id="7"), Programs=program(kind, readable)))
    assert kept(read) == {}
    element = program(kind, not_readable)
    parsed = read_edfi_xml(archive(Student=STUDENT.format(id="7"), Programs=element))
    assert kept(parsed) == {f"Student{kind}ProgramAssociation": [{"element": f"Student{kind}ProgramAssociation", "xml": element}]}
    assert parsed.findings.reasons["member-kept"] == 1
    assert parsed.students[0].record is not None


@pytest.mark.requirement("FORM-edfi-kept")
def test_a_birth_that_is_said_in_other_words_is_no_single_birth_and_kept() -> None:
    said = STUDENT.format(id="7").replace(">true<", ">unknown<")
    parsed = read_edfi_xml(archive(Student=said))
    assert "multiple_birth" not in str(only(parsed))
    assert "unknown" in kept(parsed)["Student"][0]["xml"]


def said(*members: str) -> str:
    return f"<StudentEducationOrganizationAssociation>{NAMED}{''.join(members)}</StudentEducationOrganizationAssociation>"


NUMBER = (
    "<StudentIdentificationCode><StudentIdentificationSystem>uri://ed-fi.org/StudentIdentificationSystemDescriptor#SSN"
    "</StudentIdentificationSystem><IdentificationCode>{number}</IdentificationCode></StudentIdentificationCode>"
)
LANGUAGE = "<Language><Language>uri://ed-fi.org/LanguageDescriptor#{code}</Language></Language>"
HOME = "<Address><StreetNumberName>1 Way</StreetNumberName><DoNotPublishIndicator>{said}</DoNotPublishIndicator></Address>"


@pytest.mark.requirement("FORM-edfi-kept")
@pytest.mark.parametrize(
    ("readable", "not_readable"),
    [
        (NUMBER.format(number="900-12-3456"), NUMBER.format(number="900-12-345")),
        (LANGUAGE.format(code="cmn"), LANGUAGE.format(code="Mandarin")),
        (HOME.format(said="false"), HOME.format(said="N")),
    ],
)
def test_what_is_said_of_a_student_that_cannot_be_read_is_kept_and_made_nothing_else(readable: str, not_readable: str) -> None:
    read = read_edfi_xml(archive(Student=STUDENT.format(id="7"), StudentEnrollment=said(readable)))
    assert kept(read) == {}
    parsed = read_edfi_xml(archive(Student=STUDENT.format(id="7"), StudentEnrollment=said(not_readable)))
    assert [one["xml"] for one in kept(parsed)["StudentEducationOrganizationAssociation"]] == [said(not_readable)]
    assert "ssn" not in str(only(parsed))
    assert "man" not in str(only(parsed).get("demographics", ""))


@pytest.mark.parametrize(("told", "protected"), [("true", True), ("0", False), ("Y", True), ("", True)])
def test_an_address_is_protected_unless_it_is_clearly_not(told: str, protected: bool) -> None:
    parsed = read_edfi_xml(archive(Student=STUDENT.format(id="7"), StudentEnrollment=said(HOME.format(said=told))))
    contacts = only(parsed)["contacts"]
    assert isinstance(contacts, dict)
    assert contacts["addresses"][0]["protected"] is protected


def test_where_nothing_is_said_of_an_address_that_is_no_no() -> None:
    """A family that moves is protected on, unless its system says no (guardians.still_protected)."""
    silent = HOME.replace("<DoNotPublishIndicator>{said}</DoNotPublishIndicator>", "")
    for told, is_said in ((silent, False), (HOME.format(said="false"), True)):
        parsed = read_edfi_xml(archive(Student=STUDENT.format(id="7"), StudentEnrollment=said(told)))
        record = parsed.students[0].record
        assert record is not None
        assert record.contacts is not None
        assert record.contacts.addresses is not None
        assert ("protected" in record.contacts.addresses[0].model_fields_set) is is_said
