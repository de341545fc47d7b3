"""Who sent a record to a node of an earlier version hears from it, by name, which elements it keeps unread; and when it has read them."""

import asyncio
from datetime import date
from typing import Any, Literal
from uuid import UUID

import pytest

from safepassage.chain_part import Onward
from safepassage.claims import read_closed
from safepassage.client import BlockingClient, ClientFile, naming_unread
from safepassage.client.calls import read_received_record_as_edfi, search_log
from safepassage.client.exchange_calls import read_exchange
from safepassage.client.format_calls import read_received_record_as_document
from safepassage.notice import Notice, NoticeContent, require_content_of
from safepassage.problems.exchanges import NoSuchExchange
from safepassage.sealing import unpadded
from safepassage.wire import Digest, Wire
from safepassage.wire_exchange import Official
from safepassage.wire_exchanges import ExchangeTimeline
from safepassage.wire_log import EntrySearch
from services.records.tables import QuarantineRow, StudentRow
from services.records.transfers import taking
from tests.records.exchange.later_peer import LATER, saying_more
from tests.records.exchange.other_claimants import NAME, notices, second_district
from tests.records.exchange.test_later_peers import CANARY, came, grow, only_later, unread_rows, upgraded
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = pytest.mark.anyio

UNREAD = ("identity.name", LATER)


async def at_the_sender(states: TwoStates, case: Case, client: str = "state-agency") -> ExchangeTimeline:
    async with states.alder.client(client) as session:
        return await session.run(read_exchange((await case.request()).id))


