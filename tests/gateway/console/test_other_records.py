"""A child who was registered twice: the page of one record names the other, for whoever may look at it, and each has its own accounting."""

import re

import pytest

from tests.gateway.console.acting import united
from tests.gateway.console.consoles import Console, new_district
from tests.gateway.console.enrolled import called, child, enrolled
from tests.gateway.console.test_decisions_on_pages import text_of
from tests.gateway.console.test_one_student import found, given

pytestmark = pytest.mark.anyio

SAME_CHILD = re.compile(r'<a href="(/console/students/[^"]+)">Record of the same child <code>([0-9a-f-]+)</code></a>')


@pytest.mark.requirement("CON-student")
async def test_another_record_of_the_child_is_named_and_has_its_own_page_and_accounting(console: Console) -> None:
    one, other = await enrolled(console, child()), await enrolled(console, called(child(), middle="Zebedee"))
    elsewhere = await console.house.hand.add_organisation(new_district("Wasco County", console.agency, nces_id="4100001"))
    await console.settle()
    away = await enrolled(console, called(child(), middle="Quentin"), district=elsewhere.id)
    await given(console, other)
    district = await console.browser("district-officer")
    alone = text_of((await district.get(await found(district, student_id=str(one)))).body)
    assert "to be of the same child" not in alone
    for another in (other, away):
        await united(console, one, another)
    path = await found(district, student_id=str(one))
    page = (await district.get(path)).body.decode()
    assert "This node knows another record to be of the same child. Each record has an accounting of its own." in text_of(page.encode())
    ((leads, named),) = SAME_CHILD.findall(page)
    assert (named, leads != path) == (str(other), True), "of another district's record nothing is said"
    theirs = text_of((await district.get(leads)).body)
    assert "Given to 1 recipient on this page." in theirs
    assert "Accounting of disclosures: 1 entry" in theirs
    assert "There is no request and no disclosure on record." in text_of(page.encode())
    ((back, _named),) = SAME_CHILD.findall((await district.get(leads)).body.decode())
    assert back == path
    officer, auditor = await console.browser("privacy-officer"), await console.browser("auditor")
    seen = (await officer.get(await found(officer, student_id=str(one)))).body.decode()
    assert "This node knows 2 other records to be of the same child." in text_of(seen.encode())
    assert {named for _, named in SAME_CHILD.findall(seen)} == {str(other), str(away)}
    assert SAME_CHILD.findall((await auditor.get(await found(auditor, student_id=str(one)))).body.decode()) == [], "who reads no rights"
    officer.cookies["language"] = "es"
    spanish = text_of((await officer.get(await found(officer, student_id=str(one)))).body)
    assert "Este nodo sabe que otros 2 expedientes son del mismo menor." in spanish
