"""What of a OneRoster package is another one than a recipient was given before: rows to put, and rows that are to be deleted. Pure.

A row changes for whatever reason its student's record, the agreement, a policy or a family's word has: what the recipient holds is compared
with what the recipient may hold now.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from services.records.formats.oneroster_csv import Tables

Contents = dict[str, dict[str, str]]
"""File → sourcedId → a tag of the row."""

ACTIVE: Final = "active"
TO_BE_DELETED: Final = "tobedeleted"


def contents_of(rows: Tables, tag: Callable[[bytes], bytes]) -> Contents:
    """What a whole package holds. `tag`: keyed, so that nobody who has the tags tries rows out."""
    return {name: {row["sourcedId"]: tag(json.dumps(row, sort_keys=True).encode()).hex() for row in those} for name, those in rows.items()}


def changes(rows: Tables, now_holds: Contents, held: Contents, *, at: datetime) -> Tables:
    """The rows of a delta, dated `at`: those of a whole package that are new or other ones, and an id of each that is in it no more."""
    dated = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    made: Tables = {}
    for name, those in rows.items():
        before, now = held.get(name, {}), now_holds[name]
        put = [row for row in those if before.get(row["sourcedId"]) != now[row["sourcedId"]]]
        made[name] = [{**row, "status": ACTIVE, "dateLastModified": dated} for row in put]
        made[name] += [{"sourcedId": gone, "status": TO_BE_DELETED, "dateLastModified": dated} for gone in before if gone not in now]
    return made
