"""Ed-Fi Student and Contact → identity, demographics and contacts."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from safepassage.record.contacts import Address, Email, Guardian, Telephone
from safepassage.record.identity import BirthDate, LegalName, OtherName
from services.records.formats.edfi_stream import Item, boolean_of, code_at, code_of, coded, day_of, present, text_of
from services.records.formats.parsed import Findings
from services.records.formats.xml_marks import value_of

SYSTEMS = frozenset({"state", "state migrant", "district", "school", "other"})
"""Identification systems that the kind of an identifier says as well."""
RIGHTS_RELATIONS = frozenset(
    {
        "mother", "father", "parent", "adoptive parent", "adoptive parents",
        "mother, foster", "father, foster", "foster parent",
        "guardian", "legal guardian", "courtappointedguardian", "court appointed guardian",
    }
)  # fmt: skip
"""Natural and adoptive parents and guardians (34 CFR 99.3 "Parent"). A foster parent acting in the absence of a parent is one too.

As Ed-Fi's RelationDescriptor spells them (5.2: Mother, Father, Parent, Foster parent, Guardian, CourtAppointedGuardian), and as versions
before it and states' own lists do. A step-parent or a godparent is none by that alone.
"""

OTHER_NAMES = {"alias": "alias", "nickname": "nickname", "previous legal name": "previous-legal"}
_COUNTRY = "BirthData/BirthCountry"
_PROFICIENCY = "LimitedEnglishProficiency"
IDENTIFIERS = {"state": "state", "state migrant": "migrant", "national migrant": "migrant", "district": "district", "school": "school"}
"""StudentIdentificationSystem → kind of identifier. SSN has its own element."""


def legal_name(element: Element) -> dict[str, Any]:
    """`Name`. Ed-Fi has one surname: it stays whole."""
    return present(
        prefix=text_of(element, "PersonalTitlePrefix"),
        first=text_of(element, "FirstName"),
        middle=text_of(element, "MiddleName"),
        last_1=text_of(element, "LastSurname"),
        suffix=text_of(element, "GenerationCodeSuffix"),
    )


def identity(student: Item, findings: Findings) -> dict[str, Any]:
    """Elements of the identity section from Student. StudentUniqueId is the id by which the state knows the student."""
    name = student.element.find("Name")
    values: dict[str, Any] = {
        "identifiers": [{"kind": "state", "system": "ed-fi:StudentUniqueId", "value": student.text("StudentUniqueId")}]
    }
    if name is not None:
        values["name"] = findings.made(LegalName, legal_name(name), student.position)
        preferred = present(first=text_of(name, "PreferredFirstName"), last=text_of(name, "PreferredLastSurname"))
        values["preferred_name"] = preferred or None
    born = student.text("BirthData/BirthDate")
    values["birth_date"] = findings.made(BirthDate, {"birth_date": born}, student.position) if born else None
    others = [findings.made(OtherName, _other_name(one), student.position) for one in student.all("OtherName")]
    values["other_names"] = [one for one in others if one is not None] or None
    place = present(
        city=student.text("BirthData/BirthCity"),
        state=code_at(student.element, "BirthData/BirthStateAbbreviation"),
        country=code_at(student.element, _COUNTRY) if _is_country(student.element.findtext(_COUNTRY)) else None,
    )
    values["birth_place"] = place or None
    several = student.boolean("BirthData/MultipleBirthStatus")
    values["multiple_birth"] = None if several is None else {"indicator": several}
    values["sex"] = coded(student.text("BirthData/BirthSex"))
    return values


def _is_country(descriptor: str | None) -> bool:
    """Two letters of ISO 3166. Whatever else a state calls a country by stays as it is."""
    code = code_or_none((descriptor or "").strip()) or ""
    return len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()


def _other_name(one: Element) -> dict[str, Any]:
    kind = code_of(one.findtext("OtherNameType", "").strip())
    if kind in OTHER_NAMES or kind == "other name":
        code_at(one, "OtherNameType")
    names = present(first=text_of(one, "FirstName"), middle=text_of(one, "MiddleName"), last=text_of(one, "LastSurname"))
    return {"kind": OTHER_NAMES.get(kind, "other"), **names}


def code_or_none(descriptor: str | None) -> str | None:
    """The code of a descriptor, as written."""
    return (descriptor or "").rpartition("#")[2] or None


def association(item: Item, findings: Findings) -> dict[str, dict[str, Any]]:
    """StudentEducationOrganizationAssociation → members of identity, demographics and contacts."""
    races = [coded((race.text or "").strip()) or coded(text_of(race, "Race")) for race in item.all("Race")]
    races = [race for race in races if race is not None]
    hispanic = item.boolean("HispanicLatinoEthnicity")
    identifiers, ssn = [], None
    for code in item.all("StudentIdentificationCode"):
        system = code_of(code.findtext("StudentIdentificationSystem", "").strip())
        if system == "ssn":
            ssn = value_of(code, "IdentificationCode", partial(_the_ssn, held=ssn)) or ssn
            code_at(code, "StudentIdentificationSystem")
        elif number := text_of(code, "IdentificationCode"):
            assigned = text_of(code, "AssigningOrganizationIdentificationCode")
            if system in SYSTEMS:
                code_at(code, "StudentIdentificationSystem")
            identifiers.append({"kind": IDENTIFIERS.get(system, "other"), "system": assigned or f"ed-fi:{system}", "value": number})
    languages = [
        present(language=language, use=coded(text_of(one, "LanguageUse")))
        for one in item.all("Language")
        if (language := value_of(one, "Language", _three_letters))
    ]
    tribes = [{"tribe": tribe} for one in item.all("TribalAffiliation") if (tribe := coded((one.text or "").strip()))]
    military = coded(item.text("SupporterMilitaryConnection"))
    return {
        "identity": present(sex=coded(item.text("Sex")), identifiers=identifiers or None, ssn=ssn),
        "demographics": present(
            race_ethnicity=present(races=races or None, hispanic_or_latino=hispanic) or None,
            languages=languages or None,
            tribal_affiliation=tribes or None,
            military_connection=None if military is None else {"status": military},
        ),
        "contacts": {name: value for name, value in reached_at(item, findings).items() if value},
    }


def english_proficiency(associations: Sequence[Item]) -> dict[str, str] | None:
    """What organisations say of a student's English, as the last of them says it; what another says otherwise stays as it is."""
    said = [one for one in associations if one.element.findtext(_PROFICIENCY, "").strip()]
    code = None
    for one in said:
        if one.element.findtext(_PROFICIENCY, "").strip() == said[-1].element.findtext(_PROFICIENCY, "").strip():
            code = coded(one.text(_PROFICIENCY))
    return code


