"""What an element of ours and its codes are in an xSre, and whether all of an element was said."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement

from safepassage.record import Coded
from services.records.formats.xml_text import said_in_xml

SYSTEMS: Final = {
    "sex": "ceds:000255", "race": "ceds:001943", "addressType": "ceds:000010", "phoneNumberType": "ceds:000280", "emailType": "ceds:000089",
    "exitOrWithdrawalType": "ceds:000110", "gradeLevel": "ceds:000100", "courseGradeLevel": "ceds:000125", "term": "ceds:000252",
    "course": "sif:leaCourseId",
}  # fmt: skip
"""Whose list a code of an element is of; a code of another list is in the extension too."""
IDS: Final = {"localId": ("district", "sif:localId"), "stateProvinceId": ("state", "sif:stateProvinceId")}
OTHER_IDS: Final = {"district": "District", "state": "State", "school": "School", "migrant": "Migrant", "other": "Other"}
LEGAL, PREFERRED = "LegalName", "Preferred"
SCED: Final = "SCED"
NCES: Final = "NCES"


class Saying:
    """One element of ours being said: whether all of it was."""

    def __init__(self) -> None:
        self.whole = True

    def text(self, parent: Element, name: str, value: object) -> None:
        """A child with a value, where XML can carry it."""
        said = None if value is None else said_in_xml(str(value))
        if said is not None:
            SubElement(parent, name).text = said
        self.whole = self.whole and (value is None or said is not None)

    def code(self, parent: Element, name: str, coded: Coded | None, system: str) -> None:
        """A child with a code, which a reader takes to be of `system`."""
        if coded is not None:
            self.text(parent, name, coded.code)
            self.whole = self.whole and coded.system == system and coded.description is None

    def lose(self, *values: object) -> None:
        """What there is no place for."""
        self.whole = self.whole and all(value is None or value is False for value in values)


def write_several(root: Element, first: str, others: str, many: Sequence[Any], write: Callable[[Element, Any], None]) -> None:
    """The first of many as an element of its own, the others in a list."""
    for place, one in enumerate(many):
        parent = root if place == 0 else root.find(others)
        write(SubElement(SubElement(root, others) if parent is None else parent, first), one)
