"""Organisations from the files that a state has anyway: OneRoster's orgs.csv, Ed-Fi's EducationOrganization interchange."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal
from uuid import UUID

from safepassage.wire_organisations import NewOrganisation, Organisation
from services.gateway.registry.administration import Administration
from services.records.formats.archive import Archive
from services.records.formats.edfi_organizations import KINDS, Organizations
from services.records.formats.edfi_stream import items
from services.records.formats.oneroster_tables import Tables

_OTHER_TYPES: Final = frozenset({"department", "state", "national"})
"""Kinds that OneRoster has beside districts and schools."""
_OTHER_ELEMENTS: Final = frozenset(
    {
        "StateEducationAgency", "EducationServiceCenter", "EducationOrganizationNetwork", "CommunityOrganization", "CommunityProvider",
        "OrganizationDepartment", "PostSecondaryInstitution",
    }
)  # fmt: skip
"""And Ed-Fi. Another word is the file's own, and is not told."""


@dataclass(frozen=True)
class NamedOrganisation:
    """A district or school as a file names it."""

    source_id: str
    kind: Literal["lea", "school"]
    name: str
    nces_id: str | None
    state_id: str | None
    parent: str | None
    """Source id of a school's district."""


@dataclass(frozen=True)
class LeftOut:
    """An organisation of a file that is not added: where it stands, and why."""

    position: str
    reason: str


def read_organisations(path: Path) -> tuple[list[NamedOrganisation], list[LeftOut]]:
    """Districts and schools of a OneRoster package or of Ed-Fi interchange files (a zip or a folder), districts first, and the rest.

    Raises UnreadableRoster.
    """
    archive = Archive.of_folder(path) if path.is_dir() else Archive.of_zip(path.read_bytes())
    every = list(_oneroster(archive) if "orgs.csv" in archive else _ed_fi(archive))
    found = [one for one in every if isinstance(one, NamedOrganisation)]
    return sorted(found, key=lambda one: one.kind != "lea"), [one for one in every if isinstance(one, LeftOut)]


def of_no_district(named: Sequence[NamedOrganisation]) -> list[NamedOrganisation]:
    """Schools that name no district of these files, or one that the files do not have: there is no place to add them."""
    districts = {one.source_id for one in named if one.kind == "lea"}
    return [one for one in named if one.kind == "school" and one.parent not in districts]


def _oneroster(archive: Archive) -> Iterator[NamedOrganisation | LeftOut]:
    for row in Tables(archive).rows("orgs"):
        kind: Literal["lea", "school"] | None = {"district": "lea", "local": "lea", "school": "school"}.get(row["type"])  # type: ignore[assignment]  # the values are those two
        if kind is None or row.to_be_deleted:
            of_kind = row["type"] if row["type"] in _OTHER_TYPES else "another kind"
            yield LeftOut(row.position, "to be deleted" if row.to_be_deleted else f"neither district nor school: {of_kind}")
            continue
        number = row["identifier"] or row["sourcedId"]
        nces = number if number.isdigit() and len(number) == (7 if kind == "lea" else 12) else None
        yield NamedOrganisation(row["sourcedId"], kind, row["name"], nces, None if nces else number, row["parentSourcedId"] or None)


def _ed_fi(archive: Archive) -> Iterator[NamedOrganisation | LeftOut]:
    organizations, kinds = Organizations(), dict[str, Literal["lea", "school"]]()
    for name in (one for one in archive.names if one.casefold().endswith(".xml")):
        with archive.open(name) as file:
            for item in items(file, name):
                kind: Literal["lea", "school"] = "school" if item.tag == "School" else "lea"
                if item.tag in ("School", "LocalEducationAgency"):
                    if organizations.take(item):
                        kinds[item.text(KINDS[item.tag]) or ""] = kind
                    else:
                        yield LeftOut(item.position, f"without {KINDS[item.tag]}")
                elif item.element.find("NameOfInstitution") is not None:
                    of_kind = item.tag if item.tag in _OTHER_ELEMENTS else "another kind"
                    yield LeftOut(item.position, f"neither district nor school: {of_kind}")
    for identifier, kind in kinds.items():
        reference = organizations.references[identifier]
        yield NamedOrganisation(
            source_id=identifier,
            kind=kind,
            name=reference.get("name") or identifier,
            nces_id=reference.get("nces_id"),
            state_id=identifier,
            parent=organizations.district_id_of(identifier) if kind == "school" else None,
        )


async def add_all(
    hand: Administration,
    named: Sequence[NamedOrganisation],
    *,
    agency_id: UUID,
    time_zone: str,
    today: date,
    agreements: dict[str, str | None],
) -> list[Organisation]:
    """Add districts below the state agency and schools below their districts; those that are there already are left as they are.

    agreements  onward_transfer_agreed and the annual notices of every district, as references to documents
    """
    there = {_place(one.kind, one.state_id or one.nces_id, one.parent_id): one for one in await hand.organisations()}
    ids: dict[str, UUID] = {}
    added: list[Organisation] = []
    for one in named:
        parent = agency_id if one.kind == "lea" else ids.get(one.parent or "")
        known = there.get(_place(one.kind, one.state_id or one.nces_id, parent))
        if known is None:
            if parent is None:
                continue
            known = await hand.add_organisation(
                NewOrganisation(
                    kind=one.kind,
                    name=one.name,
                    parent_id=parent,
                    nces_id=one.nces_id,
                    state_id=one.state_id,
                    time_zone=time_zone,
                    valid_from=today,
                    **(agreements if one.kind == "lea" else {}),
                )
            )
            added.append(known)
        ids[one.source_id] = known.id
    return added


def _place(kind: str, identifier: str | None, parent_id: UUID | None) -> tuple[str, str | None, UUID | None]:
    """By which an organisation is known again: a school's number may be its own within its district alone."""
    return kind, identifier, parent_id if kind == "school" else None
