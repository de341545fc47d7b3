"""What is permitted of a record → a SIF xSre (North American data model 3). Pure.

As much as the standard's own elements say; of an element of which they cannot say everything our JSON goes along whole, in
`SIF_ExtendedElements`, with the statements of disagreement. Read again (xsre_reading), the record is the same.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from uuid import UUID
from xml.etree.ElementTree import Element, SubElement, tostring

from safepassage.elements import ELEMENTS
from safepassage.record import Coded, StatementOfDisagreement
from safepassage.record.contacts import Address, Email, Telephone
from safepassage.record.identity import Identifier
from safepassage.record.student_record import Sections
from services.records.formats.xml_text import said_in_xml
from services.records.formats.xsre_saying import IDS, LEGAL, OTHER_IDS, PREFERRED, SYSTEMS, Saying, write_several
from services.records.formats.xsre_schooling import write_enrollments, write_transcript_terms
from services.records.formats.xsre_structure import EXTENDED, NAMESPACE, validate

RELEVANT: Final = (
    "identity.name", "identity.preferred_name", "identity.birth_date", "identity.birth_place", "identity.sex", "identity.identifiers",
    "demographics.race_ethnicity", "contacts.addresses", "contacts.telephones", "contacts.emails", "enrollment.enrollments",
    "academics.transcript",
)  # fmt: skip
"""The elements that an xSre is made of."""


def write_xsre(record: Sections, statements: Sequence[StatementOfDisagreement], *, ref_id: UUID) -> bytes:
    """The document of what is permitted of `record`. `ref_id`: by which the receiver knows the student."""
    root = Element("xSre", refId=str(ref_id))
    said: dict[str, Saying] = {element: Saying() for element in record.elements()}
    for element, saying in said.items():
        if element not in RELEVANT:
            saying.lose(element)
    for element, write in _WRITERS:
        if element in said:
            section, _, member = element.partition(".")
            write(root, getattr(getattr(record, section), member), said[element])
    ordered = _in_order(root)
    _extend(ordered, record, [one.id for one in ELEMENTS if one.id in said and not said[one.id].whole], statements)
    validate(ordered)
    ordered.set("xmlns", NAMESPACE)
    document: bytes = tostring(ordered, encoding="UTF-8", xml_declaration=True)
    return document


def _in_order(root: Element) -> Element:
    """Elements of ours are several of the standard's: each with its like, in the standard's order."""
    order = (
        "name", "otherNames", "localId", "stateProvinceId", "otherIds", "address", "otherAddresses", "phoneNumber", "otherPhoneNumbers",
        "email", "otherEmails", "demographics", "enrollment", "otherEnrollments", "transcriptTerm", "otherTranscriptTerms",
    )  # fmt: skip
    made = Element(root.tag, dict(root.attrib))
    made.extend(sorted(root, key=lambda child: order.index(child.tag)))
    demographics = made.find("demographics")
    if demographics is not None:
        inner = ("races", "hispanicLatinoEthnicity", "sex", "birthDate", "countryOfBirth")
        demographics[:] = sorted(demographics, key=lambda child: inner.index(child.tag))
    return made


def _extend(root: Element, record: Sections, elements: Sequence[str], statements: Iterable[StatementOfDisagreement]) -> None:
    document = record.document()
    kept = {element: document[element.partition(".")[0]][element.partition(".")[2]] for element in elements}
    placed = [one.model_dump(mode="json", exclude_none=True) for one in statements]
    if kept or placed:
        extended = SubElement(root, "SIF_ExtendedElements")
        for name, value in (("elements", kept), ("statements", placed)):
            if value:
                SubElement(extended, "SIF_ExtendedElement", Name=f"{EXTENDED}:{name}").text = json.dumps(value)


def _name(root: Element, name: Any, saying: Saying) -> None:
    made = SubElement(root, "name")
    saying.text(made, "type", LEGAL)
    for child, value in (("prefix", name.prefix), ("familyName", name.last_1), ("givenName", name.first), ("middleName", name.middle)):
        saying.text(made, child, value)
    saying.text(made, "suffix", name.suffix)
    saying.lose(name.last_2)


def _preferred(root: Element, name: Any, saying: Saying) -> None:
    made = SubElement(SubElement(root, "otherNames"), "name")
    for child, value in (("type", PREFERRED), ("familyName", name.last), ("givenName", name.first)):
        saying.text(made, child, value)
    saying.lose(name.last is None and name.first is None)


def _identifiers(root: Element, identifiers: Sequence[Identifier], saying: Saying) -> None:
    """The first of a district and of a state have elements of their own; in another order than the record's, all are in the extension."""
    named = [next((one for one in identifiers if one.kind == kind), None) for kind, _ in IDS.values()]
    for (child, (_, system)), one in zip(IDS.items(), named, strict=True):
        saying.text(root, child, one.value if one else None)
        saying.lose(one is not None and one.system != system)
    others = [one for one in identifiers if not any(one is held for held in named)]
    saying.lose([*(one for one in named if one is not None), *others] != list(identifiers))
    if others:
        made = SubElement(root, "otherIds")
        for one in others:
            if said_in_xml(one.value) is None:
                saying.lose(one)
                continue
            other = SubElement(made, "otherId")
            saying.text(other, "type", OTHER_IDS[one.kind])
            saying.text(other, "id", one.value)
            saying.lose(one.system != f"sif:{OTHER_IDS[one.kind]}")
        if len(made) == 0:
            root.remove(made)


