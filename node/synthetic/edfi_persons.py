"""Who a student is, how the family is reached, and who the contacts are, as elements of Ed-Fi interchanges."""

from collections.abc import Iterator
from typing import Any

from node.synthetic.edfi_elements import descriptor, published, said, tagged, valued


def student_element(identifier: str, identity: dict[str, Any]) -> str:
    """Student. A sealed name is not said; the days of the others, and how the birth date was verified, have no place."""
    place, several = identity.get("birth_place", {}), identity.get("multiple_birth", {})
    state, country = place.get("state"), place.get("country")
    return tagged(
        "Student",
        valued("StudentUniqueId", identifier),
        _name(identity["name"], identity.get("preferred_name", {})),
        *(_other_name(one, identity["name"]) for one in identity.get("other_names", ()) if not one.get("sealed")),
        tagged(
            "BirthData",
            valued("BirthDate", identity["birth_date"]["birth_date"]),
            valued("BirthCity", place.get("city")),
            valued("BirthStateAbbreviation", None if state is None else descriptor("StateAbbreviation", state)),
            valued("BirthCountry", None if country is None else descriptor("Country", country)),
            said("MultipleBirthStatus", several.get("indicator")),
            valued("BirthSex", descriptor("Sex", identity["sex"]["code"])),
        ),
    )


def association_element(student: str, organisation: str, record: dict[str, Any]) -> str:
    """StudentEducationOrganizationAssociation. A combined question, enrolment in a tribe and orders of the military have no place."""
    local, held = record["identity"]["identifiers"][1], record.get("demographics", {})
    code = tagged(
        "StudentIdentificationCode",
        valued("IdentificationCode", local["value"]),
        valued("StudentIdentificationSystem", published("StudentIdentificationSystem", "District")),
        valued("AssigningOrganizationIdentificationCode", local["system"]),
    )
    answer, military = held.get("race_ethnicity", {}), held.get("military_connection")
    return tagged(
        "StudentEducationOrganizationAssociation",
        student,
        organisation,
        code,
        *_reached_at(record.get("contacts", {}), record["identity"]["birth_date"]["birth_date"]),
        said("HispanicLatinoEthnicity", answer.get("hispanic_or_latino")),
        *(valued("Race", descriptor("Race", race["code"])) for race in answer.get("races", ())),
        *(valued("TribalAffiliation", descriptor("TribalAffiliation", one["tribe"]["code"])) for one in held.get("tribal_affiliation", ())),
        *(_language(one["language"], one["use"]["code"]) for one in held.get("languages", ())),
        valued("SupporterMilitaryConnection", military and descriptor("SupporterMilitaryConnection", military["status"]["code"])),
    )


def contact_elements(student: str, identifier: str, place: int, guardian: dict[str, Any], earliest: str) -> tuple[str, str]:
    """Contact, and what relates it to the student. That a court ended rights has no place; whoever has none is no legal guardian."""
    contact = tagged(
        "Contact",
        valued("ContactUniqueId", identifier),
        _name(guardian["name"], {}),
        *_reached_at(guardian, earliest),
        _language(guardian["language"], None) if "language" in guardian else "",
    )
    rights = guardian.get("rights")
    association = tagged(
        "StudentContactAssociation",
        student,
        tagged("ContactReference", tagged("ContactIdentity", valued("ContactUniqueId", identifier))),
        valued("Relation", published("Relation", guardian["relation"]["code"])),
        said("LivesWith", guardian.get("lives_with_student")),
        valued("ContactPriority", place),
        valued("ContactRestrictions", guardian.get("contact_restriction")),
        said("LegalGuardian", rights is not None and "ended_on" not in rights),
    )
    return contact, association


def _name(name: dict[str, Any], preferred: dict[str, Any]) -> str:
    last = " ".join(part for part in (name["last_1"], name.get("last_2")) if part)
    return tagged(
        "Name",
        valued("PersonalTitlePrefix", name.get("prefix")),
        valued("FirstName", name.get("first", "")),
        valued("MiddleName", name.get("middle")),
        valued("LastSurname", last),
        valued("GenerationCodeSuffix", name.get("suffix")),
        valued("PreferredFirstName", preferred.get("first")),
        valued("PreferredLastSurname", preferred.get("last")),
    )


def _other_name(other: dict[str, Any], legal: dict[str, Any]) -> str:
    """The schema wants both names: what the other name does not have is that of the legal one."""
    kind = {"alias": "Alias", "nickname": "Nickname", "previous-legal": "Previous legal name"}.get(other["kind"], "Other name")
    return tagged(
        "OtherName",
        valued("FirstName", other.get("first", legal.get("first", ""))),
        valued("LastSurname", other.get("last", legal["last_1"])),
        valued("OtherNameType", published("OtherNameType", kind)),
    )


def _language(code: str, use: str | None) -> str:
    uses = "" if use is None else valued("LanguageUse", descriptor("LanguageUse", use))
    return tagged("Language", valued("Language", descriptor("Language", code)), uses)


def _kind(held: dict[str, Any], otherwise: str) -> str:
    """What kind it is; the schema wants one of each."""
    code: str = held["kind"]["code"] if "kind" in held else otherwise
    return code


def _period(held: dict[str, Any], earliest: str) -> str:
    """The schema wants a first day wherever there is a last one; nobody lived anywhere before they were born."""
    begin = held.get("begin_date", earliest if "end_date" in held else None)
    return tagged("Period", valued("BeginDate", begin), valued("EndDate", held.get("end_date")))


def _reached_at(held: dict[str, Any], earliest: str) -> Iterator[str]:
    for one in held.get("addresses", ()):
        yield tagged(
            "Address",
            valued("StreetNumberName", one["street"]),
            valued("ApartmentRoomSuiteNumber", one.get("unit")),
            valued("City", one["city"]),
            valued("StateAbbreviation", descriptor("StateAbbreviation", one["state"])),
            valued("PostalCode", one["postal_code"]),
            valued("NameOfCounty", one.get("county")),
            _period(one, earliest),
            valued("AddressType", descriptor("AddressType", _kind(one, "Home"))),
            valued("DoNotPublishIndicator", "true" if one.get("protected") else None),
        )
    for one in held.get("telephones", ()):
        kind = descriptor("TelephoneNumberType", _kind(one, "Other"))
        yield tagged("Telephone", valued("TelephoneNumber", one["number"]), valued("TelephoneNumberType", kind))
    for one in held.get("emails", ()):
        kind = descriptor("ElectronicMailType", _kind(one, "Other"))
        yield tagged("ElectronicMail", valued("ElectronicMailAddress", one["address"]), valued("ElectronicMailType", kind))
