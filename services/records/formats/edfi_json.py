"""Our record → Ed-Fi JSON resources (Data Standard 5), for the destination's information system to read and post to its ODS.

What Ed-Fi has no place for, or demands more of than the record has, is named in `not_expressed`: it is in our own JSON, never bent to fit.
"""

from typing import Any, Final

from safepassage.elements import ELEMENTS
from safepassage.record import Sections
from safepassage.record.contacts import Address, Contacts, Email, Guardian, Rights, Telephone
from safepassage.record.demographics import Demographics, MilitaryConnection
from safepassage.record.identity import Identity
from safepassage.record.programmes import Foster, Homeless, Programmes
from services.records.formats import edfi_json_schooling as schooling
from services.records.formats.edfi_characteristics import as_characteristics
from services.records.formats.edfi_json_discipline import discipline
from services.records.formats.edfi_json_programmes import programmes
from services.records.formats.edfi_json_support import section_504, special_education
from services.records.formats.edfi_people import RIGHTS_RELATIONS
from services.records.formats.edfi_resources import Body, Resources, descriptor, latest_organisation, without_nothing
from services.records.formats.edfi_stream import code_of
from services.records.formats.edfi_unsaid import PROFICIENCY, not_wholly_said

OTHER_NAMES: Final = {"alias": "Alias", "nickname": "Nickname", "previous-legal": "Previous Legal Name", "other": "Other Name"}
IDENTIFICATION_SYSTEM: Final = "uri://ed-fi.org/StudentIdentificationSystemDescriptor"
IDENTIFICATION_SYSTEMS: Final = {"state": "State", "district": "District", "school": "School", "migrant": "State Migrant", "other": "Other"}

_OF_STUDENTS: Final = {
    "preferredFirstName": "identity.preferred_name",
    "preferredLastSurname": "identity.preferred_name",
    "birthDate": "identity.birth_date",
    "birthCity": "identity.birth_place",
    "birthStateAbbreviationDescriptor": "identity.birth_place",
    "birthCountryDescriptor": "identity.birth_place",
    "multipleBirthStatus": "identity.multiple_birth",
    "otherNames": "identity.other_names",
}

EXPRESSED = frozenset(
    {
        "identity.name", "identity.preferred_name", "identity.other_names", "identity.birth_date", "identity.birth_place",
        "identity.multiple_birth", "identity.sex", "identity.identifiers", "demographics.race_ethnicity", "demographics.languages",
        "demographics.tribal_affiliation", "demographics.military_connection", "contacts.addresses", "contacts.telephones",
        "contacts.emails", "contacts.guardians", "enrollment.enrollments", "attendance.events", "academics.transcript",
        "academics.grade_point_averages", "assessments.results", "special_education.eligibility", "special_education.iep",
        "special_education.section_504", "programmes.english_learner", "programmes.gifted", "programmes.title_i", "programmes.migrant",
        "programmes.homeless", "programmes.foster", "programmes.meal_status", "programmes.career_technical",
        "programmes.neglected_delinquent", "health.immunizations", "discipline.incidents",
    }
)  # fmt: skip
"""Elements for which there are resources below."""


def edfi_resources(record: Sections, *, student_unique_id: str) -> dict[str, Any]:
    """`{"resources": {name: [body, ...]}, "not_expressed": [element, ...]}`.

    student_unique_id   the id that the destination gave the student, at most 32 characters
    """
    resources = Resources()
    for element in record.elements():
        if element not in EXPRESSED:
            resources.lost(element)
    for element in not_wholly_said(record):
        resources.lost(element)
    student: Body = {"studentUniqueId": student_unique_id}
    if record.identity is not None:
        _student(record.identity, resources, student)
    if record.contacts is not None:
        for place, guardian in enumerate(record.contacts.guardians or (), start=1):
            _guardian(guardian, place, resources, student)
    schooling.enrollments(record, resources, student)
    schooling.attendance(record, resources, student)
    schooling.transcript(record, resources, student)
    schooling.assessments(record, resources, student)
    schooling.immunizations(record, resources, student)
    special_education(record, resources, student)
    programmes(record, resources, student)
    section_504(record, resources, student)
    discipline(record, resources, student)
    _association(record, resources, student)
    order = [element.id for element in ELEMENTS]
    return {"resources": resources.made, "not_expressed": sorted(resources.not_expressed, key=order.index)}


