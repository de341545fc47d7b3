"""Ed-Fi systems: who answers for one sees on its page and on Today that it has been failing, what came, and what to do."""

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from safepassage.record.load_causes import CAUSES
from safepassage.record.load_reports import CauseKind
from safepassage.wire_ed_fi import EdFiFault, EdFiHow
from services.gateway.console.ed_fi_words import FAULTS, HOWS, KINDS
from tests.conftest import StandingClock
from tests.gateway.console.consoles import Console, open_console
from tests.gateway.console.exchanged import stored
from tests.gateway.console.foreign.of_ed_fi import known, several, standing
from tests.gateway.console.test_today import figures
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio

PATH = "/console/ed-fi-systems"


@pytest.fixture
async def alder(tmp_path: Path, clock: StandingClock) -> AsyncIterator[Console]:
    async with open_console(tmp_path, clock) as running:
        yield running


async def page_of(browser: Browser, path: str = PATH) -> str:
    answer = await browser.get(path)
    assert answer.status == 200, answer.body
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.body.decode()))


def test_every_standing_fault_and_kind_of_cause_has_its_words() -> None:
    assert set(HOWS) == set(get_args(EdFiHow))
    assert set(FAULTS) == set(get_args(EdFiFault))
    assert set(KINDS) == set(get_args(CauseKind)) == {one.kind for one in CAUSES.values()}


@pytest.mark.requirement("CON-ed-fi")
async def test_a_pull_that_has_failed_for_a_week_is_said_first_with_what_to_do(alder: Console) -> None:
    await several(alder)
    page = await page_of(await alder.browser("auditor"))
    assert re.search(r"elm-sis : Pulling: The system does not take our client id and secret. Attempts in a row: 8", page)
    assert "put the new secret into its file" in page
    assert re.search(r"ash-sis : Pulling: The last attempt was at .*Look at the schedule that runs the job", page)
    assert page.index("elm-sis :") < page.index("4 systems")
    assert re.search(r"oak-sis .*?oak-sis.example Works .*? 4,182 ", page)
    one = await page_of(await alder.browser("operator"), f"{PATH}/of/elm-sis")
    assert "The system refuses everything that is put into it." in one
    assert "what our client may write" in one


@pytest.mark.requirement("CON-ed-fi")
async def test_today_counts_the_systems_that_need_a_person_and_none_where_there_are_none(alder: Console) -> None:
    title = "Ed-Fi systems that do not work"
    for role in ("auditor", "privacy-officer", "operator", "approver", "district-officer"):
        assert title not in figures((await (await alder.browser(role)).get("/console")).body.decode())
    await several(alder)
    for role in ("auditor", "privacy-officer", "operator", "approver", "district-officer"):
        assert figures((await (await alder.browser(role)).get("/console")).body.decode())[title] == "2"


async def test_one_system_shows_what_came_and_what_did_not_validate_in_each_load(alder: Console) -> None:
    await several(alder)
    auditor = await alder.browser("auditor")
    page = await page_of(auditor, f"{PATH}/of/oak-sis")
    assert "The last attempts did what they were for." in page
    assert "A value is not one of its kind, or is missing where it must be" in page
    assert re.search(r"studentSchoolAssociations\s+entryDate.*? required.*? 31 .*?studentSchoolAssociations:2 +and 1 more", page)
    [older] = re.findall(rf'href="({PATH}/of/oak-sis\?load=[0-9a-f-]+)#quality">', (await auditor.get(f"{PATH}/of/oak-sis")).body.decode())
    assert "All of it was loaded as it was meant." in await page_of(auditor, older)


async def test_a_district_sees_its_own_systems_alone(alder: Console) -> None:
    known(alder, ("oak-sis", alder.district.id), ("state-sis", alder.agency.id))
    await stored(alder, standing(alder, "oak-sis", "pull", ago=timedelta(hours=2)))
    officer, auditor = await alder.browser("district-officer"), await alder.browser("auditor")
    assert "1 system" in await page_of(officer)
    assert "state-sis" not in await page_of(officer)
    assert (await officer.get(f"{PATH}/of/state-sis")).status == 404
    assert "2 systems" in await page_of(auditor)


async def test_the_list_is_a_file_of_codes_and_instants(alder: Console) -> None:
    await several(alder)
    auditor = await alder.browser("auditor")
    rows = list(csv.DictReader(io.StringIO((await auditor.get(f"{PATH}/export?how=failing-long")).body.decode("utf-8-sig"))))
    [row] = rows
    assert (row["system"], row["pulls_fault"], row["pulls_faults"], row["pushes_fault"]) == (
        "elm-sis",
        "credentials-refused",
        "8",
        "all-refused",
    )
    causes = (await auditor.get(f"{PATH}/of/oak-sis/export?table=causes")).body.decode("utf-8-sig")
    assert [row["reason"] for row in csv.DictReader(io.StringIO(causes))] == ["not-valid", "member-kept", "school-unknown"]
