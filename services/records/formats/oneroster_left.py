"""What is kept of a student's OneRoster rows and the record has no place for, with what these rows refer to, by file. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from services.records.formats.oneroster_csv import RELATION
from services.records.formats.oneroster_kept import FRAME, HEAD, KEPT, to_be_deleted
from services.records.formats.oneroster_read import unreadable

Values = Mapping[str, str]
Tables = Mapping[str, Mapping[str, Values]]

_OF_AGENTS: Final = frozenset({*HEAD, "givenName", "familyName", "middleName", "email", "sms", "phone", "role", RELATION})
"""The columns of an agent's user row that make a guardian."""

_IN_PART: Final = frozenset({"roleType"})
"""Columns that reading makes something of in a student's role at a second school alone: they are told of every row all the same."""

_REFERRED: Final[Mapping[str, str]] = {
    "class": "classes", "course": "courses", "school": "orgs", "org": "orgs", "primaryOrg": "orgs", "term": "academicSessions",
    "schoolYear": "academicSessions", "gradingPeriod": "academicSessions", "academicSession": "academicSessions",
    "lineItem": "lineItems.csv", "category": "categories.csv", "scoreScale": "scoreScales.csv", "resource": "resources.csv",
}  # fmt: skip
"""What a column names, without `SourcedId`, and the table in which that is."""

_REFERRING: Final[Mapping[str, str]] = {
    "classResources.csv": "classSourcedId", "courseResources.csv": "courseSourcedId",
    "lineItemLearningObjectiveIds.csv": "lineItemSourcedId", "lineItemScoreScales.csv": "lineItemSourcedId",
}  # fmt: skip
"""Files of a source whose rows say something of what a row of a student names."""


def left_of(identifier: str, rows: Tables, frame: Tables) -> dict[str, list[dict[str, str]]]:
    """By file: of each row what was not read, as it came, with the ids that say which row it is; of files that are not read whole rows.

    identifier  the student's sourcedId; frame: of the source, of which those rows are given that the student's lead to
    """
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    theirs = [(name, key, row) for name, those in rows.items() for key, row in those.items() if not to_be_deleted(dict(row))]
    for name, key, row in (*theirs, *_led_to(theirs, frame)):
        left = _left(name, row, is_agent=name == "users" and key != identifier)
        if left:
            found[f"{name.removesuffix('.csv')}.csv"].append(left)
    return dict(found)


def _left(name: str, row: Values, *, is_agent: bool) -> dict[str, str]:
    if name not in KEPT:
        return dict(row)
    read = (_OF_AGENTS if is_agent else KEPT[name]) - set(unreadable(name, row)) - _IN_PART
    left = {column: value for column, value in row.items() if column not in read}
    return {column: value for column, value in row.items() if column in left or column.casefold().endswith("sourcedid")} if left else {}


def _led_to(theirs: list[tuple[str, str, Values]], frame: Tables) -> Iterator[tuple[str, str, Values]]:
    """The rows of the source that these lead to, each once."""
    waiting = [reference for name, _, row in theirs for reference in _references(name, row)]
    seen: set[tuple[str, str]] = set()
    referring: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for name, column in _REFERRING.items():
        for key, row in frame.get(name, {}).items():
            referring[_REFERRED[column.removesuffix("SourcedId")], row.get(column, "").strip()].append((name, key))
    while waiting:
        reference = waiting.pop()
        if reference in seen:
            continue
        seen.add(reference)
        waiting += referring.get(reference, ())
        row = frame.get(reference[0], {}).get(reference[1], {})
        waiting += _references(reference[0], row)
    for name in (*FRAME, *sorted(name for name in frame if name not in FRAME)):
        for key, row in frame.get(name, {}).items():
            if (name, key) in seen and not to_be_deleted(dict(row)):
                yield name, key, row


def _references(name: str, row: Values) -> Iterator[tuple[str, str]]:
    for column, value in row.items():
        stem, ending, _ = column.partition("SourcedId")
        table = name if stem == "parent" else _REFERRED.get(stem)
        if ending and table is not None:
            yield from ((table, part.strip()) for part in value.split(","))
