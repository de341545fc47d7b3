"""A table that lies wholly on its page, by itself: what fits, in which order, on which of its pages, and where its links lead."""

from urllib.parse import parse_qsl, urlsplit

from services.gateway.console.whole_tables import ON_A_PAGE, Asked, Filter, WholeTable, coded

TABLE = WholeTable(
    "things",
    {"number": lambda row: row},
    filters={"rest": Filter("Rest", lambda row, _: [(f"of-{row % 3}", _("by three"))]), "odd": Filter("Odd", lambda row, _: [])},
    file={"n": lambda row: row},
)
ROWS = list(range(2 * ON_A_PAGE + 50))


def shown(asked: Asked, rows: list[int] = ROWS, **query: str):  # type: ignore[no-untyped-def]  # as WholeTable.shown
    return TABLE.shown(rows, asked, str.title, path="/page", query=query, export="/page/export")


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def test_what_fits_is_sorted_given_in_pages_and_filed_whole() -> None:
    first = shown(Asked("-number", {}))
    assert (first.number, first.every, len(first.rows), first.rows[0]) == (250, 250, ON_A_PAGE, 249)
    assert first.earlier is None
    assert query_of(first.later) == {"page-things": "2"}
    last = shown(Asked("number", {}, 3))
    assert (last.rows, last.later) == (ROWS[200:], None)
    narrowed = Asked("number", {"things-rest": "of-1"}, 2)
    assert shown(narrowed).rows == []
    assert TABLE.filed(ROWS, narrowed) == (("n",), [{"n": row} for row in ROWS if row % 3 == 1]), "whatever the page"


def test_its_links_keep_what_is_asked_of_other_tables_and_begin_again_with_the_first_page() -> None:
    about = {"sort": "-else", "cursor": "c", "things-rest": "of-1", "sort-things": "-number", "page-things": "2", "things-odd": ""}
    one = shown(Asked("-number", {"things-rest": "of-1"}, 2), **about)
    kept = {"sort": "-else", "cursor": "c", "sort-things": "-number"}
    assert one.kept == kept, "what its form says anew is not said twice"
    assert query_of(one.everything) == kept
    assert query_of(one.earlier) == {**kept, "things-rest": "of-1", "page-things": "1"}
    assert query_of(one.heads["number"].href) == {**kept, "things-rest": "of-1", "sort-things": "number"}
    assert query_of(one.export) == {"table": "things", "things-rest": "of-1", "sort-things": "-number"}


def test_what_is_chosen_is_among_the_choices_though_no_row_has_it_any_more() -> None:
    rest, odd = shown(Asked("number", {"things-odd": "yes"}), [1, 2]).filters
    assert rest.choices == [("of-1", "By Three"), ("of-2", "By Three")]
    assert (odd.choices, odd.chosen) == ([("yes", "yes")], "yes")


def test_a_code_of_what_people_wrote_has_nothing_that_an_address_could_hold_against_it() -> None:
    assert coded("Hosting, e-mail & café “Ωmega”?") == "hosting-e-mail-cafe-ωmega"
    assert coded("<script>alert(1)</script>") == "script-alert-1-script"