def _the_ssn(number: str, *, held: str | None) -> str | None:
    """Nine digits, and no others than were read before."""
    digits = "".join(character for character in number if character in "0123456789")
    return digits if len(digits) == 9 and digits == (held or digits) else None


def _three_letters(descriptor: str) -> str | None:
    """A language's code of ISO 639-2. A name is none: by its first letters Mandarin would be Mandingo."""
    code = (code_or_none(descriptor) or "").casefold()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else None


def _is_protected(address: Element) -> bool | None:
    """None where nothing is said of it; what is said in a form that cannot be read is taken for a yes."""
    indicator = "DoNotPublishIndicator"
    return None if address.find(indicator) is None else boolean_of(address, indicator) is not False


def _last_period(address: Element) -> dict[str, Any]:
    """An address is told in the last of its periods; the others stay as they are."""
    periods = address.findall("Period")
    last = max(periods, key=lambda period: period.findtext("BeginDate", "").strip(), default=None)
    return {} if last is None else {"begin_date": day_of(last, "BeginDate"), "end_date": day_of(last, "EndDate")}


def reached_at(item: Item, findings: Findings) -> dict[str, list[Any]]:
    """Addresses, telephones and e-mail addresses of a student or contact."""
    addresses = [
        findings.made(
            Address,
            {
                "kind": coded(text_of(one, "AddressType")),
                "street": text_of(one, "StreetNumberName"),
                "unit": text_of(one, "ApartmentRoomSuiteNumber"),
                "city": text_of(one, "City"),
                "county": text_of(one, "NameOfCounty"),
                "state": code_at(one, "StateAbbreviation"),
                "postal_code": text_of(one, "PostalCode"),
                **_last_period(one),
                "protected": _is_protected(one),
            },
            item.position,
        )
        for one in item.all("Address")
    ]
    telephones = [
        findings.made(
            Telephone,
            {
                "number": text_of(one, "TelephoneNumber"),
                "kind": coded(text_of(one, "TelephoneNumberType")),
                "primary": value_of(one, "OrderOfPriority", lambda text: text == "1" or None) is True,
            },
            item.position,
        )
        for one in item.all("Telephone")
    ]
    emails = [
        findings.made(
            Email, {"address": text_of(one, "ElectronicMailAddress"), "kind": coded(text_of(one, "ElectronicMailType"))}, item.position
        )
        for one in item.all("ElectronicMail")
    ]
    return {
        "addresses": [one for one in addresses if one],
        "telephones": [one for one in telephones if one],
        "emails": [one for one in emails if one],
    }


def guardian(contact: Item, association: Item, findings: Findings) -> Guardian | None:
    """A Contact as one student's StudentContactAssociation relates it. Parents and guardians hold full rights: Ed-Fi ends none."""
    name = contact.element.find("Name")
    relation = association.text("Relation")
    language = contact.element.find("Language")
    holds_rights = code_of(relation) in RIGHTS_RELATIONS or association.boolean("LegalGuardian")
    return findings.made(
        Guardian,
        {
            "name": legal_name(name) if name is not None else None,
            "relation": coded(relation),
            "rights": {} if holds_rights else None,
            "lives_with_student": association.boolean("LivesWith"),
            "contact_restriction": association.text("ContactRestrictions"),
            "priority": association.text("ContactPriority"),
            "language": None if language is None else value_of(language, "Language", _three_letters),
            **reached_at(contact, findings),
        },
        association.position,
    )
