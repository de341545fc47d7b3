"""What must hold is shown by a test, and a marker means something."""

from tests.house.requirements import DOCUMENT, document, known, marked


def test_every_requirement_is_shown_by_a_test() -> None:
    assert known().keys() - marked().keys() == set()


def test_every_marker_names_a_requirement() -> None:
    assert marked().keys() - known().keys() == set()


def test_the_list_of_requirements_is_that_of_the_tests() -> None:
    assert DOCUMENT.read_text() == document(), "run `make documents`"
