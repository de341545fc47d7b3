"""By which column a table is sorted: what its heads say, where their links lead, and in which order its rows come."""

from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.console.sorting import Columns, Orders
from shared.in_process import call
from shared.word_order import in_words

ORDERS = Orders("-at", "name", region="#list")
OTHERS = Orders("", "size", parameter="sort-others", region="#main")
TABLE = Columns({"number": lambda row: row[0], "-word": lambda row: row[1]}, region="#main")

NUMBERS = st.one_of(st.none(), st.integers(-3, 3))


def query_of(href: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(href).query, keep_blank_values=True))


def test_the_column_of_the_order_alone_is_said_to_be_sorted_and_its_link_turns_it() -> None:
    for asked, at, name in (
        ("-at", ("descending", "at"), (None, "name")),
        ("at", ("ascending", "-at"), (None, "name")),
        ("name", (None, "-at"), ("ascending", "-name")),
        ("-name", (None, "-at"), ("descending", "name")),
    ):
        heads = ORDERS.heads(asked, "/console/list", {})
        assert {column: (head.direction, query_of(head.href)["sort"]) for column, head in heads.items()} == {"at": at, "name": name}
        assert {head.id for head in heads.values()} == {"sort-at", "sort-name"}
    assert {head.direction for head in OTHERS.heads("", "/console/list", {}).values()} == {None}


def test_a_link_keeps_the_filters_and_goes_back_to_the_first_page_of_its_own_table() -> None:
    query = {"state": "open", "sort": "-at", "cursor": "abc", "sort-others": "size"}
    own, others = ORDERS.heads("-at", "/console/list", query)["name"], OTHERS.heads("size", "/console/list", query)["size"]
    assert query_of(own.href) == {"state": "open", "sort": "name", "sort-others": "size"}
    assert query_of(others.href) == {"state": "open", "sort": "-at", "cursor": "abc", "sort-others": "-size"}


def test_an_address_says_the_order_only_where_it_is_not_the_usual_one() -> None:
    assert ORDERS.kept("-at") == {}
    assert ORDERS.kept("at") == {"sort": "at"}
    assert OTHERS.kept("size") == {"sort-others": "size"}


@pytest.mark.anyio
async def test_what_is_no_order_of_the_table_is_refused() -> None:
    app = FastAPI()

    @app.get("/")
    async def show(
        sort: Annotated[str, ORDERS.query] = ORDERS.usual, others: Annotated[str, OTHERS.query] = OTHERS.usual
    ) -> dict[str, str]:
        return {"sort": sort, "others": others}

    for query, status in (
        ("", 200),
        ("sort=name", 200),
        ("sort=-name&sort-others=-size", 200),
        ("sort-others=", 200),
        ("sort=", 422),
        ("sort=names", 422),
        ("sort=--at", 422),
        ("sort=name%0A", 422),
        ("sort-others=at", 422),
    ):
        assert (await call(app, "GET", "/", query=query, headers={})).status == status, query


@given(st.lists(st.tuples(NUMBERS, st.text(max_size=2))), st.sampled_from(TABLE.codes))
def test_rows_are_in_order_what_has_nothing_comes_last_either_way_and_equals_stay_as_they_came(rows: list[Any], asked: str) -> None:
    place = 0 if asked.endswith("number") else 1
    numbered = [(*row, n) for n, row in enumerate(rows)]
    found = TABLE.rows(numbered, asked)
    assert sorted(found, key=lambda row: row[2]) == numbered, "none is lost or there twice"
    keys = [row[place] for row in found]
    there = [key for key in keys if key is not None]
    assert there == sorted(there, reverse=asked.startswith("-"))
    assert keys[len(there) :] == [None] * (len(keys) - len(there))
    for key in set(keys):
        alike = [row[2] for row in found if row[place] == key]
        assert alike == sorted(alike)


def test_a_table_without_an_order_stays_as_its_page_made_it() -> None:
    table = Columns({"": None, "number": lambda row: row}, region="#main")
    assert table.rows([3, 1, 2], table.usual) == [3, 1, 2]
    assert table.rows([3, 1, 2], "-number") == [3, 2, 1]


def test_words_are_sorted_as_people_read_them() -> None:
    assert sorted(["Zebra", "órdenes", "Árbol", "nube", "Ñandú", "Oslo"], key=in_words) == [
        "Árbol",
        "Ñandú",
        "nube",
        "órdenes",
        "Oslo",
        "Zebra",
    ]
