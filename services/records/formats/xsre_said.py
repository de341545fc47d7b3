"""What the standard's own elements of a SIF xSre say → members of our sections, as values to be validated. Pure."""

from collections.abc import Collection
from typing import Any, Final
from xml.etree.ElementTree import Element

from services.records.formats.edfi_stream import boolean, day_of
from services.records.formats.xml_marks import mark, value_of
from services.records.formats.xsre_saying import IDS, LEGAL, NCES, OTHER_IDS, PREFERRED, SCED, SYSTEMS

_SECRET: Final = ("ssn", "socialsecurity")
_KINDS: Final = {name: kind for kind, name in OTHER_IDS.items()}


_MEMBERSHIPS: Final = {"Home": True, "Other": False}


def said_by(element: Element) -> dict[str, dict[str, Any]]:
    """What the standard's elements say, by section and member."""
    name, born = element.find("name"), element.find("demographics")
    return {
        "identity": {
            "name": _legal(name) if name is not None and (text_at(name, "type") or LEGAL) == LEGAL else None,
            "preferred_name": _preferred(element),
            "birth_date": _present(birth_date=day_of(born, "birthDate")) if born is not None else None,
            "birth_place": _present(country=text_at(born, "countryOfBirth")) if born is not None else None,
            "sex": _coded(born, "sex", "sex"),
            "identifiers": _identifiers(element),
        },
        "demographics": {"race_ethnicity": _race(born) if born is not None else None},
        "contacts": {
            "addresses": [held for one in _all(element, "address", "otherAddresses") if (held := _address(one))],
            "telephones": [_telephone(one) for one in _all(element, "phoneNumber", "otherPhoneNumbers")],
            "emails": [_email(one) for one in _all(element, "email", "otherEmails")],
        },
        "enrollment": {"enrollments": [_enrollment(one) for one in _all(element, "enrollment", "otherEnrollments")]},
        "academics": {
            "transcript": [
                _course(one, term)
                for term in _all(element, "transcriptTerm", "otherTranscriptTerms")
                for one in term.findall("courses/course")
            ]
        },
    }


def _legal(name: Element) -> dict[str, Any]:
    return _present(
        prefix=text_at(name, "prefix"),
        last_1=text_at(name, "familyName"),
        first=text_at(name, "givenName"),
        middle=text_at(name, "middleName"),
        suffix=text_at(name, "suffix"),
    )


def _preferred(element: Element) -> dict[str, Any] | None:
    for one in element.findall("otherNames/name"):
        if text_at(one, "type") == PREFERRED:
            return _present(last=text_at(one, "familyName"), first=text_at(one, "givenName"))
    return None


def _identifiers(element: Element) -> list[dict[str, Any]]:
    """Each id with the level that it is of."""
    found = [
        {"kind": kind, "system": system, "value": value} for child, (kind, system) in IDS.items() if (value := text_at(element, child))
    ]
    for one in element.findall("otherIds/otherId"):
        if (value := text_at(one, "id")) is not None:
            kind = text_at(one, "type") or "Other"
            found.append({"kind": _KINDS.get(kind, "other"), "system": f"sif:{kind}", "value": value})
    return found


def is_secret(one: Element) -> bool:
    """A social security number, by the name of its element or the kind of an id."""
    names = (one.tag.rpartition("}")[2], one.findtext("type", "") if one.tag == "otherId" else "")
    return any(word in "".join(name.split()).casefold() for name in names for word in _SECRET)


def _race(born: Element) -> dict[str, Any]:
    races = [coded for one in born.findall("races/race") if (coded := _coded(one, "race", "race")) is not None]
    hispanic = value_of(born, "hispanicLatinoEthnicity", boolean)
    return _present(races=races or None, hispanic_or_latino=hispanic)


def _address(one: Element) -> dict[str, Any]:
    return _present(
        kind=_coded(one, "addressType", "addressType"),
        street=text_at(one, "line1"),
        unit=text_at(one, "line2"),
        city=text_at(one, "city"),
        state=text_at(one, "stateProvince"),
        country=text_at(one, "countryCode"),
        postal_code=text_at(one, "postalCode"),
    )


def _telephone(one: Element) -> dict[str, Any]:
    primary = value_of(one, "primaryIndicator", boolean) or None
    return _present(kind=_coded(one, "phoneNumberType", "phoneNumberType"), number=text_at(one, "number"), primary=primary)


def _email(one: Element) -> dict[str, Any]:
    return _present(kind=_coded(one, "emailType", "emailType"), address=text_at(one, "emailAddress"))


def _enrollment(one: Element) -> dict[str, Any]:
    return _present(
        school=_school(one),
        primary=None if value_of(one, "membershipType", _MEMBERSHIPS.get) is not False else False,
        entry_date=day_of(one, "entryDate"),
        exit_date=day_of(one, "exitDate"),
        exit_type=_coded(one, "exitOrWithdrawalType", "exitOrWithdrawalType"),
        grade=_coded(one, "gradeLevel", "gradeLevel"),
    )


def _course(one: Element, term: Element) -> dict[str, Any]:
    sced = _other_id(one, SCED)
    course = _present(title=text_at(one, "courseTitle"), local_code=_coded(one, "leaCourseId", "course"), sced_code=sced)
    credit = _present(attempted=text_at(one, "creditsAttempted"), earned=text_at(one, "creditsEarned"))
    return _present(
        course=course,
        school=_school(term),
        school_year=text_at(term, "schoolYear"),
        term=_coded(term.find("session"), "sessionType", "term"),
        grade=_coded(one, "gradeLevel", "courseGradeLevel"),
        credit=credit or None,
        mark=text_at(one, "finalMarkValue"),
    )


def _school(parent: Element) -> dict[str, Any] | None:
    school = parent.find("school")
    if school is None:
        return None
    nces = _other_id(school, NCES, lengths=(7, 12))
    named = _present(local_id=text_at(school, "localId"), state_id=text_at(school, "stateProvinceId"), name=text_at(school, "schoolName"))
    return (named | ({"nces_id": nces} if nces is not None else {})) or None


def _other_id(parent: Element, kind: str, *, lengths: Collection[int] | None = None) -> str | None:
    """The first id of a kind, and of a length where these are given."""
    for one in parent.findall("otherIds/otherId"):
        value = one.findtext("id", "")
        if one.findtext("type") == kind and value.strip() and (lengths is None or len(value) in lengths):
            text_at(one, "type")
            return text_at(one, "id")
    return None


def _coded(parent: Element | None, name: str, of: str) -> dict[str, str] | None:
    code = None if parent is None else text_at(parent, name)
    return None if code is None else {"system": SYSTEMS[of], "code": code}


def _all(element: Element, first: str, others: str) -> list[Element]:
    return [*element.findall(first), *element.findall(f"{others}/{first}")]


def text_at(parent: Element, path: str) -> str | None:
    """The text as it stands, None if absent or blank: what we write is read back the same."""
    found = parent.find(path)
    text = None if found is None else found.text
    if found is None or text is None or not text.strip():
        return None
    mark(found)
    return text


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
