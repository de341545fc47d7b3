"""What lists export: a table or JSON, the same rows, of what the person may see, to whoever signed in a moment ago."""

import csv
import io
import json

import pytest

from services.gateway.console.duties_export import COLUMNS
from services.gateway.console.exports import exported
from tests.conftest import StandingClock
from tests.gateway.console.agreed import agreed
from tests.gateway.console.consoles import HOSTILE, Console
from tests.gateway.console.decided import one_of_each
from tests.gateway.console.exchanged import exchanges_of_each_kind
from tests.gateway.console.test_pages import one_duty
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio

LISTS = ("/console/decisions", "/console/exchanges", "/console/agreements", "/console/duties")


async def both(browser: Browser, path: str) -> tuple[list[dict[str, str]], list[dict[str, object]]]:
    """The table and the JSON of an export."""
    separator = "&" if "?" in path else "?"
    csv_file, json_file = await browser.get(path), await browser.get(f"{path}{separator}form=json")
    name = path.partition("?")[0].split("/")[2]
    for answer, ending, kind in ((csv_file, "csv", "text/csv; charset=utf-8"), (json_file, "json", "application/json")):
        assert (answer.status, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}.{ending}"'
        assert answer.headers["cache-control"] == "no-store"
    return list(csv.DictReader(io.StringIO(csv_file.body.decode()))), json.loads(json_file.body)


async def test_each_list_leads_to_its_export_in_both_forms_which_have_the_same_rows(console: Console) -> None:
    await one_of_each(console)
    await exchanges_of_each_kind(console)
    await agreed(console)
    await one_duty(console)
    browser = await console.browser("auditor")
    for path in LISTS:
        page = (await browser.get(path)).body.decode()
        assert f'href="{path}/export' in page
        assert "form=json" in page
        table, rows = await both(browser, f"{path}/export")
        assert len(table) == len(rows) > 0
        assert [one["id"] for one in table] == [one["id"] for one in rows]
        assert [list(one) for one in rows] == [list(one) for one in table], "the same columns in their order"


async def test_an_export_is_for_who_signed_in_a_moment_ago_and_has_the_filters_of_its_list(console: Console, clock: StandingClock) -> None:
    await one_duty(console)
    browser = await console.browser("privacy-officer")
    assert [one["kind"] for one in (await both(browser, "/console/duties/export?state=overdue"))[1]] == ["answer-public-question"]
    assert (await both(browser, "/console/duties/export?state=done"))[1] == []
    assert (await both(browser, "/console/duties/export?kind=annual-notice"))[1] == []
    for query in ("kind=none", "state=none", "form=xml"):
        answer = await browser.get(f"/console/duties/export?{query}")
        assert (answer.status, query.partition("=")[0] in answer.body.decode()) == (422, True)
    clock.advance(hours=1)
    for path in LISTS:
        for form in ("", "?form=json"):
            answer = await browser.get(f"{path}/export{form}")
            assert (answer.status, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


@pytest.mark.requirement("CON-foreign")
async def test_an_export_holds_no_more_than_its_page(console: Console) -> None:
    await one_duty(console)
    district = await console.browser("district-officer")
    assert (await both(district, "/console/duties/export?state=all"))[1] == [], "the state's are not the district's"
    auditor = await console.browser("auditor")
    [duty] = (await both(auditor, "/console/duties/export?state=all"))[1]
    assert tuple(duty) == COLUMNS
    assert not {"student_id", "about", "evidence_ref"} & set(duty)
    operator = await console.browser("operator")
    assert (await operator.get("/console/decisions/export?form=json")).status == 403


def test_a_table_begins_no_formula_and_json_keeps_what_it_is() -> None:
    rows = [{"id": "=1+1", "name": HOSTILE, "list": ["a", "b"], "none": None, "more": "left out"}]
    columns = ("id", "name", "list", "none")
    [line] = csv.DictReader(io.StringIO(bytes(exported("x", "csv", columns, rows).body).decode()))
    assert line == {"id": "'=1+1", "name": HOSTILE, "list": "a b", "none": ""}
    assert json.loads(bytes(exported("x", "json", columns, rows).body)) == [
        {"id": "=1+1", "name": HOSTILE, "list": ["a", "b"], "none": None}
    ]
