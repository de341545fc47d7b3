"""Ed-Fi API resources of persons → identity, demographics, contacts."""

from collections.abc import Sequence
from typing import Any, Final

from safepassage.record.contacts import Address, Email, Guardian, Telephone
from safepassage.record.identity import BirthDate, LegalName, OtherName
from services.records.formats.edfi_members import Members
from services.records.formats.edfi_people import IDENTIFIERS, OTHER_NAMES, RIGHTS_RELATIONS, SYSTEMS, code_or_none
from services.records.formats.edfi_stream import code_of, present
from services.records.formats.made_once import Code, system_and_code
from services.records.formats.parsed import Findings

Values = dict[str, Any]

PROFICIENCY: Final = "limitedEnglishProficiencyDescriptor"
UNIQUE_ID: Final = "ed-fi:StudentUniqueId"
SSA: Final = frozenset({"none", "ssa", "social security administration", "us social security administration"})
"""Who assigns an SSN, folded, where nobody or its only assigner is named."""
DIGITS: Final = "0123456789"


def legal_name(person: Members) -> Values:
    """The name of a student or a contact. Ed-Fi has one surname: it stays whole."""
    return present(
        prefix=person.text("personalTitlePrefix"),
        first=person.text("firstName"),
        middle=person.text("middleName"),
        last_1=person.text("lastSurname"),
        suffix=person.text("generationCodeSuffix"),
    )


def identity(student: Members, findings: Findings) -> Values:
    """`students`."""
    place = present(
        city=student.text("birthCity"),
        state=student.code("birthStateAbbreviationDescriptor"),
        country=student.code("birthCountryDescriptor"),
    )
    several = student.flag("multipleBirthStatus")
    others = [one.made(findings, OtherName, _other_name(one)) for one in student.parts("otherNames")]
    preferred = present(first=student.text("preferredFirstName"), last=student.text("preferredLastSurname"))
    return {
        "identifiers": [{"kind": "state", "system": UNIQUE_ID, "value": student.text("studentUniqueId")}],
        "name": student.made(findings, LegalName, legal_name(student)),
        "preferred_name": preferred or None,
        "other_names": [one for one in others if one is not None],
        "birth_date": student.made(findings, BirthDate, {"birth_date": student.text("birthDate")}),
        "birth_place": place or None,
        "multiple_birth": None if several is None else {"indicator": several},
    }


def sex(student: Members, said: Code | None) -> Code | None:
    """What an organisation said of the student (`said`), or else the sex at birth; where they differ, that is kept beside the record."""
    if said is None or student.peek("birthSexDescriptor") == "#".join(system_and_code(said)):
        return student.coded("birthSexDescriptor") or said
    return said


def _other_name(one: Members) -> Values:
    kind = code_of(one.peek("otherNameTypeDescriptor"))
    if kind in OTHER_NAMES or kind == "other name":
        one.standard("otherNameTypeDescriptor")
    names = present(first=one.text("firstName"), middle=one.text("middleName"), last=one.text("lastSurname"))
    return {"kind": OTHER_NAMES.get(kind, "other"), **names}


def association(item: Members, findings: Findings) -> dict[str, Values]:
    """What an organisation says of a student: `studentEducationOrganizationAssociations`, or in Data Standard 6 `studentDemographics` and
    `studentDirectories`, each a part of it.
    """
    races = [race for one in item.parts("races") if (race := one.coded("raceDescriptor")) is not None]
    hispanic = item.flag("hispanicLatinoEthnicity")
    tribes = [
        {"tribe": tribe} for one in item.parts("tribalAffiliations") if (tribe := one.coded("tribalAffiliationDescriptor")) is not None
    ]
    military = item.coded("supporterMilitaryConnectionDescriptor")
    codes = _identifiers(item.parts("studentIdentificationCodes"))
    return {
        "identity": present(sex=item.coded("sexDescriptor")) | codes,
        "demographics": present(
            race_ethnicity=present(races=races or None, hispanic_or_latino=hispanic) or None,
            languages=_languages(item) or None,
            tribal_affiliation=tribes or None,
            military_connection=None if military is None else {"status": military},
        ),
        "contacts": {name: value for name, value in reached_at(item, findings).items() if value},
    }


def english_proficiency(bodies: Sequence[Members]) -> Code | None:
    """What organisations say of a student's English, as the last of them says it; what another says otherwise is left over."""
    said = [one for one in bodies if one.peek(PROFICIENCY)]
    code = None
    for one in said:
        if one.peek(PROFICIENCY) == said[-1].peek(PROFICIENCY):
            code = one.coded(PROFICIENCY)
    return code


def identification_code(item: Members, _findings: Findings) -> dict[str, Values]:
    """`studentIdentificationCodes` (Data Standard 6)."""
    return {"identity": _identifiers([item])}


