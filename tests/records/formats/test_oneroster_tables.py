"""Rows of a package: values without the white space around them, lines of any length, of the columns only those that are asked for."""

import io
import zipfile

from services.records.formats.archive import Archive
from services.records.formats.oneroster_beyond import MOST_OF_A_ROW
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


def test_what_is_beyond_the_columns_that_are_read_comes_as_it_is_and_white_space_says_nothing() -> None:
    read = tables(ORGS.replace("3,Long,school,", "3,Long,school, Lo ng"))
    assert [row.values for row in read.whole_rows("orgs", {"sourcedId"})][2:] == [
        {"sourcedId": "3", "name": "Long", "type": "school", "nick": " Lo ng", "column 6": "one", "column 7": "more"},
        {"sourcedId": "4"},
    ]
    assert read.not_read() == [("column-kept", f"orgs.csv:column:{number}") for number in (2, 3, 4, 6, 7)]


def test_a_column_without_a_name_of_its_own_is_called_by_its_number() -> None:
    read = tables("sourcedId,name,type,,bus,bus\n1,School,school,a,b,c\n")
    assert next(read.whole_rows("orgs", {"sourcedId", "name", "type"})).values == {
        "sourcedId": "1", "name": "School", "type": "school", "column 4": "a", "column 5": "b", "column 6": "c",
    }  # fmt: skip


def test_of_a_row_no_more_is_kept_than_there_is_room_for_and_that_is_said() -> None:
    read = tables(f"sourcedId,name,type,first,second\n1,School,school,{'x' * MOST_OF_A_ROW},y\n")
    assert set(next(rows := read.whole_rows("orgs", {"sourcedId", "name", "type"})).values) == {"sourcedId", "name", "type", "first"}
    assert list(rows) == []
    assert ("too-much-to-keep", "orgs.csv:1") in read.not_read()


def test_of_the_columns_those_are_read_that_are_asked_for() -> None:
    read = [row.values for row in tables(ORGS).rows("orgs", {"name", "nick"})]
    assert read == [{"name": "School"}, {"name": "Short"}, {"name": "Long"}, {}]


def test_a_social_security_number_is_not_kept_and_the_row_is_read_as_it_came() -> None:
    row = Row({"sourcedId": "1", "userIds": "{ssn:1},{sis:2},900-00-0001,none"}, "users.csv:1")
    assert kept("users", row) == {"sourcedId": "1", "userIds": "{sis:2},none"}
    assert row["userIds"] == "{ssn:1},{sis:2},900-00-0001,none"
