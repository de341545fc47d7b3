"""An object that only says where a body stands is not looked at member by member; what else is in it stays."""

import pytest

from services.records.formats.edfi_members import Members

REFERENCE = {"studentUniqueId": "7", "link": {"rel": "Student", "href": "/ed-fi/students/1"}}


@pytest.mark.parametrize(("more", "left"), [({}, {}), ({"note": "x"}, {"studentReference": REFERENCE | {"note": "x"}})])
def test_what_an_object_has_beside_its_names_is_left_over(more: dict[str, str], left: dict[str, object]) -> None:
    body = Members({"studentReference": REFERENCE | more}, "students:1")
    body.names("studentReference", "studentUniqueId")
    assert body.left() == left


def test_an_object_that_was_named_is_read_as_any_other_and_nothing_of_it_is_left() -> None:
    body = Members({"studentReference": REFERENCE}, "students:1")
    body.names("studentReference", "studentUniqueId")
    assert body.inside("studentReference").text("studentUniqueId") == "7"
    body = Members({"studentReference": REFERENCE}, "students:1")
    body.names("studentReference", "studentUniqueId")
    assert body.inside("studentReference") is body.inside("studentReference")
    assert body.left() == {}
    body.unread()
    assert body.left() == {"studentReference": REFERENCE}