def _demographics(root: Element) -> Element:
    held = root.find("demographics")
    return SubElement(root, "demographics") if held is None else held


def _born(root: Element, born: Any, saying: Saying) -> None:
    saying.text(_demographics(root), "birthDate", born.birth_date)
    saying.lose(born.verification)


def _birth_place(root: Element, place: Any, saying: Saying) -> None:
    if place.country is not None:
        saying.text(_demographics(root), "countryOfBirth", place.country)
    saying.lose(place.city, place.state, place.country is None)


def _sex(root: Element, sex: Coded, saying: Saying) -> None:
    saying.code(_demographics(root), "sex", sex, SYSTEMS["sex"])


def _race(root: Element, answer: Any, saying: Saying) -> None:
    made = _demographics(root)
    before = len(made)
    if answer.races:
        held = [race for race in answer.races if said_in_xml(race.code) is not None]
        saying.lose(len(held) < len(answer.races))
        races = SubElement(made, "races") if held else made
        for race in held:
            saying.code(SubElement(races, "race"), "race", race, SYSTEMS["race"])
    if answer.hispanic_or_latino is not None:
        saying.text(made, "hispanicLatinoEthnicity", str(answer.hispanic_or_latino).lower())
    saying.lose(answer.combined, answer.declined, len(made) == before)


def _addresses(root: Element, addresses: Sequence[Address], saying: Saying) -> None:
    def write(made: Element, one: Address) -> None:
        saying.code(made, "addressType", one.kind, SYSTEMS["addressType"])
        for child, value in (("line1", one.street), ("line2", one.unit), ("city", one.city), ("stateProvince", one.state)):
            saying.text(made, child, value)
        saying.text(made, "countryCode", one.country)
        saying.text(made, "postalCode", one.postal_code)
        saying.lose(one.county, one.protected, one.begin_date, one.end_date, len(made) == 0)

    write_several(root, "address", "otherAddresses", addresses, write)


def _telephones(root: Element, telephones: Sequence[Telephone], saying: Saying) -> None:
    def write(made: Element, one: Telephone) -> None:
        saying.code(made, "phoneNumberType", one.kind, SYSTEMS["phoneNumberType"])
        saying.text(made, "number", one.number)
        if one.primary:
            saying.text(made, "primaryIndicator", "true")

    held = [one for one in telephones if said_in_xml(one.number) is not None]
    saying.lose(len(held) < len(telephones))
    write_several(root, "phoneNumber", "otherPhoneNumbers", held, write)


def _emails(root: Element, emails: Sequence[Email], saying: Saying) -> None:
    def write(made: Element, one: Email) -> None:
        saying.code(made, "emailType", one.kind, SYSTEMS["emailType"])
        saying.text(made, "emailAddress", one.address)

    held = [one for one in emails if said_in_xml(one.address) is not None]
    saying.lose(len(held) < len(emails))
    write_several(root, "email", "otherEmails", held, write)


_WRITERS: Final[tuple[tuple[str, Callable[[Element, Any, Saying], None]], ...]] = (
    ("identity.name", _name), ("identity.preferred_name", _preferred), ("identity.identifiers", _identifiers),
    ("identity.birth_date", _born), ("identity.birth_place", _birth_place), ("identity.sex", _sex),
    ("demographics.race_ethnicity", _race), ("contacts.addresses", _addresses), ("contacts.telephones", _telephones),
    ("contacts.emails", _emails), ("enrollment.enrollments", write_enrollments), ("academics.transcript", write_transcript_terms),
)  # fmt: skip

assert set(RELEVANT) == {element for element, _ in _WRITERS}  # noqa: S101 a typing error here would lose data
