"""Writing values into a transcript: each only where its form takes it, and of what it does not, which element to keep whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from safepassage.record import Coded, OrganisationReference
from safepassage.record.student_record import Sections
from services.records.formats.pesc_structure import LEVELS, STATES, TEXTS
from services.records.formats.xml_text import said_in_xml

_GRADES: Final = {
    "pk": "PreKindergarten", "kg": "Kindergarten", "ug": "Ungraded", "13": "Grade13",
    **{f"{number:02}": LEVELS[number + 2] for number in range(1, 13)},
    **{level.casefold(): level for level in LEVELS},
}  # fmt: skip


@dataclass
class Writing:
    """What is being written, and of which elements not everything fits."""

    record: Sections
    extended: set[str] = field(default_factory=set)

    def text(self, parent: Element, name: str, kind: str, value: object, element: str) -> None:
        """A child with a value that its form takes; another one is left to the extension."""
        if value is None or value == "":
            return
        said = said_in_xml(str(value))
        if said is None or not TEXTS[kind].holds(said):
            self.extended.add(element)
            return
        SubElement(parent, name).text = said

    def whole(self, parent: Element, name: str, kind: str, value: str, element: str) -> None:
        """A child that has to be there: cut to what it takes, and whole in the extension."""
        said = said_in_xml(value) or "-"
        if said != value or len(said) > TEXTS[kind].longest:
            self.extended.add(element)
        SubElement(parent, name).text = said[: TEXTS[kind].longest]


def write_school(parent: Element, school: OrganisationReference, writing: Writing, element: str) -> None:
    """A school, by its name or an id, and by its ids."""
    made = SubElement(parent, "School")
    ids: Mapping[str, str | None] = {"nces": school.nces_id, "state": school.state_id, "local": school.local_id}
    writing.whole(made, "OrganizationName", "OrganizationName", school.name or next(one for one in ids.values() if one), element)
    writing.text(made, "CCD", "CCD", school.nces_id, element)
    local = school.state_id or school.local_id
    if local is not None and TEXTS["LocalOrganizationIDCode"].holds(said_in_xml(local) or ""):
        identifier = SubElement(made, "LocalOrganizationID")
        SubElement(identifier, "LocalOrganizationIDCode").text = local
        SubElement(identifier, "LocalOrganizationIDQualifier").text = school.state if school.state in STATES else "ZZ"
    if sum(one is not None for one in ids.values()) > 1 or school.name is None or local is not None:
        writing.extended.add(element)


def write_level(parent: Element, grade: Coded | None, writing: Writing, element: str) -> None:
    """A grade level, where it is one of the standard's."""
    if grade is None:
        return
    level = _GRADES.get(plain(grade.code)) or _GRADES.get(grade.code.casefold())
    if level is None:
        writing.extended.add(element)
        return
    SubElement(SubElement(parent, "StudentLevel"), "StudentLevelCode").text = level


def plain(code: str) -> str:
    """A code folded for comparison: letters and digits alone."""
    return "".join(character for character in code.casefold() if character.isalnum())
