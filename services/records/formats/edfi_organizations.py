"""Ed-Fi EducationOrganization: schools and their districts, as a record names them."""

from dataclasses import dataclass, field
from typing import Any

from services.records.formats.edfi_members import Members
from services.records.formats.edfi_places import Places
from services.records.formats.edfi_stream import Item, code_at, code_of, present, text_of
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
    _places: Places[str] = field(default_factory=Places)
    _at_place: dict[str, tuple[Item, str]] = field(default_factory=dict)
    """Schools that name their district by its place in the files."""
    _made: dict[str, Reference] = field(default_factory=dict)
    """Once for all students who are there."""
    named_since: set[str] = field(default_factory=set)
    """Whom a record has named since this was made empty."""

    def take(self, item: Item) -> bool:
        """Keep a school or agency; False for anything else of the interchange."""
        identifier = item.text(KINDS[item.tag]) if item.tag in KINDS else None
        if identifier is None:
            return False
        nces = None
        for code in item.all("EducationOrganizationIdentificationCode"):
            number = code.findtext("IdentificationCode", "").strip()
            system = code_of(code.findtext("EducationOrganizationIdentificationSystem", "").strip())
            if nces is None and system == "nces" and number.isdigit() and len(number) in (7, 12):
                nces = text_of(code, "IdentificationCode")
                code_at(code, "EducationOrganizationIdentificationSystem")
        self.references[identifier] = present(name=item.text("NameOfInstitution"), nces_id=nces, state_id=identifier)
        self._made.pop(identifier, None)
        self._places.put(item, identifier)
        parent = item.element.find("LocalEducationAgencyReference")
        if parent is not None:
            named = text_of(parent, "LocalEducationAgencyIdentity/LocalEducationAgencyId")
            self._district_of[identifier] = named or ""
            self._at_place.pop(identifier, None)
            if named is None and "ref" in parent.attrib:
                self._at_place[identifier] = item, parent.attrib["ref"]
        return True

    def take_resource(self, resource: str, item: Members) -> None:
        """Keep a school or agency of the API, its body being as its schema says."""
        identifier, nces = item.key(AGENCIES[resource]) or "", None
        for code in item.parts("identificationCodes"):
            number = str(code.peek("identificationCode"))
            system = code_of(code.peek("educationOrganizationIdentificationSystemDescriptor"))
            if nces is None and system == "nces" and number.isdigit() and len(number) in (7, 12):
                nces = number
                code.known("identificationCode")
                code.standard("educationOrganizationIdentificationSystemDescriptor")
        self.references[identifier] = present(name=item.text("nameOfInstitution"), nces_id=nces, state_id=identifier)
        self._made.pop(identifier, None)
        parent = item.inside("localEducationAgencyReference").key("localEducationAgencyId")
        if parent is not None:
            self._district_of[identifier] = parent

    def is_named(self, identifier: str) -> bool:
        """Whether a record names it."""
        return identifier in self._made

    def has_district(self, school: str) -> bool:
        """Whether its district, where it names one, is described."""
        return school not in self._district_of or self.district_id_of(school) is not None

    def school(self, identifier: str) -> Reference | None:
        """A school's reference; None if the upload does not describe it."""
        made = self._made.get(identifier)
        if made is None and identifier in self.references:
            made = self._made[identifier] = reference_of(self.references[identifier])
        if made is not None:
            self.named_since.add(identifier)
        return made

    def district_id_of(self, school: str) -> str | None:
        """The id of a school's district; None if the upload does not describe it."""
        identifier = self._places.at(*self._at_place[school]) if school in self._at_place else self._district_of.get(school, "")
        return identifier if identifier in self.references else None

    def district_of(self, school: str) -> Reference | None:
        """The reference of a school's district."""
        identifier = self.district_id_of(school)
        return None if identifier is None else self.school(identifier)
