"""A CSV file that a spreadsheet opens runs nothing and loses nothing."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.spreadsheet import STARTS_FORMULA, harmless, table

cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "＝1", "＋1", "－1", "＠SUM(A1)", "\n=1"]
)
def test_no_cell_begins_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "3", "Charter, page 3", "a=b", "'=1"])
def test_an_ordinary_cell_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell


@given(st.lists(st.tuples(cells, cells), max_size=5))
def test_a_reader_finds_the_cells_again_and_no_formula(rows: list[tuple[str, str]]) -> None:
    lines = list(csv.reader(io.StringIO(table(("a", "b"), rows), newline="")))
    assert lines[0] == ["a", "b"]
    assert [[cell.removeprefix("'") for cell in line] for line in lines[1:]] == [[cell.removeprefix("'") for cell in row] for row in rows]
    assert not [cell for line in lines for cell in line if cell.startswith(STARTS_FORMULA)]


def test_every_cell_is_quoted() -> None:
    assert table(("a", "b"), [("1", 'x"y')]) == '"a","b"\r\n"1","x""y"\r\n'
