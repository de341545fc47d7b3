"""The scorecard as JSON, as CSV that a spreadsheet may open, and as a page that stands alone."""

import csv
import io
import re
from html.parser import HTMLParser

import pytest

from services.privacy.readiness.questions import QUESTIONS
from services.privacy.readiness.table import COLUMNS
from tests.privacy.readiness.agency import Agency

pytestmark = pytest.mark.anyio

NASTY = "=HYPERLINK(\"http://x.example\")<script>alert('1')</script>&amp;"
VOID = {"meta", "link", "br", "img", "rect", "path", "circle"}


class Outline(HTMLParser):
    """What is in a page: elements that are never closed, ids, anchors, headings, what it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.anchors: list[str] = []
        self.headings: list[int] = []
        self.fetched: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            self.ids += [value or ""] if name == "id" else []
            self.anchors += [(value or "")[1:]] if name == "href" and (value or "").startswith("#") else []
            self.fetched += [value or ""] if name in ("src", "href", "action") and not (value or "").startswith("#") else []
            self.handlers += [name] if name.startswith("on") else []
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


async def page(agency: Agency) -> tuple[str, Outline]:
    answer = await agency.official.get("/v1/readiness/page")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    text = answer.body.decode()
    outline = Outline()
    outline.feed(text)
    assert outline.open == []
    return text, outline


async def test_the_page_stands_alone_and_runs_nothing(agency: Agency) -> None:
    text, outline = await page(agency)
    assert outline.fetched == outline.handlers == []
    assert not {"script", "iframe", "object", "embed", "form", "link", "img"} & set(outline.tags)
    assert "url(" not in text
    assert "@import" not in text


async def test_the_page_can_be_read_without_sight_and_without_a_mouse(agency: Agency) -> None:
    text, outline = await page(agency)
    assert '<html lang="en">' in text
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(outline.headings, outline.headings[1:], strict=False))
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.anchors) <= set(outline.ids)
    assert text.count('role="img" aria-label=') == 11
    assert all(f"q-{question.id}" in outline.ids for question in QUESTIONS)


async def test_what_officials_wrote_is_text_on_the_page(agency: Agency) -> None:
    await agency.attested("g2", document={"digest": "A" * 43, "reference": NASTY})
    text, outline = await page(agency)
    assert "script" not in outline.tags
    assert "&lt;script&gt;" in text


async def test_the_table_has_a_line_for_each_question_and_no_formula(agency: Agency) -> None:
    await agency.attested("g2", document={"digest": "A" * 43, "reference": NASTY})
    answer = await agency.official.get("/v1/readiness/table")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    text = answer.body.decode()
    assert text.endswith("\r\n")
    lines = list(csv.reader(io.StringIO(text, newline="")))
    assert tuple(lines[0]) == COLUMNS
    assert [line[0] for line in lines[1:]] == [question.id for question in QUESTIONS]
    assert lines[2][COLUMNS.index("document")] == "'" + NASTY
    assert not [cell for line in lines for cell in line if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


async def test_the_questions_are_listed_with_their_references(agency: Agency) -> None:
    answer = await agency.official.get("/v1/readiness/questions")
    assert answer.status == 200
    assert answer.body.count(b'"evidenced_by"') == 76
