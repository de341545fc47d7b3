"""Files of one upload that give the same ids to other elements: each names its own. A child's parts in an incident are one incident."""

import pytest

from services.records.formats.edfi_xml import read_edfi_xml
from tests.records.formats.edfi_bodies import SCHOOLS, bodies, d
from tests.records.formats.test_edfi_round_trip import out, read
from tests.records.formats.test_edfi_xml import ENROLLED, REFERENCE, SCHOOL, STUDENT, archive, only, reasons_of

NAMES = {"7": "Eva", "8": "Ida"}


def related(one: str) -> str:
    """A contact at place C1, and the association that says whose."""
    contact = f"<Contact id='C1'><ContactUniqueId>{one}1</ContactUniqueId><Name><FirstName>{NAMES[one]}</FirstName>"
    contact += "<LastSurname>Ek</LastSurname></Name></Contact>"
    return contact + (
        f"<StudentContactAssociation>{REFERENCE.format(id=one)}<ContactReference ref='C1'/>"
        f"<Relation>{d('Relation', 'Mother')}</Relation></StudentContactAssociation>"
    )


@pytest.mark.requirement("FORM-edfi")
def test_a_childs_guardian_is_the_contact_of_the_same_file() -> None:
    parsed = read_edfi_xml(archive(Student=STUDENT.format(id="7") + STUDENT.format(id="8"), ContactA=related("7"), ContactB=related("8")))
    records = {one.source_id: one.record for one in parsed.students}
    told = {
        source_id: [one.name.first for one in (record.contacts.guardians or ())]
        for source_id, record in records.items()
        if record is not None and record.contacts is not None
    }
    assert told == {"7": ["Eva"], "8": ["Ida"]}
    assert "id-twice" not in reasons_of(parsed)


@pytest.mark.requirement("FORM-edfi")
def test_what_names_a_student_by_place_is_of_the_student_of_the_same_file() -> None:
    files = {}
    for one, sex in (("7", "Female"), ("8", "Male")):
        student = STUDENT.format(id=one).replace("<Student>", "<Student id='S1'>")
        association = f"<StudentEducationOrganizationAssociation><StudentReference ref='S1'/><Sex>{d('Sex', sex)}</Sex>"
        files[f"Students{one}"] = student + association + "</StudentEducationOrganizationAssociation>"
    assert "id='S1'" in files["Students7"]
    records = [one.record.document() for one in read_edfi_xml(archive(**files)).students if one.record is not None]
    assert [one["identity"]["sex"]["code"] for one in records] == ["Female", "Male"]


@pytest.mark.requirement("FORM-edfi")
def test_a_schools_district_is_that_of_the_same_file() -> None:
    other = SCHOOL.replace("300", "400").replace("Oak", "Elm").replace("03000", "04000")
    enrolled = ENROLLED.format(id="7", school="300001") + ENROLLED.format(id="7", school="400001")
    parsed = read_edfi_xml(archive(Student=STUDENT.format(id="7"), StudentEnrollment=enrolled, OrgsA=SCHOOL, OrgsB=other))
    assert {one["district"]["name"] for one in only(parsed)["enrollment"]["enrollments"]} == {"Oak District", "Elm District"}  # type: ignore[index]


def took_part(incident: str, behavior: str) -> str:
    return (
        f"<StudentDisciplineIncidentBehaviorAssociation>{REFERENCE.format(id='7')}<DisciplineIncidentReference ref='{incident}'/>"
        f"<Behavior>{d('Behavior', behavior)}</Behavior><BehaviorDetailedDescription>{behavior}, told</BehaviorDetailedDescription>"
        "</StudentDisciplineIncidentBehaviorAssociation>"
    )


def incident(number: str, day: str) -> str:
    school = "<SchoolReference><SchoolIdentity><SchoolId>300001</SchoolId></SchoolIdentity></SchoolReference>"
    return (
        f"<DisciplineIncident id='D1'><IncidentIdentifier>{number}</IncidentIdentifier><IncidentDate>{day}</IncidentDate>{school}"
        "</DisciplineIncident>"
    )


SUSPENDED = (
    f"<DisciplineAction><DisciplineActionIdentifier>1</DisciplineActionIdentifier><Discipline>{d('Discipline', 'Suspension')}</Discipline>"
    f"<DisciplineDate>2025-10-02</DisciplineDate>{REFERENCE.format(id='7')}<StudentDisciplineIncidentBehaviorAssociationReference>"
    "<StudentDisciplineIncidentBehaviorAssociationIdentity><DisciplineIncidentReference ref='D1'/>"
    "</StudentDisciplineIncidentBehaviorAssociationIdentity></StudentDisciplineIncidentBehaviorAssociationReference></DisciplineAction>"
)


@pytest.mark.requirement("FORM-edfi")
def test_several_things_done_in_one_incident_are_one_incident_with_what_followed_once() -> None:
    said = incident("1", "2025-10-01") + took_part("D1", "Fighting") + took_part("D1", "Bullying") + SUSPENDED
    parsed = read_edfi_xml(archive(Student=STUDENT.format(id="7"), EducationOrganization=SCHOOL, Discipline=said))
    [told] = only(parsed)["discipline"]["incidents"]  # type: ignore[index]
    assert [one["code"] for one in told["behaviors"]] == ["Fighting", "Bullying"]
    assert told["role"]["code"] == "Perpetrator"
    assert told["description"] == "Fighting, told\nBullying, told"
    assert [one["identifier"] for one in told["actions"]] == ["1"]


@pytest.mark.requirement("FORM-edfi")
def test_an_incident_is_that_of_the_same_file() -> None:
    first = incident("1", "2025-10-01") + took_part("D1", "Fighting") + SUSPENDED
    second = incident("2", "2025-11-05") + took_part("D1", "Bullying")
    parsed = read_edfi_xml(archive(Student=STUDENT.format(id="7"), EducationOrganization=SCHOOL, Discipline=first, Behavior=second))
    told = {one["incident_date"]: one for one in only(parsed)["discipline"]["incidents"]}  # type: ignore[index]
    assert [one["code"] for one in told["2025-10-01"]["behaviors"]] == ["Fighting"]
    assert [one["code"] for one in told["2025-11-05"]["behaviors"]] == ["Bullying"]
    assert (len(told["2025-10-01"]["actions"]), "actions" in told["2025-11-05"]) == (1, False)


@pytest.mark.requirement("FORM-edfi")
def test_a_part_without_a_participation_code_is_that_of_its_association_and_comes_out_as_it_was() -> None:
    given = bodies()
    parts = given["studentDisciplineIncidentBehaviorAssociations"]
    for part in parts:
        del part["disciplineIncidentParticipationCodes"]
    told = read(given)
    assert told.discipline is not None
    [one] = told.discipline.incidents or ()
    assert (one.role.code, len(one.actions or ())) == ("Perpetrator", 1)
    reference = {name: parts[0][name] for name in ("disciplineIncidentReference", "studentReference")}
    beside = given | {
        "studentDisciplineIncidentBehaviorAssociations": [],
        "disciplineActions": [],
        "studentDisciplineIncidentNonOffenderAssociations": [reference],
    }
    told = read(beside)
    assert told.discipline is not None
    [one] = told.discipline.incidents or ()
    assert (one.role.code, one.actions) == ("non-offender", None)
    made, _ = out(told, "604821", SCHOOLS)
    assert made["studentDisciplineIncidentNonOffenderAssociations"] == [reference]
    assert read(made).discipline == told.discipline
