"""Three real nodes: the first is of a later version; what the second could not read of an element is a part at the third."""

from typing import Any
from uuid import uuid4

import pytest

from node.demo.seats import RECEIVING_DISTRICT
from tests.records.exchange.later_peer import saying_more
from tests.records.exchange.requests_for import new_request
from tests.records.exchange.test_three_states import ThreeStates, replace_some
from tests.records.exchange.test_three_states import three as three

pytestmark = pytest.mark.anyio

CANARY = "Zukunftsmusik-9906"


def grow(package: dict[str, Any]) -> None:
    package["record"]["attendance"]["summary"][0]["by_mood"] = CANARY
    package["record"]["identity"]["name"]["spoken_as"] = CANARY


@pytest.mark.requirement("UPGRADE-onward")
async def test_it_is_named_there_and_what_the_second_state_has_itself_is_whole(three: ThreeStates, monkeypatch: pytest.MonkeyPatch) -> None:
    child = three.two.child()
    await three.alder.load(child)
    sections = ("identity", "enrollment", "attendance")
    first = await three.two.ask(child.selector, sections=sections)
    with saying_more(monkeypatch, grow, disclosed=()):
        await three.settle()
    student_id = (await first.told()).student_id
    assert student_id is not None
    await replace_some(three.birch, child, student_id)  # Birch's district has its own identity and enrolment of the child by now
    third = three.cedar.organisation(RECEIVING_DISTRICT)
    asked = new_request(child.selector, holder=three.birch.entity_id, district=third, now=three.two.clock(), sections=sections)
    async with three.cedar.client("new-district") as client:
        second = await client.create_exchange_request(asked, idempotency_key=str(uuid4()))
        await three.settle()
        record = await client.read_received_record_naming_unread(second.id)
    assert record.unread_elements == ("attendance.summary",)
    assert record.content.attendance is not None
    assert CANARY not in record.content.model_dump_json()