def _student(identity: Identity, resources: Resources, student: Body) -> None:
    name, preferred, place = identity.name, identity.preferred_name, identity.birth_place
    others = [
        without_nothing(
            otherNameTypeDescriptor=f"uri://ed-fi.org/OtherNameTypeDescriptor#{OTHER_NAMES[other.kind]}",
            firstName=other.first,
            middleName=other.middle,
            lastSurname=other.last,
        )
        for other in identity.other_names or ()
        if other.first and other.last and not other.sealed
    ]
    if len(others) < len(identity.other_names or ()):
        resources.lost("identity.other_names")
    resources.add(
        "students",
        "identity.name",
        _OF_STUDENTS,
        **student,
        personalTitlePrefix=name.prefix if name else None,
        firstName=name.first if name else None,
        middleName=name.middle if name else None,
        lastSurname=" ".join(part for part in (name.last_1, name.last_2) if part) if name else None,
        generationCodeSuffix=name.suffix if name else None,
        preferredFirstName=preferred.first if preferred else None,
        preferredLastSurname=preferred.last if preferred else None,
        birthDate=identity.birth_date.birth_date.isoformat() if identity.birth_date else None,
        birthCity=place.city if place else None,
        birthStateAbbreviationDescriptor=f"uri://ed-fi.org/StateAbbreviationDescriptor#{place.state}" if place and place.state else None,
        birthCountryDescriptor=f"uri://ed-fi.org/CountryDescriptor#{place.country}" if place and place.country else None,
        multipleBirthStatus=identity.multiple_birth.indicator if identity.multiple_birth else None,
        otherNames=others,
    )


def _guardian(guardian: Guardian, place: int, resources: Resources, student: Body) -> None:
    # An id of the node's own does not leave; without it a contact is this student's alone.
    own = f"{student['studentUniqueId'][:28]}-{place}"
    contact = {"contactUniqueId": guardian.person_id.hex if guardian.person_id is not None else own}
    name = guardian.name
    made = resources.add(
        "contacts",
        "contacts.guardians",
        **contact,
        personalTitlePrefix=name.prefix,
        firstName=name.first,
        middleName=name.middle,
        lastSurname=" ".join(part for part in (name.last_1, name.last_2) if part),
        generationCodeSuffix=name.suffix,
        addresses=_addresses(guardian.addresses, resources, "contacts.guardians"),
        telephones=_telephones(guardian.telephones),
        electronicMails=_emails(guardian.emails),
        languages=[{"languageDescriptor": f"uri://ed-fi.org/LanguageDescriptor#{guardian.language}"}] if guardian.language else None,
    )
    relation = descriptor(guardian.relation, "Relation")
    is_parent = code_of(relation) in RIGHTS_RELATIONS
    if guardian.court_documents or (guardian.rights or Rights()) != Rights() or (guardian.rights is None and is_parent):
        resources.lost("contacts.guardians")  # Ed-Fi has no place for rights that a document ended, nor for a parent who has none
    if made:
        resources.add(
            "studentContactAssociations",
            "contacts.guardians",
            contactReference=contact,
            studentReference=student,
            relationDescriptor=relation,
            legalGuardian=True if guardian.rights is not None and not is_parent else None,
            livesWith=guardian.lives_with_student,
            contactPriority=guardian.priority,
            contactRestrictions=guardian.contact_restriction,
        )


def _association(record: Sections, resources: Resources, student: Body) -> None:
    """Everything that Ed-Fi says of a student at an organisation, said at the school of the latest enrolment."""
    members = (
        _of_identity(record.identity, resources)
        | _of_demographics(record.demographics, resources)
        | _of_programmes(record.programmes)
        | _of_contacts(record.contacts, resources)
    )
    characteristics = _characteristics(record, resources)
    members |= {element: {"studentCharacteristics": said} for element, said in characteristics.items()}
    if not members:
        return
    where = latest_organisation(record.enrollment)
    if where is None:
        for element in members:
            resources.lost(element)
    else:
        body = {name: value for its_members in members.values() for name, value in its_members.items()}
        body |= without_nothing(studentCharacteristics=[one for said in characteristics.values() for one in said])
        resources.add(
            "studentEducationOrganizationAssociations",
            next(iter(members)),
            {name: element for element, its_members in members.items() for name in its_members},
            studentReference=student,
            educationOrganizationReference={"educationOrganizationId": where},
            **body,
        )


def _characteristics(record: Sections, resources: Resources) -> dict[str, list[Body]]:
    """By element what a characteristic says of it. Who is in an agency's care has no other place."""
    programmes, demographics = record.programmes, record.demographics
    found: dict[str, Homeless | Foster | MilitaryConnection | None] = {
        "programmes.homeless": programmes.homeless if programmes else None,
        "programmes.foster": programmes.foster if programmes else None,
        "demographics.military_connection": demographics.military_connection if demographics else None,
    }
    made = {element: said for element, value in found.items() if (said := as_characteristics(value))}
    for element, value in found.items():
        if value is None:
            continue
        begin, end = value.begin_date, value.end_date
        if element in made:
            is_lost = begin is None and end is not None
        else:
            is_lost = isinstance(value, Foster) or (isinstance(value, MilitaryConnection) and bool(begin or end))
        if is_lost:
            resources.lost(element)
    return made


