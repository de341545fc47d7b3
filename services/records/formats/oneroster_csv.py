"""OneRoster objects → a OneRoster 1.2 CSV package (1EdTech OneRoster 1.2 CSV binding): the same objects, a file a collection. Pure.

In a bulk file status and dateLastModified are empty, as the binding asks; in a delta each row has them (oneroster_changes). What an object
has beyond the binding's columns, its metadata, is in columns `metadata.<name>`, as JSON where it is no text.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from services.records.formats.oneroster_query import METADATA, Object

_HEAD: Final = ("sourcedId", "status", "dateLastModified")

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "academicSessions": (*_HEAD, "title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear"),
    "classes": (
        *_HEAD, "title", "grades", "courseSourcedId", "classCode", "classType", "location", "schoolSourcedId", "termSourcedIds", "subjects",
        "subjectCodes", "periods",
    ),
    "courses": (*_HEAD, "schoolYearSourcedId", "title", "courseCode", "grades", "orgSourcedId", "subjects", "subjectCodes"),
    "demographics": (
        *_HEAD, "birthDate", "sex", "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican",
        "nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity",
        "countryOfBirthCode", "stateOfBirthAbbreviation", "cityOfBirth", "publicSchoolResidenceStatus",
    ),
    "enrollments": (
        *_HEAD, "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary", "beginDate", "endDate",
    ),
    "orgs": (*_HEAD, "name", "type", "identifier", "parentSourcedId"),
    "roles": (
        *_HEAD, "userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId", "userProfileSourcedId",
    ),
    "users": (
        *_HEAD, "enabledUser", "username", "userIds", "givenName", "familyName", "middleName", "identifier", "email", "sms", "phone",
        "agentSourcedIds", "grades", "password", "userMasterIdentifier", "preferredGivenName", "preferredMiddleName", "preferredFamilyName",
        "primaryOrgSourcedId", "pronouns",
    ),
}  # fmt: skip
"""The files that are written, with the binding's columns in its order."""

ABSENT: Final = (
    "categories", "classResources", "courseResources", "lineItemLearningObjectiveIds", "lineItems", "lineItemScoreScales", "resources",
    "resultLearningObjectiveIds", "results", "resultScoreScales", "scoreScales", "userProfiles", "userResources",
)  # fmt: skip
"""The binding's other files."""

_REFERENCES: Final = {
    "parent": "parentSourcedId", "course": "courseSourcedId", "school": "schoolSourcedId", "terms": "termSourcedIds",
    "schoolYear": "schoolYearSourcedId", "org": "orgSourcedId", "class": "classSourcedId", "user": "userSourcedId",
    "agents": "agentSourcedIds", "primaryOrg": "primaryOrgSourcedId",
}  # fmt: skip
_RENAMED: Final = {
    "preferredFirstName": "preferredGivenName", "preferredMiddleName": "preferredMiddleName", "preferredLastName": "preferredFamilyName",
}  # fmt: skip
_NOT_IN_CSV: Final = frozenset({"children", "roles", "status", "dateLastModified"})

USER_IDS: Final = "metadata.safepassage.userIds"
TERM: Final = "metadata.safepassage.term"
SCED: Final = "metadata.safepassage.sced"
RELATION: Final = "metadata.safepassage.relation"
OURS: Final = frozenset({USER_IDS, TERM, SCED, RELATION})
"""Columns that this node writes where the binding has none, and reads again."""

Row = dict[str, str]
Tables = dict[str, list[Row]]
"""Rows of each file."""


def write_package(objects: Mapping[str, Iterable[Object]], *, system_name: str, system_code: str) -> bytes:
    """The zip. `objects` are collections as the REST service names them, a user with its roles; system_name, system_code: whose it is."""
    return packed(rows_of(objects), system_name=system_name, system_code=system_code)


def rows_of(objects: Mapping[str, Iterable[Object]]) -> Tables:
    """The rows of each file."""
    rows = {name: [_row(one) for one in objects.get(name, ())] for name in COLUMNS if name != "roles"}
    for row in rows["users"]:
        row["username"] = row["sourcedId"]  # which the binding wants filled, and the record has none: nobody learns more by it
    rows["roles"] = [row for user in objects.get("users", ()) for row in _roles(user)]
    return rows


def packed(rows: Tables, *, system_name: str, system_code: str, how: str = "bulk") -> bytes:
    """The zip of these rows. `how`: `bulk`, or `delta` where they are what changed, each with its status and its date."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("manifest.csv", _csv(("propertyName", "value"), _manifest(system_name, system_code, how)))
        for name, columns in COLUMNS.items():
            package.writestr(f"{name}.csv", _csv((*columns, *_extensions(rows[name])), rows[name]))
    return target.getvalue()


def _manifest(system_name: str, system_code: str, how: str) -> Iterator[Row]:
    said = {"manifest.version": "1.0", "oneroster.version": "1.2"}
    said |= {f"file.{name}": how if name in COLUMNS else "absent" for name in sorted((*COLUMNS, *ABSENT))}
    said |= {"source.systemName": system_name, "source.systemCode": system_code}
    yield from ({"propertyName": name, "value": value} for name, value in said.items())


def _row(one: Object) -> Row:
    row: Row = {}
    for name, value in one.items():
        if name == METADATA:
            row |= {
                f"{METADATA}.{inner}": part if isinstance(part, str) else json.dumps(part, ensure_ascii=False)
                for inner, part in value.items()
            }
        elif name == "userIds":
            row |= _user_ids(value)
        elif name not in _NOT_IN_CSV:
            row[_column(name, value)] = _text(value)
    return row


def _user_ids(value: Sequence[Mapping[str, str]]) -> Row:
    """`{type:identifier},...`. The binding has no way to write a separator inside one: such ids are in a column of our own, as JSON."""
    plain = [one for one in value if not set("{},:") & set(one["type"]) and not set("{},") & set(one["identifier"])]
    row = {"userIds": ",".join(f"{{{one['type']}:{one['identifier']}}}" for one in plain)} if plain else {}
    others = [one for one in value if one not in plain]
    return row | ({USER_IDS: json.dumps(others, ensure_ascii=False)} if others else {})


def _column(name: str, value: Any) -> str:
    """An object's member → its column. A session's `schoolYear` is a year, a course's a reference."""
    if name in _REFERENCES and not isinstance(value, str):
        return _REFERENCES[name]
    return _RENAMED.get(name, name)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_text(one) for one in value)
    return str(value["sourcedId"]) if isinstance(value, dict) else str(value)


def _roles(user: Object) -> Iterator[Row]:
    for number, role in enumerate(user.get("roles", ()), start=1):
        yield {"sourcedId": f"{user['sourcedId']}.role{number}", "userSourcedId": user["sourcedId"], **_row(role)}


def _extensions(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(sorted({column for row in rows for column in row if column.startswith(f"{METADATA}.")}))


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