def _identifiers(codes: list[Members]) -> Values:
    """Identification codes: identifiers, and the SSN. What is no number, and another SSN than the first, stays as it is."""
    others, ssn = [], None
    for one in codes:
        system, given = code_of(one.peek("studentIdentificationSystemDescriptor")), one.peek("assigningOrganizationIdentificationCode")
        if system == "ssn":
            digits = "".join(character for character in str(one.peek("identificationCode")) if character in DIGITS)
            if len(digits) == 9 and digits == (ssn or digits):
                ssn = digits
                one.known("identificationCode")
                one.standard("studentIdentificationSystemDescriptor")
                one.known(*(["assigningOrganizationIdentificationCode"] if str(given).casefold() in SSA else []))
        elif number := one.text("identificationCode"):
            assigned = one.text("assigningOrganizationIdentificationCode")
            if system in SYSTEMS:
                one.standard("studentIdentificationSystemDescriptor")
            others.append({"kind": IDENTIFIERS.get(system, "other"), "system": assigned or f"ed-fi:{system}", "value": number})
    return present(identifiers=others or None, ssn=ssn)


def _languages(item: Members) -> list[Values]:
    """Languages with their first use, where the code is one of ISO 639; the others stay as they are."""
    found: list[Values] = []
    for one in item.parts("languages"):
        code = (code_or_none(one.peek("languageDescriptor")) or "").casefold()
        if len(code) == 3 and code.isascii() and code.isalpha():
            one.standard("languageDescriptor")
            found.append(present(language=code, use=one.first("uses").coded("languageUseDescriptor")))
    return found


def _language(contact: Members) -> str | None:
    """The first one of a contact; the others, and its use, stay as they are."""
    for one in contact.parts("languages")[:1]:
        code = (code_or_none(one.peek("languageDescriptor")) or "").casefold()
        if len(code) == 3 and code.isascii() and code.isalpha():
            one.standard("languageDescriptor")
            return code
    return None


def reached_at(item: Members, findings: Findings) -> dict[str, list[Any]]:
    """Addresses, telephones and e-mail addresses of a student or contact."""
    addresses = [one.made(findings, Address, _address(one)) for one in item.parts("addresses")]
    telephones = [
        one.made(
            findings,
            Telephone,
            {"number": one.text("telephoneNumber"), "kind": one.coded("telephoneNumberTypeDescriptor"), "primary": _is_first(one)},
        )
        for one in item.parts("telephones")
    ]
    emails = [
        one.made(findings, Email, {"address": one.text("electronicMailAddress"), "kind": one.coded("electronicMailTypeDescriptor")})
        for one in item.parts("electronicMails")
    ]
    return {
        "addresses": [one for one in addresses if one],
        "telephones": [one for one in telephones if one],
        "emails": [one for one in emails if one],
    }


def _is_first(telephone: Members) -> bool:
    """Order 1 is the primary number; any other order has no place in the record."""
    if telephone.peek("orderOfPriority") == 1:
        telephone.known("orderOfPriority")
        return True
    return False


def _address(one: Members) -> Values:
    """An address in the last of its periods."""
    last = max(one.parts("periods"), key=lambda period: str(period.peek("beginDate")), default=None)
    return {
        "kind": one.coded("addressTypeDescriptor"),
        "street": one.text("streetNumberName"),
        "unit": one.text("apartmentRoomSuiteNumber"),
        "city": one.text("city"),
        "county": one.text("nameOfCounty"),
        "state": one.code("stateAbbreviationDescriptor"),
        "postal_code": one.text("postalCode"),
        "begin_date": last.text("beginDate") if last else None,
        "end_date": last.text("endDate") if last else None,
        "protected": one.flag("doNotPublishIndicator"),
    }


def guardian(contact: Members, association: Members, findings: Findings) -> Guardian | None:
    """A contact as one student's `studentContactAssociations` relates it. Parents and guardians hold full rights: Ed-Fi ends none."""
    association.names("contactReference", "contactUniqueId")
    contact.known("contactUniqueId")
    relation = association.coded("relationDescriptor")
    is_parent = relation is not None and system_and_code(relation)[1].casefold() in RIGHTS_RELATIONS
    legal = association.flag("legalGuardian")
    made = association.made(
        findings,
        Guardian,
        {
            "name": contact.made(findings, LegalName, legal_name(contact)),
            "relation": relation,
            "rights": {} if is_parent or legal else None,
            "lives_with_student": association.flag("livesWith"),
            "contact_restriction": association.text("contactRestrictions"),
            "priority": association.number("contactPriority"),
            "language": _language(contact),
            **reached_at(contact, findings),
        },
    )
    if made is None:
        contact.unread()
    return made
