"""The Ed-Fi sample district as Alder's data: its files, its organisations and clients, and the children whom the story is about."""

import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from node.demo.doors import StateDoors
from node.demo.network import hand_on
from node.demo.seats import MOVER_DISTRICT
from node.demo.seeding import OPENED, seat_clients
from node.demo.story import Child, Children
from node.folder import NodeFolder
from node.organisation_files import add_all, read_organisations
from node.synthetic import ALDER
from safepassage.record.identity import Identifier
from safepassage.record.loads import StudentLookup
from safepassage.wire_exchange import PersonSelector
from safepassage.wire_organisations import NewOrganisation
from services.records.formats.archive import Archive
from services.records.formats.edfi_stream import Item, items

FILES = ("Student", "EducationOrganization", "Contact", "StudentSchoolAttendance", "StudentProgram", "StudentDiscipline")
DISTRICT, SCHOOL_ID, SCHOOL = "Grand Bend ISD", "255901107", "Grand Bend Elementary School"
AGREEMENTS: dict[str, str | None] = {
    "onward_transfer_agreed": "transfer agreement 2025-07",
    "annual_notice_forwards_records": "annual notice 2026, page 3",
    "annual_notice_school_officials": "annual notice 2026, page 2",
}


def zipped(sample: Path, target: Path) -> Path:
    """The interchange files as a district would upload them."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name in FILES:
            package.write(sample / f"{name}.xml", f"{name}.xml")
    return target


async def seed_district(node: NodeFolder, package: Path) -> None:
    """Alder's agency, the organisations that the files name, a vendor, and the demo's clients in their seats."""
    file = node.file
    async with hand_on(node) as hand:
        agency = NewOrganisation(kind="sea", name=file.name, state_id=file.state, time_zone=file.time_zone, valid_from=OPENED)
        await hand.add_organisation(agency, organisation_id=file.organisation_id)
        added = await add_all(
            hand,
            read_organisations(package)[0],
            agency_id=file.organisation_id,
            time_zone=file.time_zone,
            today=OPENED,
            agreements=AGREEMENTS,
        )
        vendor = await hand.add_organisation(NewOrganisation(kind="vendor", name="Lantern Reading", valid_from=OPENED))
        district = next(one for one in added if one.kind == "lea")
        ids = {"sea": file.organisation_id, MOVER_DISTRICT: district.id, vendor.name: vendor.id}
        await seat_clients(hand, ALDER, ids, issuer=file.entity_id, folder=node.path / "clients")


async def children_of(alder: StateDoors, roster: bytes) -> Children:
    """Two children of the elementary school, as far as the attendance events say where a child goes to school."""
    files = Archive.of_zip(roster)
    attend = {
        str(event.text("StudentReference/StudentIdentity/StudentUniqueId"))
        for event in _items(files, "StudentSchoolAttendance", "StudentSchoolAttendanceEvent")
        if event.text("SchoolReference/SchoolIdentity/SchoolId") == SCHOOL_ID
    }
    students = (one for one in _items(files, "Student", "Student") if one.text("StudentUniqueId") in attend)
    return Children(mover=await _child(alder, next(students)), consenting=await _child(alder, next(students)))


async def _child(alder: StateDoors, student: Item) -> Child:
    number = str(student.text("StudentUniqueId"))
    known_as = Identifier(kind="state", system="ed-fi:StudentUniqueId", value=number)
    (found,) = (await alder.client("former-district").lookup_students(StudentLookup(identifier=known_as))).students
    alder.known_ids.add(found)
    selector = PersonSelector(
        first_name=str(student.text("Name/FirstName")),
        last_name=str(student.text("Name/LastSurname")),
        birth_date=date.fromisoformat(str(student.text("BirthData/BirthDate"))),
        state_student_id=number,
    )
    return Child(found, selector, SCHOOL)


def _items(files: Archive, name: str, tag: str) -> Iterator[Item]:
    with files.open(f"{name}.xml") as file:
        yield from (item for item in items(file, f"{name}.xml") if item.tag == tag)