@pytest.mark.requirement("UPGRADE-sender-told")
async def test_who_sent_it_hears_by_name_what_is_not_read_and_nothing_of_what_it_says(
    states: TwoStates, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await came(states, monkeypatch)
    assert (await case.package()).state == "processed"
    one = await at_the_sender(states, case)
    assert one.unread_by_peer == UNREAD
    assert CANARY not in one.model_dump_json()
    [sent] = (await notices(states.birch, "new-district", case)).values()
    assert (sent.kind, sent.state, sent.unread_elements) == ("read-in-part", "delivered", UNREAD)
    [received] = (await notices(states.alder, "state-agency", case)).values()
    assert (received.kind, received.unread_elements) == ("read-in-part", UNREAD)
    async with states.birch.client("state-agency") as agency:
        assert (await agency.run(read_exchange(case.id))).unread_by_peer == ()
    for state, classes in ((states.birch, ("request",)), (states.alder, ("received",))):  # both logs have that it was told
        async with state.client("state-agency") as agency:
            pages = agency.pages(search_log(EntrySearch(classes=classes, operations=("exchange-notice",))))
            said = [one.context or {} async for page in pages for one in page.entries]
        assert [one["outcome"] for one in said if one["exchange_id"] == str(case.id)] == ["read-in-part"]


async def test_of_a_record_that_is_read_whole_nobody_hears_anything(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await came(states, monkeypatch, lambda package: None)
    assert await notices(states.birch, "new-district", case) == {}
    assert (await at_the_sender(states, case)).unread_by_peer == ()


async def test_another_district_of_the_sending_state_hears_nothing(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await came(states, monkeypatch)
    student = await case.request()
    [mine] = (await notices(states.alder, "state-agency", case)).values()
    assert mine.student_id == student.student_id
    [custodian_id] = [row.custodian_id for row in await states.alder.rows(StudentRow) if row.id == student.student_id]
    await second_district(states.alder, but=custodian_id)
    assert await notices(states.alder, NAME, case) == {}
    with pytest.raises(NoSuchExchange):
        await at_the_sender(states, case, NAME)


async def test_a_record_of_which_nothing_is_read_is_told_of_too(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await came(states, monkeypatch, only_later)
    assert (await at_the_sender(states, case)).unread_by_peer == (LATER,)


async def test_names_of_what_was_not_sent_are_not_taken(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer can write nothing of its own onto the sender's page."""
    child = states.child()
    await states.alder.load(child)
    case = await states.ask(child.selector, sections=("identity", "contacts", "enrollment", "programmes"))
    with saying_more(monkeypatch, grow, disclosed=()):
        await states.settle()
    assert (await case.told()).state == "applied"
    assert (await at_the_sender(states, case)).unread_by_peer == ()
    [sent] = (await notices(states.birch, "new-district", case)).values()
    assert (sent.state, sent.problem_code) == ("refused", "notice-not-yours")


class NoticeContentBefore(Wire):
    """As nodes of the version before read it."""

    v: Literal[1] = 1
    iss: str
    aud: str
    exchange_id: UUID
    notice_id: UUID
    pt_salt: Digest
    kind: Literal["enrolled", "no-show", "withdrawn", "onward", "onward-refused", "concurrent-claims", "concurrent-enrollment"]
    effective_on: date | None = None
    official: Official | None = None
    onward: Onward | None = None


def read_before(plaintext: bytes, *, notice: Notice) -> NoticeContent:
    read_closed(unpadded(plaintext), model=NoticeContentBefore)
    content = read_closed(unpadded(plaintext), model=NoticeContent)
    require_content_of(content, notice=notice)
    return content


@pytest.mark.requirement("UPGRADE-sender-told")
async def test_a_node_that_does_not_know_such_a_notice_refuses_it_and_the_exchange_is_as_it_was(
    states: TwoStates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "read_notice", read_before)
    before = {one.message_digest for one in await states.alder.rows(QuarantineRow)}
    case = await came(states, monkeypatch)
    assert (await case.told()).state == "applied"
    assert (await case.package()).state == "processed"
    [refused] = [one for one in await states.alder.rows(QuarantineRow) if one.message_digest not in before]
    assert (refused.code, refused.times) == ("malformed-token", 1)
    [sent] = (await notices(states.birch, "new-district", case)).values()
    assert (sent.state, sent.problem_code) == ("refused", "malformed-token")
    assert len(await unread_rows(states, case)) == 1
    # and what it knows is as it was, byte for byte
    said: dict[str, Any] = {"iss": "https://b.example", "aud": "https://a.example", "exchange_id": case.id, "notice_id": case.id}
    known = NoticeContent(**said, pt_salt="A" * 43, kind="concurrent-claims")
    assert read_closed(unpadded(known.plaintext()), model=NoticeContentBefore).kind == "concurrent-claims"


async def test_both_clients_read_the_record_with_what_is_not_read_of_it(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    case, whole = await came(states, monkeypatch), await came(states, monkeypatch, lambda package: None)
    async with states.birch.client("new-district") as client:
        record = await client.read_received_record_naming_unread(case.id)
        assert (record.content, record.unread_elements) == (await client.read_received_record(case.id), UNREAD)
        assert (await client.read_received_record_naming_unread(whole.id)).unread_elements == ()
        document = await client.run(naming_unread(read_received_record_as_document(case.id, "sif")))
        assert (document.content[:5], document.unread_elements) == (b"<?xml", UNREAD)

    def blocking() -> tuple[Any, Any]:
        file = ClientFile.load(states.birch.folder.path / "clients" / "new-district.json")
        with BlockingClient(file, clock=states.clock) as client:
            edfi = client.run(naming_unread(read_received_record_as_edfi(case.id)))
            return client.read_received_record_naming_unread(case.id), edfi.unread_elements

    assert await asyncio.to_thread(blocking) == (record, UNREAD)


@pytest.mark.requirement("UPGRADE-sender-told")
async def test_once_it_is_read_the_sender_hears_that_too(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    case, _ = await upgraded(states, monkeypatch)
    await states.settle()
    [received] = (await notices(states.alder, "state-agency", case)).values()
    assert received.unread_elements == ()
    assert (await at_the_sender(states, case)).unread_by_peer == ()
