"""Rows of a package: values without the white space around them, lines of any length, of the columns only those that are asked for."""

import io
import zipfile

from services.records.formats.archive import Archive
from services.records.formats.oneroster_kept import kept
from services.records.formats.oneroster_tables import Row, Tables

MANIFEST = "propertyName,value\noneroster.version,1.2\nfile.orgs,bulk\nfile.users,bulk\n"
ORGS = "sourcedId,name,type,nick,parentSourcedId\n 1 , School ,school, ,\n2,Short,school\n3,Long,school,,,one,more\n\n4,,\n"


def tables(orgs: str) -> Tables:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("manifest.csv", MANIFEST)
        made.writestr("orgs.csv", orgs)
        made.writestr("users.csv", "sourcedId,givenName,familyName\n")
    return Tables(Archive.of_zip(target.getvalue()))


def test_a_line_may_be_longer_or_shorter_than_the_head_and_an_empty_one_is_none() -> None:
    read = tables(ORGS)
    assert [(row.values, row.position) for row in read.rows("orgs")] == [
        ({"sourcedId": "1", "name": "School", "type": "school"}, "orgs.csv:1"),
        ({"sourcedId": "2", "name": "Short", "type": "school"}, "orgs.csv:2"),
        ({"sourcedId": "3", "name": "Long", "type": "school"}, "orgs.csv:3"),
        ({"sourcedId": "4"}, "orgs.csv:4"),
    ]
    assert read.unread() == []  # white space says nothing, in a column of nobody's too


def test_of_the_columns_those_are_read_that_are_asked_for() -> None:
    read = [row.values for row in tables(ORGS).rows("orgs", {"name", "nick"})]
    assert read == [{"name": "School"}, {"name": "Short"}, {"name": "Long"}, {}]


def test_of_a_row_nothing_is_kept_that_reading_does_not_look_at() -> None:
    row = Row({"sourcedId": "1", "username": "ada", "password": "secret"}, "users.csv:1")
    assert kept("users", row) == {"sourcedId": "1"}


def test_a_social_security_number_is_not_kept_and_the_row_is_read_as_it_came() -> None:
    row = Row({"sourcedId": "1", "userIds": "{ssn:1},{sis:2}"}, "users.csv:1")
    assert kept("users", row) == {"sourcedId": "1", "userIds": "{sis:2}"}
    assert row["userIds"] == "{ssn:1},{sis:2}"
