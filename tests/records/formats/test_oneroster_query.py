"""Filters, order and selection by themselves, whatever the objects are."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.problems.oneroster import FilterNotValid, SelectionNotValid
from services.records.formats.oneroster_query import in_order, parse_fields, parse_filter, selected

FIELDS = frozenset({"a", "b", "grades", "roles", "metadata", "dateLastModified"})
values = st.text(st.characters(categories=["L", "N"], include_characters=" '-"), max_size=6)
objects = st.lists(st.fixed_dictionaries({}, optional={"a": values, "b": values}), max_size=8)


def holds(text: str, item: dict[str, Any]) -> bool:
    found = parse_filter(text, fields=FIELDS)
    assert found is not None
    return found.holds(item)


def quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


@settings(max_examples=30, deadline=None, database=None)
@given(objects, values, values)
def test_a_filter_holds_where_its_comparisons_do(items: list[dict[str, str]], first: str, second: str) -> None:
    for item in items:
        a, b = item.get("a"), item.get("b")
        same = a is not None and a.casefold() == first.casefold()
        other = b is not None and b.casefold() != second.casefold()
        assert holds(f"a={quoted(first)}", item) == same
        assert holds(f"a!={quoted(first)}", item) == (not same)
        assert holds(f"a={quoted(first)} AND b!={quoted(second)}", item) == (same and (b is None or other))
        assert holds(f"b={quoted(second)} OR a={quoted(first)} AND a!={quoted(first)}", item) == (b is not None and not other)
        assert holds(f"a~{quoted(first)}", item) == (a is not None and first.casefold() in a.casefold())
        assert holds(f"a>={quoted(first)}", item) == (a is not None and a.casefold() >= first.casefold())


@settings(max_examples=20, deadline=None, database=None)
@given(objects)
def test_an_order_loses_nobody_and_keeps_who_has_no_value_last(items: list[dict[str, str]]) -> None:
    for descending in (False, True):
        ordered = in_order(items, "a", descending=descending)
        assert sorted(map(id, ordered)) == sorted(map(id, items))
        keys = [item["a"].casefold() for item in ordered if "a" in item]
        assert keys == sorted(keys, reverse=descending)
        assert all("a" not in item for item in ordered[len(keys) :])


def test_a_field_of_several_values_is_compared_by_its_members() -> None:
    item = {
        "grades": ["09", "10"],
        "roles": [{"role": "student", "org": {"sourcedId": "x"}}, {"role": "aide"}],
        "metadata": {"safepassage.term": "FY"},
    }
    assert holds("grades='10,09'", item)
    assert not holds("grades='09'", item)
    assert holds("grades~'09'", item)
    assert not holds("grades~'09,11'", item)
    assert holds("grades!='09'", item)
    assert holds("roles.role='aide'", item)
    assert holds("roles.org.sourcedId='X'", item)
    assert not holds("roles.role!='aide'", item)
    assert holds("metadata.safepassage.term='fy'", item)


def test_instants_are_compared_by_time_and_not_as_text() -> None:
    item = {"dateLastModified": "2026-10-20T12:00:00.500Z"}
    assert holds("dateLastModified>'2026-10-20T12:00:00Z'", item)
    assert holds("dateLastModified<'2026-10-20T08:00:01-04:00'", item)
    assert holds("dateLastModified>'2026-10-20'", item)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a=",
        "a=b",
        "a='b' AND",
        "a='b' a='c'",
        "c='b'",
        "a='b' and b='c'",
        "(a='b')",
        "a=='b'",
        "dateLastModified>'now'",
        " AND ".join(["a='b'"] * 21),
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(FilterNotValid):
        parse_filter(text, fields=FIELDS)


def test_what_an_object_does_not_say_is_told_to_who_selects_metadata_or_nothing() -> None:
    item = {"a": "1", "b": "2", "metadata": {"safepassage.notSaid": {"identity.name": ["prefix"]}}}
    assert selected(item, parse_fields("b", fields=FIELDS)) == {"b": "2"}
    assert selected(item, parse_fields("metadata", fields=FIELDS)) == {"metadata": item["metadata"]}
    assert selected(item, None) == item


def test_metadata_stays_whatever_is_selected() -> None:
    item = {"a": "1", "b": "2", "metadata": {"x": "y"}}
    assert selected(item, parse_fields("b", fields=FIELDS)) == {"b": "2", "metadata": {"x": "y"}}
    for text in ("", "c", "a,,b"):
        with pytest.raises(SelectionNotValid):
            parse_fields(text, fields=FIELDS)
