"""A synthetic state as a OneRoster 1.2 CSV package: what a roster can say of it, and no more."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TextIO

from node.synthetic.calendar import SchoolCalendar, last_day
from node.synthetic.people import Document
from node.synthetic.states import StatePlan, SyntheticOrganisation, organisations
from services.records.formats.oneroster_csv import ABSENT, COLUMNS

RACE_COLUMNS = {
    "White": "white",
    "BlackOrAfricanAmerican": "blackOrAfricanAmerican",
    "Asian": "asian",
    "AmericanIndianOrAlaskaNative": "americanIndianOrAlaskaNative",
    "DemographicRaceTwoOrMoreRaces": "demographicRaceTwoOrMoreRaces",
    "NativeHawaiianOrOtherPacificIslander": "nativeHawaiianOrOtherPacificIslander",
}
ROLES = {"Mother": "parent", "Father": "parent", "CourtAppointedGuardian": "guardian"} | dict.fromkeys(
    ("Grandmother", "Grandfather", "Aunt", "Uncle", "Stepfather"), "relative"
)
"""Relation → role. A neighbour has none, and is left out."""

Row = dict[str, str]


class Rostered(Protocol):
    """A student with the school of the present enrolment, or of the last."""

    @property
    def source_id(self) -> str:
        """The id in the state's own system."""

    @property
    def school(self) -> SyntheticOrganisation:
        """The school."""

    @property
    def document(self) -> Document:
        """The record as JSON has it."""


class OneRosterPackage:
    """A new zip file, written as students are added; a file of each table beside it until it is closed."""

    def __init__(self, path: Path, state: StatePlan, *, as_of: date) -> None:
        """Raises FileExistsError."""
        self._state, self._calendar = state, SchoolCalendar(as_of)
        self._session = f"SY{self._calendar.year}"
        self._agency = next(one.key for one in organisations(state) if one.kind == "sea")
        self._zip = zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED)
        self._folder = TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent)
        self._files = {name: (Path(self._folder.name) / f"{name}.csv").open("w", newline="", encoding="utf-8") for name in COLUMNS}
        self._tables = {name: _table(file, COLUMNS[name]) for name, file in self._files.items()}
        self._classes: set[str] = set()
        self._agencies()

    def close(self) -> None:
        """Put the tables into the zip."""
        self._zip.writestr("manifest.csv", _csv(("propertyName", "value"), _manifest(self._state)))
        for name, file in self._files.items():
            file.close()
            self._zip.write(file.name, f"{name}.csv")
        self._zip.close()
        self._folder.cleanup()

    def _agencies(self) -> None:
        self._tables["orgs"].writerows(organisation_rows(self._state))
        calendar = self._calendar
        self._tables["academicSessions"].writerow(
            {
                "sourcedId": self._session,
                "title": f"{calendar.year - 1}-{calendar.year}",
                "type": "schoolYear",
                "startDate": calendar.begins.isoformat(),
                "endDate": _day_after(last_day(calendar.year)),
                "schoolYear": str(calendar.year),
            }
        )

    def add(self, one: Rostered) -> None:
        """A student: who it is, the guardians, the classes. Who has left has an end date."""
        record = one.document
        identity, contacts = record["identity"], record.get("contacts", {})
        present = record["enrollment"]["enrollments"][0]
        source_id, grade = one.source_id, present["grade"]["code"]
        agents = []
        for place, guardian in enumerate(contacts.get("guardians", []), start=1):
            role = ROLES.get(guardian["relation"]["code"])
            if role is None:
                continue
            agents.append(f"{source_id}-G{place}")
            self._tables["users"].writerow(
                {
                    "sourcedId": agents[-1],
                    "enabledUser": "false",
                    "username": agents[-1],
                    "givenName": guardian["name"].get("first", ""),
                    "familyName": guardian["name"]["last_1"],
                    "email": guardian["emails"][0]["address"] if "emails" in guardian else "",
                    **_telephone(guardian),
                    "primaryOrgSourcedId": one.school.key,
                }
            )
            self._tables["roles"].writerow(_role(agents[-1], role, one.school.key, "", ""))
        name, preferred = identity["name"], identity.get("preferred_name", {})
        self._tables["users"].writerow(
            {
                "sourcedId": source_id,
                "enabledUser": "true",
                "username": source_id,
                "givenName": name.get("first", ""),
                "familyName": " ".join(part for part in (name["last_1"], name.get("last_2")) if part),
                "middleName": name.get("middle", ""),
                "preferredGivenName": preferred.get("first", ""),
                "preferredFamilyName": preferred.get("last", ""),
                "identifier": identity["identifiers"][1]["value"],
                "userMasterIdentifier": identity["identifiers"][0]["value"],
                "email": contacts["emails"][0]["address"] if "emails" in contacts else "",
                "phone": contacts["telephones"][0]["number"] if "telephones" in contacts else "",
                "agentSourcedIds": ",".join(agents),
                "grades": grade,
                "primaryOrgSourcedId": one.school.key,
            }
        )
        self._tables["roles"].writerow(_role(source_id, "student", one.school.key, present["entry_date"], _end(present)))
        stays = record["enrollment"]["enrollments"]
        # A college is no organisation of the state's roster.
        for second in (stay for stay in stays if not stay.get("primary", True) and "nces_id" in stay["school"]):
            there = _role(source_id, "student", second["school"]["nces_id"], second["entry_date"], _end(second))
            self._tables["roles"].writerow({**there, "sourcedId": f"{source_id}-R2", "roleType": "secondary"})
        self._tables["demographics"].writerow(_demographics(source_id, identity, record.get("demographics", {})))
        courses = record.get("academics", {}).get("current_courses", ())
        for course in (course for course in courses if "nces_id" in course["school"]):
            self._class(course, one.school.key, grade)
            self._tables["enrollments"].writerow(
                {
                    "sourcedId": f"{source_id}-{course['section']}",
                    "classSourcedId": f"{one.school.key}-{course['section']}",
                    "schoolSourcedId": one.school.key,
                    "userSourcedId": source_id,
                    "role": "student",
                    "primary": "false",
                    "beginDate": course.get("begin_date", ""),
                }
            )

    def _class(self, course: Document, school: str, grade: str) -> None:
        identifier = f"{school}-{course['section']}"
        if identifier in self._classes:
            return
        self._classes.add(identifier)
        code = course["course"]["local_code"]["code"]
        if f"course-{code}" not in self._classes:
            self._classes.add(f"course-{code}")
            self._tables["courses"].writerow(
                {
                    "sourcedId": f"course-{code}",
                    "schoolYearSourcedId": self._session,
                    "title": course["course"]["title"],
                    "courseCode": code,
                    "orgSourcedId": self._agency,
                }
            )
        self._tables["classes"].writerow(
            {
                "sourcedId": identifier,
                "title": course["course"]["title"],
                "grades": grade,
                "courseSourcedId": f"course-{code}",
                "classCode": course["section"],
                "classType": "scheduled",
                "schoolSourcedId": school,
                "termSourcedIds": self._session,
            }
        )


