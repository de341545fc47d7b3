"""A record by a peer of a later version: what this one knows of it is read, the rest is told apart, and nothing else is let through."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.canonical import canonical_json
from safepassage.elements import ELEMENTS, SECTIONS
from safepassage.read_in_part import MARK, mark
from safepassage.record import StudentRecord
from safepassage.unread import Unread, readable_part
from tests.records.whole_record import Filler

WHOLE: dict[str, Any] = Filler().record().document()
FUTURE = "years_later"
LATER_ID = "01980000-0000-7000-8000-00000000000a"

Place = tuple[str | int, ...]


def objects_in(value: Any, place: Place = ()) -> Iterator[Place]:
    """Where there is an object."""
    if isinstance(value, dict):
        yield place
        for name, part in value.items():
            yield from objects_in(part, (*place, name))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from objects_in(part, (*place, number))


def at(document: Any, place: Place) -> Any:
    for step in place:
        document = document[step]
    return document


IN_ELEMENTS = [place for section in SECTIONS for place in objects_in(WHOLE[section], (section,)) if len(place) > 2]
ELSEWHERE = [place for place in objects_in(WHOLE) if place[:1] in ((), ("provenance",), ("statements",))]


def read(document: Any) -> tuple[StudentRecord, Unread]:
    found = readable_part(document)
    assert found is not None
    readable, unread = found
    assert json.loads(unread.record) == document
    assert unread.record == canonical_json(document)
    return StudentRecord.model_validate_json(json.dumps(readable), strict=True), unread


def grown(*places: Place, **members: Any) -> Any:
    document = deepcopy(WHOLE)
    for place in places:
        at(document, place).update(members or {FUTURE: {"deep": ["0", None, 7]}})
    return document


def test_what_this_version_knows_whole_has_nothing_unread() -> None:
    assert readable_part(WHOLE) is None


@pytest.mark.requirement("UPGRADE-later-record")
@pytest.mark.parametrize("place", IN_ELEMENTS, ids=lambda place: ".".join(map(str, place)))
def test_a_member_that_is_not_known_is_left_out_wherever_it_stands_in_an_element(place: Place) -> None:
    record, unread = read(grown(place))
    assert record.document() == WHOLE
    assert (unread.elements, unread.in_part) == ((), (".".join(map(str, place[:2])),))


@pytest.mark.parametrize("section", SECTIONS)
def test_an_element_that_is_not_known_is_left_out_whole(section: str) -> None:
    record, unread = read(grown((section,)))
    assert record.document() == WHOLE
    assert (unread.elements, unread.in_part) == ((f"{section}.{FUTURE}",), ())


@given(st.lists(st.sampled_from(IN_ELEMENTS), min_size=1, max_size=6), st.lists(st.sampled_from(SECTIONS), max_size=3), st.booleans())
def test_however_many_are_not_known_all_else_is_read(places: list[Place], sections: list[str], twice: bool) -> None:
    more = {FUTURE: 1, "later_still": "x"} if twice else {FUTURE: 1}
    record, unread = read(grown(*places, *((section,) for section in sections), **more))
    assert record.document() == WHOLE
    assert set(unread.in_part) == {f"{place[0]}.{place[1]}" for place in places}
    assert set(unread.elements) == {f"{section}.{name}" for section in sections for name in more}


@pytest.mark.parametrize("place", ELSEWHERE, ids=lambda place: ".".join(map(str, place)) or "record")
def test_around_the_elements_everything_stays_closed(place: Place) -> None:
    if place == ("provenance",):
        assert readable_part(grown(place, years={"originating_agency": "x"})) is None
    else:
        assert readable_part(grown(place)) is None
    assert readable_part(grown(place, *IN_ELEMENTS[:1])) is None  # and no less where something else is not known


@pytest.mark.parametrize("name", ["Years", "a.b", "", "späte", "x" * 70])
def test_what_is_no_name_of_an_element_is_refused(name: str) -> None:
    assert readable_part(grown(("programmes",), **{name: 1})) is None


def test_a_value_that_is_wrong_is_refused_whatever_else_is_not_known() -> None:
    document = grown(IN_ELEMENTS[0])
    document["identity"]["birth_date"]["birth_date"] = "yesterday"
    assert readable_part(document) is None


@pytest.mark.parametrize("value", [1.5, float("nan"), 2**60])
def test_what_has_no_canonical_form_is_refused(value: float) -> None:
    assert readable_part(grown(("programmes",), years_later=value)) is None


def test_an_element_that_is_none_without_what_is_not_known_is_left_out_whole() -> None:
    document = deepcopy(WHOLE)
    [incident] = document["discipline"]["incidents"]
    incident["school"] = {FUTURE: "only"}
    record, unread = read(document)
    assert record.discipline is not None
    assert record.discipline.incidents is None
    assert unread.elements == ("discipline.incidents",)


def _contested(*targets: str) -> Any:
    """A later element, and a statement about `targets`, marked where it has to be."""
    document = grown(("programmes",))
    document["statements"].append(document["statements"][0] | {"id": LATER_ID, "relates_to": list(targets)})
    for section in {target.partition(".")[0] for target in targets}:
        document["provenance"][section].setdefault("contested_by", []).append(LATER_ID)
    return document


def test_a_statement_about_what_is_not_known_waits_with_it() -> None:
    record, _ = read(_contested(f"programmes.{FUTURE}"))
    assert record.document() == WHOLE


@pytest.mark.parametrize("known", ["programmes", "programmes.gifted", "health.alerts"])
def test_a_statement_stays_with_whatever_of_its_is_read(known: str) -> None:
    record, _ = read(_contested(f"programmes.{FUTURE}", known))
    [statement] = [one for one in record.statements if str(one.id) == LATER_ID]
    assert statement.relates_to == (known,)
    marked = {section for section, origin in record.provenance.items() if statement.id in origin.contested_by}
    assert marked == {known.partition(".")[0]}


def test_a_statement_about_an_element_that_did_not_come_is_refused() -> None:
    assert readable_part(_contested("programmes.another_one")) is None


def test_a_section_of_which_nothing_is_known_goes_with_its_provenance() -> None:
    document = _contested(f"programmes.{FUTURE}")
    document["programmes"] = {FUTURE: {"deep": []}}
    record, unread = read(document)
    assert "programmes" not in record.provenance
    assert record.programmes is None
    assert unread.elements == (f"programmes.{FUTURE}",)


MARKED = tuple(one.id for one in ELEMENTS if not isinstance(WHOLE[one.section][one.member], str))


@pytest.mark.requirement("UPGRADE-onward")
@pytest.mark.parametrize("element", MARKED)
def test_an_element_that_its_sender_has_in_part_is_read_and_told_apart_from_what_is_not_known_here(element: str) -> None:
    document = deepcopy(WHOLE)
    mark(document, (element,))
    assert document != WHOLE
    record, unread = read(document)
    assert record.document() == WHOLE
    assert (unread.elements, unread.in_part, unread.sent_in_part) == ((), (), (element,))
    assert (unread.not_known, unread.named) == ((), (element,))


@pytest.mark.requirement("UPGRADE-onward")
@pytest.mark.parametrize("element", MARKED)
def test_a_node_from_before_the_mark_takes_the_element_for_one_that_it_read_in_part(element: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document = deepcopy(WHOLE)
    mark(document, (element,))
    monkeypatch.setattr("safepassage.unread.without_marks", lambda document: set())
    record, unread = read(document)
    assert record.document() == WHOLE
    assert (unread.elements, unread.in_part) == ((), (element,))


def test_every_element_but_a_text_takes_a_mark_and_the_text_leaves_in_no_exchange() -> None:
    assert {one.id for one in ELEMENTS} - {*MARKED} == {"identity.ssn"}


@pytest.mark.parametrize("value", [False, 1, "true", None])
def test_what_only_looks_like_a_mark_is_a_member_that_is_not_known(value: Any) -> None:
    _, unread = read(grown(("identity", "name"), **{MARK: value}))
    assert (unread.in_part, unread.sent_in_part) == (("identity.name",), ())


def test_a_mark_stands_beside_what_is_not_known_and_goes_with_an_element_of_which_nothing_is_read() -> None:
    document = grown(("identity", "name"))
    [incident] = document["discipline"]["incidents"]
    incident["school"] = {FUTURE: "only"}
    mark(document, ("identity.name", "discipline.incidents", "programmes.years_later"))
    _, unread = read(document)
    assert (unread.elements, unread.in_part, unread.sent_in_part) == (("discipline.incidents",), ("identity.name",), ("identity.name",))
