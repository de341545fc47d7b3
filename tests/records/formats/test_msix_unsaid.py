"""MSIX: every value of every element is in a column, or its member is named in report.csv; of an element that is a flag nothing more."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from safepassage.elements import BY_ID, SECTIONS
from safepassage.record.loads import RosterEntry
from services.records.formats.msix_columns import FLAGS, MIGRANT, RELEVANT, SAID
from services.records.formats.unsaid import unsaid
from tests.records.formats.test_msix import child, read
from tests.records.formats.test_said_out import sections
from tests.records.formats.where_it_went import Path, is_there, leaves, marked, put
from tests.records.whole_record import Filler

Files = dict[str, list[dict[str, str]]]


def columns(files: Files) -> str:
    """All cells but those of the report; dates as a record has them."""
    return json.dumps([rows for name, rows in files.items() if name not in ("report", "elements")], ensure_ascii=False)


def member(path: Path) -> tuple[str, str]:
    """The element and the member in it."""
    names = [str(step) for step in path if not isinstance(step, int)]
    return ".".join(names[:2]), ".".join(names[2:])


def told(files: Files) -> set[tuple[str, str]]:
    """Elements and members of the report: of one without a column at all, and of a flag, every member."""
    whole = ("no-column", "flag-alone")
    return {
        (row["Column"], name)
        for row in files["report"]
        for name in row["Members"].split() or ["*"]
        if name != "*" or row["Reason"] in whole
    }


def is_told(files: Files, path: Path) -> bool:
    element, name = member(path)
    return bool({(element, name), (element, "*")} & told(files))


def yes_and_no(value: Any, path: Path = ()) -> Iterator[tuple[Path, bool]]:
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from yes_and_no(one, (*path, name))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from yes_and_no(one, (*path, place))
    elif isinstance(value, bool):
        yield path, value


def entry(whole: dict[str, Any]) -> RosterEntry | None:
    try:
        return child(**whole)
    except ValidationError:
        return None


def without(whole: dict[str, Any], element: str, *members: str) -> dict[str, Any]:
    """Without members of which one column has the first that is there."""
    section, _, name = element.partition(".")
    made: dict[str, Any] = json.loads(json.dumps(whole))
    held = made[section][name]
    for one in held if isinstance(held, list) else [held]:
        for path in members:
            at = one
            *before, last = path.split(".")
            for step in before:
                at = at[step]
            at.pop(last, None)
    return made


NUMBERS = ("nces_id", "state_id", "local_id")
SCHOOLS = ("enrollment.enrollments", "academics.transcript", "academics.current_courses")
SHAPES = [
    ("", ()),
    *((one, tuple(f"school.{name}" for name in NUMBERS[:count])) for one in SCHOOLS for count in (1, 2)),
    *(("enrollment.enrollments", tuple(f"district.{name}" for name in NUMBERS[:count])) for count in (1, 2)),
    *(("enrollment.residency", tuple(f"residence.{name}" for name in NUMBERS[:count])) for count in (1, 2)),
    *((one, ("course.sced_code",)) for one in SCHOOLS[1:]),
]


def untold(whole: dict[str, Any], concerns: Callable[[Path], bool]) -> tuple[list[Path], int]:
    """Values that are in no column and whose member is not in the report, each tried by a mark in its place; and how many were tried."""
    taken = json.dumps(whole, ensure_ascii=False)
    missing, tried = [], 0
    for path, value in leaves(whole):
        if not concerns(path):
            continue
        other, mark = marked(value, taken)
        one = entry(put(whole, path, other))
        if one is None:
            continue
        tried += 1
        files = read(one)
        assert not is_there(mark, json.dumps(files["report"], ensure_ascii=False)), path
        said = columns(files)
        missing += [] if is_there(mark, said) or is_there(mark.replace("-", ""), said) or is_told(files, path) else [path]
    return missing, tried


@pytest.mark.requirement("FORM-msix")
@pytest.mark.parametrize(("element", "left_out"), SHAPES)
def test_every_value_is_in_a_column_or_its_member_is_in_the_report(element: str, left_out: tuple[str, ...]) -> None:
    whole = sections()
    if element:
        whole = without(whole, element, *left_out)
    else:
        assert {f"{name}.{one}" for name, members in whole.items() for one in members} == set(BY_ID)
    missing, tried = untold(whole, lambda path: not element or member(path)[0] == element)
    assert missing == []
    assert tried > (10 if element else 300)


def of_each(*documents: Any) -> Any:
    """A document with as many in each list, the innermost too, as there are documents: of each one, in turn."""
    first = documents[0]
    if isinstance(first, dict):
        return {name: of_each(*(one[name] for one in documents)) for name in first}
    if isinstance(first, list):
        turned = [documents[place:] + documents[:place] for place in range(len(documents))]
        return [of_each(*(one[0] for one in those)) for those in turned]
    return first


def several(kinds: tuple[str, ...], parents: int) -> dict[str, Any]:
    """Three of everything, by their kinds of identifiers, and so many guardians who are parents."""
    fillers = (Filler(start).record().document() for start in (1000, 5000, 9000))
    made: dict[str, Any] = of_each(*({name: value for name, value in one.items() if name in SECTIONS} for one in fillers))
    for one, kind in zip(made["identity"]["identifiers"], kinds, strict=True):
        one["kind"] = kind
    for one in made["contacts"]["guardians"][parents:]:
        del one["rights"]
    return made


@pytest.mark.requirement("FORM-msix")
@pytest.mark.parametrize(
    ("kinds", "parents"),
    [(("state", "state", "state"), 3), (("migrant", "state", "district"), 1), (("district", "district", "migrant"), 2)],
)
def test_every_value_of_a_second_and_third_record_is_in_a_column_or_its_member_is_in_the_report(
    kinds: tuple[str, ...], parents: int
) -> None:
    missing, tried = untold(
        several(kinds, parents),
        lambda path: any(isinstance(step, int) and step > 0 for step in path) and member(path)[0] in (*SAID, MIGRANT),
    )
    assert missing == []
    assert tried > 300


def test_what_there_is_more_of_than_columns_is_told_by_its_members() -> None:
    numbers = [{"kind": "state", "system": "x", "value": str(place)} for place in range(2)]
    mothers = [
        {"name": {"first": f"Q{place}", "last_1": "Ruiz"}, "relation": {"system": "x", "code": "Mother"}, "rights": {}}
        for place in range(3)
    ]
    aunt = {"name": {"first": "Tía", "last_1": "Ruiz", "last_2": "Sol"}, "relation": {"system": "x", "code": "Aunt"}}
    files = read(child(identity={"identifiers": numbers}, contacts={"guardians": [*mothers, aunt]}))
    rows = {(row["Column"], row["Reason"]): row["Members"] for row in files["report"]}
    assert rows["identity.identifiers", "more-than-the-columns-hold"] == "kind value"
    assert rows["contacts.guardians", "more-than-the-columns-hold"] == "name.first name.last_1"
    assert rows["contacts.guardians", "not-a-parent"] == "name.first name.last_1 name.last_2"


def test_every_yes_or_no_changes_a_column_or_its_member_is_in_the_report() -> None:
    whole, tried = sections(), 0
    for path, value in yes_and_no(whole):
        one, other = entry(whole), entry(put(whole, path, not value))
        if one is not None and other is not None:
            tried += 1
            assert is_told(read(one), path) or columns(read(one)) != columns(read(other)), path
    assert tried > 5


def test_what_a_column_says_is_not_in_the_report() -> None:
    files = read(child(identity={"name": {"first": "Ana", "last_1": "García"}}))
    assert {row["Reason"] for row in files["report"]} == {"missing"}


def test_of_an_element_that_is_a_flag_the_report_names_no_member() -> None:
    files = read(child(**sections()))
    flags = [row for row in files["report"] if row["Column"] in FLAGS]
    assert [(row["Reason"], row["Members"]) for row in flags] == [("flag-alone", "")] * len(FLAGS)


def test_a_contact_who_is_no_parent_is_in_no_column_and_that_is_told() -> None:
    aunt = {"name": {"first": "Tía", "last_1": "Ruiz"}, "relation": {"system": "x", "code": "Aunt"}}
    files = read(child(contacts={"guardians": [aunt]}))
    assert ("contacts.guardians", "not-a-parent") in {(row["Column"], row["Reason"]) for row in files["report"]}
    assert "Ruiz" not in str(files)


def test_the_report_names_members_and_never_the_child_otherwise_than_by_record() -> None:
    files = read(child(**sections()))
    assert {row["Record"] for row in files["report"]} == {"1"}
    assert str(UUID(int=7)) not in str(files)
    assert {row["Column"] for row in files["report"] if row["Reason"] == "no-column" and not row["Members"]} == set(BY_ID) - set(RELEVANT)


values = st.recursive(st.one_of(st.none(), st.text(max_size=3), st.booleans()), lambda inner: st.dictionaries(st.sampled_from("ab"), inner))


@given(st.one_of(values, st.lists(values)))
def test_nothing_is_unsaid_where_all_is_said_and_everything_where_nothing_is(value: Any) -> None:
    everything = unsaid(value, frozenset())
    assert unsaid(value, frozenset(everything)) == []
    assert len(everything) == len(set(everything))
    assert bool(everything) == any(one not in (None, "") for one in _ends(value))


def _ends(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _ends(one)
    else:
        yield value