def write_oneroster(path: Path, state: StatePlan, everyone: Iterable[Rostered], *, as_of: date) -> None:
    """Write the package to a new zip file at `path`. Raises FileExistsError."""
    package = OneRosterPackage(path, state, as_of=as_of)
    for one in everyone:
        package.add(one)
    package.close()


def organisation_rows(state: StatePlan) -> Iterator[Row]:
    """The rows of orgs.csv, parents first."""
    kinds = {"sea": "state", "lea": "district", "school": "school"}
    for org in organisations(state):
        yield {
            "sourcedId": org.key,
            "name": org.name,
            "type": kinds[org.kind],
            "identifier": org.nces_id or org.state_id,
            "parentSourcedId": org.parent or "",
        }


def _manifest(state: StatePlan) -> Iterator[Row]:
    said = {"manifest.version": "1.0", "oneroster.version": "1.2", "source.systemName": f"{state.name} synthetic SIS"}
    said |= {"source.systemCode": f"{state.code}-SIS"} | {f"file.{name}": "bulk" for name in COLUMNS}
    said |= {f"file.{name}": "absent" for name in ABSENT}
    yield from ({"propertyName": name, "value": value} for name, value in said.items())


def _end(enrollment: dict[str, Any]) -> str:
    return _day_after(date.fromisoformat(enrollment["exit_date"])) if "exit_date" in enrollment else ""


def _day_after(last: date) -> str:
    """OneRoster's end, of a session as of a role, is the first day that is no longer in it; the record's the last that is."""
    return (last + timedelta(days=1)).isoformat()


def _role(user: str, role: str, org: str, begins: str, ends: str) -> Row:
    return {
        "sourcedId": f"{user}-R",
        "userSourcedId": user,
        "roleType": "primary",
        "role": role,
        "beginDate": begins,
        "endDate": ends,
        "orgSourcedId": org,
    }


def _telephone(guardian: dict[str, Any]) -> Row:
    """A mobile number has a column of its own."""
    if "telephones" not in guardian:
        return {}
    first = guardian["telephones"][0]
    return {"sms" if first.get("kind", {}).get("code") == "Mobile" else "phone": first["number"]}


def _demographics(source_id: str, identity: dict[str, Any], demographics: dict[str, Any]) -> Row:
    place = identity.get("birth_place", {})
    row = {
        "sourcedId": source_id,
        "birthDate": identity["birth_date"]["birth_date"],
        "sex": identity["sex"]["code"].lower(),
        "countryOfBirthCode": place.get("country", ""),
        "stateOfBirthAbbreviation": place.get("state", ""),
        "cityOfBirth": place.get("city", ""),
    }
    answer = demographics.get("race_ethnicity", {})
    if "hispanic_or_latino" in answer:
        row["hispanicOrLatinoEthnicity"] = str(answer["hispanic_or_latino"]).lower()
    return row | {RACE_COLUMNS[race["code"]]: "true" for race in answer.get("races", [])}


def _table(file: TextIO, columns: tuple[str, ...]) -> "csv.DictWriter[str]":
    writer = csv.DictWriter(file, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    return writer


def _csv(columns: tuple[str, ...], rows: Iterable[Row]) -> str:
    text = io.StringIO()
    _table(text, columns).writerows(rows)
    return text.getvalue()


def write_organisations(folder: Path, state: StatePlan) -> None:
    """Write the agencies and schools alone into a new folder, as `safepassage-node organisations load` takes them."""
    folder.mkdir()
    manifest = [row for row in _manifest(state) if not row["propertyName"].startswith("file.") or row["propertyName"] == "file.orgs"]
    users = {"propertyName": "file.users", "value": "bulk"}
    (folder / "manifest.csv").write_text(_csv(("propertyName", "value"), [*manifest, users]), newline="", encoding="utf-8")
    (folder / "orgs.csv").write_text(_csv(COLUMNS["orgs"], organisation_rows(state)), newline="", encoding="utf-8")
    (folder / "users.csv").write_text(_csv(COLUMNS["users"], ()), newline="", encoding="utf-8")
