"""What is written about the code is what the code says."""

import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from node.breach_clocks_page import breach_clocks_page
from node.documents import ROOT, openapi, settings_table
from node.elements_page import elements_page
from node.settings_classes import settings_class
from services.privacy.clocks.page import rights_and_clocks
from shared.settings import ServiceSettings
from shared.who_may_call import SERVICES, ServiceName

LINK: Final = re.compile(r"\]\(([^)\s:]+)\)")
"""A link to a place of our own, not to an address elsewhere."""


@pytest.mark.requirement("ALL-documents")
@pytest.mark.parametrize("service", SERVICES)
def test_the_openapi_document_is_pinned(service: ServiceName) -> None:
    assert (ROOT / "openapi" / f"{service}.json").read_text() == openapi(service), "run `make documents` and read the difference"


@pytest.mark.requirement("ALL-documents")
def test_the_settings_are_documented() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == settings_table(), "run `make documents`"


def test_the_laws_clocks_are_documented() -> None:
    assert (ROOT / "docs" / "rights-and-clocks.md").read_text() == rights_and_clocks(), "run `make documents`"


def test_the_clocks_of_a_breach_are_documented() -> None:
    assert (ROOT / "docs" / "breach-clocks.md").read_text() == breach_clocks_page(), "run `make documents`"


def test_the_page_of_elements_is_what_the_code_says() -> None:
    assert (ROOT / "docs" / "elements.md").read_text() == elements_page(), "run `make documents`"


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_says_what_it_is(service: ServiceName) -> None:
    for name, field in settings_class(service).model_fields.items():
        assert field.description, name


def test_no_secret_is_a_setting() -> None:
    for service in SERVICES:
        for name in {*settings_class(service).model_fields, *ServiceSettings.model_fields}:
            assert not any(word in name for word in ("secret", "private", "token_key")), name
            assert not name.endswith("password"), name


def test_no_two_decisions_have_one_number() -> None:
    numbers = Counter(path.name[:4] for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [number for number, held in numbers.items() if held > 1] == []


def test_every_page_is_led_to_from_another() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    linked = {target for page in pages for target in re.findall(r"\((?:docs/)?([a-z-]+\.md)[)#]", page.read_text(encoding="utf-8"))}
    assert sorted({page.name for page in (ROOT / "docs").glob("*.md")} - linked) == []


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them of its headings."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


def test_every_link_of_a_page_leads_to_a_file_and_a_heading_that_are_there() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "sdk" / "python").glob("*.md")]
    links = [(page, link) for page in pages for link in LINK.findall(page.read_text(encoding="utf-8"))]
    assert len(links) > 400
    lost = []
    for page, link in links:
        file, _, anchor = link.partition("#")
        target = (page.parent / file) if file else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in headings(target)):
            lost.append(f"{page.relative_to(ROOT)}: {link}")
    assert lost == []
