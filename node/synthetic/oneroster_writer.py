"""A synthetic state as a OneRoster 1.2 CSV package: what a roster can say of it, and no more."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from node.synthetic.calendar import SchoolCalendar, last_day
from node.synthetic.states import StatePlan, organisations
from node.synthetic.students import SyntheticStudent
from safepassage.record.academics import CurrentCourse

COLUMNS: dict[str, tuple[str, ...]] = {
    "orgs": ("sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"),
    "academicSessions": (
        "sourcedId", "status", "dateLastModified", "title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear",
    ),
    "courses": ("sourcedId", "status", "dateLastModified", "schoolYearSourcedId", "title", "courseCode", "grades", "orgSourcedId"),
    "classes": (
        "sourcedId", "status", "dateLastModified", "title", "grades", "courseSourcedId", "classCode", "classType", "schoolSourcedId",
        "termSourcedIds",
    ),
    "users": (
        "sourcedId", "status", "dateLastModified", "enabledUser", "username", "userIds", "givenName", "familyName", "middleName",
        "identifier", "email", "sms", "phone", "agentSourcedIds", "grades", "userMasterIdentifier", "preferredGivenName",
        "preferredFamilyName", "primaryOrgSourcedId",
    ),
    "roles": ("sourcedId", "status", "dateLastModified", "userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId"),
    "demographics": (
        "sourcedId", "status", "dateLastModified", "birthDate", "sex", "hispanicOrLatinoEthnicity", "americanIndianOrAlaskaNative",
        "asian", "blackOrAfricanAmerican", "white", "demographicRaceTwoOrMoreRaces",
    ),
    "enrollments": (
        "sourcedId", "status", "dateLastModified", "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary", "beginDate",
        "endDate",
    ),
}  # fmt: skip

RACE_COLUMNS = {
    "White": "white",
    "BlackOrAfricanAmerican": "blackOrAfricanAmerican",
    "Asian": "asian",
    "AmericanIndianOrAlaskaNative": "americanIndianOrAlaskaNative",
    "DemographicRaceTwoOrMoreRaces": "demographicRaceTwoOrMoreRaces",
}

Row = dict[str, str]


def write_oneroster(path: Path, state: StatePlan, everyone: Iterable[SyntheticStudent], *, as_of: date) -> None:
    """Write the package to a new zip file at `path`."""
    tables: dict[str, list[Row]] = {name: [] for name in COLUMNS}
    session = f"SY{SchoolCalendar(as_of).year}"
    _agencies(tables, state, session, as_of)
    classes: set[str] = set()
    for one in everyone:
        _student(tables, one, session, classes)
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as package:
        package.writestr("manifest.csv", _csv(("propertyName", "value"), _manifest(state)))
        for name, rows in tables.items():
            package.writestr(f"{name}.csv", _csv(COLUMNS[name], rows))


def _manifest(state: StatePlan) -> Iterator[Row]:
    said = {"manifest.version": "1.0", "oneroster.version": "1.2", "source.systemName": f"{state.name} synthetic SIS"}
    said |= {"source.systemCode": f"{state.code}-SIS"} | {f"file.{name}": "bulk" for name in COLUMNS}
    for name in ("categories", "classResources", "courseResources", "lineItems", "resources", "results", "scoreScales", "userProfiles"):
        said[f"file.{name}"] = "absent"
    yield from ({"propertyName": name, "value": value} for name, value in said.items())


def _agencies(tables: dict[str, list[Row]], state: StatePlan, session: str, as_of: date) -> None:
    kinds = {"sea": "state", "lea": "district", "school": "school"}
    for org in organisations(state):
        tables["orgs"].append(
            {
                "sourcedId": org.key,
                "name": org.name,
                "type": kinds[org.kind],
                "identifier": org.nces_id or org.state_id,
                "parentSourcedId": org.parent or "",
            }
        )
    calendar = SchoolCalendar(as_of)
    tables["academicSessions"].append(
        {
            "sourcedId": session,
            "title": f"{calendar.year - 1}-{calendar.year}",
            "type": "schoolYear",
            "startDate": calendar.begins.isoformat(),
            "endDate": last_day(calendar.year).isoformat(),
            "schoolYear": str(calendar.year),
        }
    )


def _student(tables: dict[str, list[Row]], one: SyntheticStudent, session: str, classes: set[str]) -> None:
    record = one.load.record.document()
    identity, contacts = record["identity"], record.get("contacts", {})
    present = record["enrollment"]["enrollments"][0]
    source_id, grade = one.load.source_id, present["grade"]["code"]
    agents = []
    for place, guardian in enumerate(contacts.get("guardians", []), start=1):
        agents.append(f"{source_id}-G{place}")
        tables["users"].append(
            {
                "sourcedId": agents[-1],
                "enabledUser": "false",
                "givenName": guardian["name"].get("first", ""),
                "familyName": guardian["name"]["last_1"],
                "phone": guardian["telephones"][0]["number"],
                "primaryOrgSourcedId": one.school.key,
            }
        )
        tables["roles"].append(_role(agents[-1], "parent", one.school.key, ""))
    name, preferred = identity["name"], identity.get("preferred_name", {})
    tables["users"].append(
        {
            "sourcedId": source_id,
            "enabledUser": "true",
            "givenName": name.get("first", ""),
            "familyName": " ".join(part for part in (name["last_1"], name.get("last_2")) if part),
            "middleName": name.get("middle", ""),
            "preferredGivenName": preferred.get("first", ""),
            "identifier": identity["identifiers"][1]["value"],
            "userMasterIdentifier": identity["identifiers"][0]["value"],
            "email": contacts["emails"][0]["address"] if "emails" in contacts else "",
            "phone": contacts["telephones"][0]["number"] if "telephones" in contacts else "",
            "agentSourcedIds": ",".join(agents),
            "grades": grade,
            "primaryOrgSourcedId": one.school.key,
        }
    )
    tables["roles"].append(_role(source_id, "student", one.school.key, present["entry_date"]))
    tables["demographics"].append(_demographics(source_id, identity, record.get("demographics", {})))
    academics = one.load.record.academics
    for course in (academics.current_courses or ()) if academics else ():
        _class(tables, course, one, session, classes, grade)
        identifier = f"{one.school.key}-{course.section}"
        tables["enrollments"].append(
            {
                "sourcedId": f"{source_id}-{course.section}",
                "classSourcedId": identifier,
                "schoolSourcedId": one.school.key,
                "userSourcedId": source_id,
                "role": "student",
                "primary": "true",
                "beginDate": course.begin_date.isoformat() if course.begin_date else "",
            }
        )


def _role(user: str, role: str, org: str, begins: str) -> Row:
    return {
        "sourcedId": f"{user}-R",
        "userSourcedId": user,
        "roleType": "primary",
        "role": role,
        "beginDate": begins,
        "orgSourcedId": org,
    }


def _demographics(source_id: str, identity: dict[str, Any], demographics: dict[str, Any]) -> Row:
    row = {
        "sourcedId": source_id,
        "birthDate": identity["birth_date"]["birth_date"],
        "sex": identity["sex"]["code"].lower(),
    }
    answer = demographics.get("race_ethnicity", {})
    if "hispanic_or_latino" in answer:
        row["hispanicOrLatinoEthnicity"] = str(answer["hispanic_or_latino"]).lower()
    return row | {RACE_COLUMNS[race["code"]]: "true" for race in answer.get("races", [])}


def _class(tables: dict[str, list[Row]], course: CurrentCourse, one: SyntheticStudent, session: str, classes: set[str], grade: str) -> None:
    identifier = f"{one.school.key}-{course.section}"
    if identifier in classes:
        return
    classes.add(identifier)
    code = course.course.local_code.code if course.course.local_code else ""
    if f"course-{code}" not in classes:
        classes.add(f"course-{code}")
        tables["courses"].append(
            {"sourcedId": f"course-{code}", "schoolYearSourcedId": session, "title": course.course.title, "courseCode": code}
        )
    tables["classes"].append(
        {
            "sourcedId": identifier,
            "title": course.course.title,
            "grades": grade,
            "courseSourcedId": f"course-{code}",
            "classCode": course.section or "",
            "classType": "scheduled",
            "schoolSourcedId": one.school.key,
            "termSourcedIds": session,
        }
    )


def _csv(columns: tuple[str, ...], rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
