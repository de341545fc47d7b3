"""Pictures as HTML: escaped, without a style of their own, drawn twice, with a title, a finding and every figure in a table."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.gateway.console.charts.bars import shares, stacked
from services.gateway.console.charts.crossings import Crossing
from services.gateway.console.charts.flow import FlowWords, flow
from services.gateway.console.charts.lines import Series, lines
from services.gateway.console.charts.sparkline import sparkline
from services.gateway.console.charts.strip import Moment, strip

FOLDER = Path(__file__).parents[3] / "services" / "gateway" / "console"
NASTY = '"><script>alert(1)</script>{{7*7}}'
NOW = datetime(2026, 11, 23, 16, 42, tzinfo=UTC)
TEMPLATE = """{% import 'charts.html' as charts %}
{{ charts.sparkline(spark) }}{% for width in widths %}{{ charts.bar(width, 5) }}{% endfor %}
{{ charts.stacked('whole', parts, nasty, nasty, number) }}
{% call charts.lines('trend', trend, nasty, nasty) %}{{ charts.table(nasty, nasty, (nasty, nasty), rows) }}{% endcall %}
{% call charts.flow('flow', flows, nasty, nasty, [nasty] * 3) %}{{ charts.table(nasty, nasty, (nasty, nasty), rows) }}{% endcall %}
{% call charts.strip('steps', strips, nasty, nasty, nasty) %}{{ charts.table(nasty, nasty, (nasty, nasty), rows) }}{% endcall %}
"""


class Read(HTMLParser):
    """Elements with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One that has an end."""
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One that ends itself."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Elements nest."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text between."""
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def drawn() -> Read:
    """Every picture, with texts that try to be more than texts."""
    environment = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined)
    words = FlowWords("OR", lambda code: NASTY + code, lambda _: NASTY, str, str, str)
    ways = [Crossing("OR", "audit", "WA", 5), Crossing("WA", "audit", "OR", 2)]
    steps = [Moment(NOW - timedelta(days=2), NASTY), Moment(NOW - timedelta(days=1), NASTY, done=False), Moment(NOW, NASTY, done=False)]
    series = [Series(NASTY, [1, 2]), Series("Received", [3, 0])]
    return Read(
        environment.from_string(TEMPLATE).render(
            nasty=NASTY,
            number=str,
            rows=[(NASTY, NASTY)],
            spark=sparkline([1, 2]),
            widths=shares([2, 1]),
            parts=stacked([(NASTY, 1), ("b", 2)]),
            trend=[lines([NASTY, "Nov 2"], series, width=width) for width in (720.0, 340.0)],
            flows=[flow(ways, words, width=width) for width in (960.0, 320.0)],
            strips=[strip(steps, now=NOW, width=width) for width in (720.0, 320.0)],
        )
    )


def test_what_a_record_is_called_is_text_in_every_picture(drawn: Read) -> None:
    assert not drawn.of("script")
    assert drawn.text.count(NASTY) > 20
    assert drawn.open == []


def test_no_picture_has_a_style_of_its_own(drawn: Read) -> None:
    assert not drawn.of("style")
    assert not any(name == "style" or name.startswith("on") for _, attributes in drawn.elements for name in attributes)


def test_each_picture_says_what_it_is_and_what_it_shows(drawn: Read) -> None:
    ids = [attributes["id"] for _, attributes in drawn.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    pictures = [attributes for attributes in drawn.of("svg") if attributes.get("role") == "img"]
    assert len(pictures) == 7  # one whole, and three that are drawn twice
    for attributes in pictures:
        assert attributes["aria-labelledby"] in ids
        assert attributes["aria-describedby"] in ids
    others = [attributes for attributes in drawn.of("svg") if attributes.get("role") != "img"]
    assert others
    assert all(attributes["aria-hidden"] == "true" for attributes in others)


def test_each_picture_with_labels_is_there_wide_and_narrow_with_its_table_once(drawn: Read) -> None:
    classes = [str(attributes.get("class")) for attributes in drawn.of("svg")]
    assert sum("chart-wide" in one for one in classes) == sum("chart-narrow" in one for one in classes) == 3
    assert len(drawn.of("details")) == len(drawn.of("table")) == 3
    assert all(attributes["tabindex"] == "0" for attributes in drawn.of("div") if attributes.get("role") == "region")


def test_own_agency_is_marked_on_both_sides_and_a_band_has_its_width(drawn: Read) -> None:
    own = [attributes for attributes in drawn.of("text") if "own" in str(attributes.get("class"))]
    assert len(own) == 4
    assert all(float(str(a["stroke-width"])) > 0 for a in drawn.of("path") if str(a.get("class")) == "line-1" and "stroke-width" in a)


def test_every_class_in_an_svg_is_in_the_stylesheet_or_a_name_for_others(drawn: Read) -> None:
    sheet = (FOLDER / "static" / "charts.css").read_text("utf-8")
    shapes = {"svg", "path", "rect", "line", "circle", "text", "g"}
    used = {one for tag, attributes in drawn.elements if tag in shapes for one in str(attributes.get("class") or "").split()}
    assert {one for one in used if f".{one}" not in sheet} == {"state"}
