"""The report of a statistic: everything in it is in a table, escaped, and nothing is fetched or run."""

from datetime import date
from html.parser import HTMLParser

from safepassage.statistics_page import as_csv, as_page
from safepassage.wire_statistics import Cell, Estimate, StatisticsAcrossNodes, StatisticsQuestion

STATISTIC = StatisticsAcrossNodes(
    question=StatisticsQuestion(by=("district", "homeless"), measures=("gifted",)),
    nodes=("https://alder.example", "https://birch.example"),
    as_of=date(2026, 10, 20),
    noise=12.0,
    cells=(
        Cell(words=("a#1", "no"), students=1200, measures=(Estimate(yes=300, known=1200, rate=0.25),)),
        Cell(words=("a#1", "yes"), students=30, measures=(Estimate(yes=3, known=28),)),
        Cell(words=("b#1", "no"), students=None, measures=None),
    ),
    not_told=(("b#1", "yes"),),
)


class Page(HTMLParser):
    """What is in a page, by tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


def test_every_number_is_in_the_table_and_what_is_not_told_is_named() -> None:
    page = Page(as_page(STATISTIC, names={"a#1": "Lantern & <Sons>"}))
    assert page.rows[0] == ["District", "Homeless", "Students", "", "Gifted", ""]
    assert page.rows[1:] == [
        ["Lantern & <Sons>", "no", "1,200", "", "25.0%", ""],
        ["Lantern & <Sons>", "yes", "30", "", "not told", ""],
        ["b#1", "no", "not told", "", "", ""],
    ]
    text = as_page(STATISTIC)
    assert "<li>b#1, yes</li>" in text
    assert "12.0 students" in text


def test_the_page_runs_and_fetches_nothing_and_says_what_a_reader_needs() -> None:
    tags = Page(as_page(STATISTIC)).tags
    assert {tag for tag, _ in tags}.isdisjoint({"script", "link", "img", "iframe", "object"})
    assert not any({"src", "href", "onclick", "style"} & set(attributes) for _, attributes in tags)
    assert ("html", {"lang": "en"}) in tags
    assert [tag for tag, _ in tags if tag in ("h1", "h2")] == ["h1", "h2", "h2"]
    assert all(attributes.get("aria-hidden") == "true" for tag, attributes in tags if tag == "svg")
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in tags if tag == "th")


def test_the_csv_has_a_line_a_group() -> None:
    assert as_csv(STATISTIC).splitlines() == [
        "district,homeless,students,gifted.yes,gifted.known,gifted.rate",
        "a#1,no,1200,300,1200,0.25",
        "a#1,yes,30,3,28,",
        "b#1,no,,,,",
    ]