def _of_identity(identity: Identity | None, resources: Resources) -> dict[str, Body]:
    if identity is None:
        return {}
    members: dict[str, Body] = {}
    if identity.sex is not None:
        members["identity.sex"] = {"sexDescriptor": descriptor(identity.sex, "Sex")}
    if identity.identifiers:
        members["identity.identifiers"] = {
            "studentIdentificationCodes": [
                {
                    "studentIdentificationSystemDescriptor": f"{IDENTIFICATION_SYSTEM}#{IDENTIFICATION_SYSTEMS[one.kind]}",
                    "assigningOrganizationIdentificationCode": one.system,
                    "identificationCode": one.value,
                }
                for one in identity.identifiers
            ]
        }
    return members


def _of_demographics(demographics: Demographics | None, resources: Resources) -> dict[str, Body]:
    members: dict[str, Body] = {}
    if demographics is None:
        return members
    answer = demographics.race_ethnicity
    if answer is not None:
        if answer.combined or answer.declined:
            resources.lost("demographics.race_ethnicity")  # Ed-Fi has the answer in two parts, and neither is made from the other
        races = [{"raceDescriptor": descriptor(race, "Race")} for race in answer.races or ()]
        members["demographics.race_ethnicity"] = without_nothing(races=races, hispanicLatinoEthnicity=answer.hispanic_or_latino)
    if demographics.languages:
        members["demographics.languages"] = {
            "languages": [
                without_nothing(
                    languageDescriptor=f"uri://ed-fi.org/LanguageDescriptor#{one.language}",
                    uses=[{"languageUseDescriptor": descriptor(one.use, "LanguageUse")}] if one.use else None,
                )
                for one in demographics.languages
            ]
        }
    if demographics.tribal_affiliation:
        tribes = [{"tribalAffiliationDescriptor": descriptor(one.tribe, "TribalAffiliation")} for one in demographics.tribal_affiliation]
        members["demographics.tribal_affiliation"] = {"tribalAffiliations": tribes}
    if demographics.military_connection is not None and not as_characteristics(demographics.military_connection):
        status = descriptor(demographics.military_connection.status, "SupporterMilitaryConnection")
        members["demographics.military_connection"] = {"supporterMilitaryConnectionDescriptor": status}
    return members


def _of_programmes(programmes: Programmes | None) -> dict[str, Body]:
    """Of an English learner what an organisation said in Ed-Fi's own words goes out as it came."""
    learner = programmes.english_learner if programmes is not None else None
    if learner is None or learner.status.system != PROFICIENCY:
        return {}
    return {"programmes.english_learner": {"limitedEnglishProficiencyDescriptor": descriptor(learner.status, "LimitedEnglishProficiency")}}


def _of_contacts(contacts: Contacts | None, resources: Resources) -> dict[str, Body]:
    if contacts is None:
        return {}
    parts = {
        "contacts.addresses": without_nothing(addresses=_addresses(contacts.addresses, resources, "contacts.addresses")),
        "contacts.telephones": without_nothing(telephones=_telephones(contacts.telephones)),
        "contacts.emails": without_nothing(electronicMails=_emails(contacts.emails)),
    }
    return {element: body for element, body in parts.items() if body}


def _addresses(addresses: tuple[Address, ...] | None, resources: Resources, element: str) -> list[Body]:
    """Ed-Fi demands street, city, state and postal code, and the begin of a period."""
    whole = [one for one in addresses or () if one.street and one.city and one.state and one.postal_code]
    if len(whole) < len(addresses or ()) or any(one.end_date and not one.begin_date for one in whole):
        resources.lost(element)
    return [
        without_nothing(
            addressTypeDescriptor=descriptor(one.kind, "AddressType") or "uri://ed-fi.org/AddressTypeDescriptor#Home",
            streetNumberName=one.street,
            apartmentRoomSuiteNumber=one.unit,
            city=one.city,
            stateAbbreviationDescriptor=f"uri://ed-fi.org/StateAbbreviationDescriptor#{one.state}",
            postalCode=one.postal_code,
            nameOfCounty=one.county,
            doNotPublishIndicator=one.protected or None,
            periods=[without_nothing(beginDate=one.begin_date.isoformat(), endDate=one.end_date.isoformat() if one.end_date else None)]
            if one.begin_date
            else None,
        )
        for one in whole
    ]


def _telephones(telephones: tuple[Telephone, ...] | None) -> list[Body]:
    return [
        without_nothing(
            telephoneNumber=one.number,
            telephoneNumberTypeDescriptor=descriptor(one.kind, "TelephoneNumberType")
            or "uri://ed-fi.org/TelephoneNumberTypeDescriptor#Other",
            orderOfPriority=1 if one.primary else None,
        )
        for one in telephones or ()
    ]


def _emails(emails: tuple[Email, ...] | None) -> list[Body]:
    return [
        {
            "electronicMailAddress": one.address,
            "electronicMailTypeDescriptor": descriptor(one.kind, "ElectronicMailType")
            or "uri://ed-fi.org/ElectronicMailTypeDescriptor#Other",
        }
        for one in emails or ()
    ]
