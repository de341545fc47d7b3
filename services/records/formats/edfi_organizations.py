"""Ed-Fi EducationOrganization: schools and their districts, as a record names them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.records.formats.edfi_stream import Item, code_of, present, text_of
from services.records.formats.made_once import Reference, reference_of

KINDS = {
    "School": "SchoolId",
    "LocalEducationAgency": "LocalEducationAgencyId",
    "StateEducationAgency": "StateEducationAgencyId",
    "EducationServiceCenter": "EducationServiceCenterId",
}

AGENCIES = {"schools": "schoolId", "localEducationAgencies": "localEducationAgencyId"}
"""Resources of the API that are read, by the member that names one."""


@dataclass
class Organizations:
    """By education organisation id."""

    references: dict[str, dict[str, Any]] = field(default_factory=dict)
    _district_of: dict[str, str] = field(default_factory=dict)
    _by_xml_id: dict[str, str] = field(default_factory=dict)
    _made: dict[str, Reference] = field(default_factory=dict)
    """Once for all students who are there."""

    def take(self, item: Item) -> bool:
        """Keep a school or agency; False for anything else of the interchange."""
        identifier = item.text(KINDS[item.tag]) if item.tag in KINDS else None
        if identifier is None:
            return False
        nces = None
        for code in item.all("EducationOrganizationIdentificationCode"):
            number = text_of(code, "IdentificationCode") or ""
            if (
                code_of(text_of(code, "EducationOrganizationIdentificationSystem")) == "nces"
                and number.isdigit()
                and len(number) in (7, 12)
            ):
                nces = number
        self.references[identifier] = present(name=item.text("NameOfInstitution"), nces_id=nces, state_id=identifier)
        self._made.pop(identifier, None)
        if "id" in item.element.attrib:
            self._by_xml_id[item.element.attrib["id"]] = identifier
        parent = item.element.find("LocalEducationAgencyReference")
        if parent is not None:
            named = text_of(parent, "LocalEducationAgencyIdentity/LocalEducationAgencyId")
            self._district_of[identifier] = named or parent.attrib.get("ref", "")
        return True

    def take_resource(self, resource: str, body: Mapping[str, Any]) -> None:
        """Keep a school or agency of the API, its body being as its schema says."""
        identifier, nces = str(body[AGENCIES[resource]]), None
        for code in body.get("identificationCodes") or []:
            number = str(code["identificationCode"])
            if (
                code_of(code["educationOrganizationIdentificationSystemDescriptor"]) == "nces"
                and number.isdigit()
                and len(number) in (7, 12)
            ):
                nces = number
        self.references[identifier] = present(name=body["nameOfInstitution"], nces_id=nces, state_id=identifier)
        self._made.pop(identifier, None)
        parent = (body.get("localEducationAgencyReference") or {}).get("localEducationAgencyId")
        if parent is not None:
            self._district_of[identifier] = str(parent)

    def school(self, identifier: str) -> Reference | None:
        """A school's reference; None if the upload does not describe it."""
        made = self._made.get(identifier)
        if made is None and identifier in self.references:
            made = self._made[identifier] = reference_of(self.references[identifier])
        return made

    def district_id_of(self, school: str) -> str | None:
        """The id of a school's district; None if the upload does not describe it."""
        named = self._district_of.get(school, "")
        identifier = self._by_xml_id.get(named, named)
        return identifier if identifier in self.references else None

    def district_of(self, school: str) -> Reference | None:
        """The reference of a school's district."""
        identifier = self.district_id_of(school)
        return None if identifier is None else self.school(identifier)
