"""Trust that changes, time that passes, a log that is not what it was: each test has nodes of its own, and breaks them."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from node.trust import member_of, signed_list
from safepassage.problems.exchanges import OwnLogWentBack
from safepassage.problems.trust import NotAMember
from safepassage.trust_list import VerifiedTrustList, verify_first_trust_list
from safepassage.trust_members import Log, LogKey, Member
from services.audit.ending import end_log
from services.audit.settings import AuditSettings
from services.records.exchange.due import NO_MEMBER
from services.records.exchange.ended_log import kept_of_own_log, let_own_log_end
from services.records.exchange.states import Incoming, Notice, Outgoing, Telling
from services.records.tables import EndingRow, OutgoingNoticeRow, PeerLogRow, TrustListRow
from shared.contracts.audit import Event
from shared.keys import SigningKey
from tests.records.exchange.behind import waiting_for_the_log
from tests.records.exchange.forging import Forger, code_of, genuine
from tests.records.exchange.listener import birch_away
from tests.records.exchange.other_claimants import say
from tests.records.exchange.test_dead_letters import expired
from tests.records.exchange.two_states import Case, State, TwoStates

pytestmark = pytest.mark.anyio


def next_list(states: TwoStates, *, change: dict[str, dict[str, object]], previous: VerifiedTrustList | None = None) -> bytes:
    """The network's registry issues the next list, after `previous` or the first: the same members, some of them changed."""
    root = SigningKey.load(states.alder.folder.path.parent / "root" / "root.json")
    digest = states.alder.folder.first_list_digest.read_text().strip()
    held = previous or verify_first_trust_list(
        states.alder.folder.trust_list.read_bytes(), digest=digest, now=states.clock(), development=True
    )
    members = [member_of(one.folder.file, one.folder.keys, today=states.clock().date()) for one in (states.alder, states.birch)]
    changed = [one.model_copy(update=change.get(one.entity_id, {})) for one in members]
    return signed_list(network=held.content.network, roots=[root], threshold=1, members=changed, previous=held, now=states.clock())


def install(state: State, document: bytes) -> None:
    """Put it where the node reads it."""
    state.folder.trust_list.write_bytes(document)


async def take(state: State, document: bytes) -> None:
    """The node takes it now: records and its gateway, which would look within a second by itself."""
    install(state, document)
    for trust in (state.exchange.trust, state.node.applications["gateway"].state.trust):
        await trust.refresh()


def retired(member: Member) -> tuple[Log, ...]:
    """The member's logs, their keys retired."""
    return tuple(log.model_copy(update={"keys": tuple(LogKey(vkey=key.vkey, status="retired") for key in log.keys)}) for log in member.logs)


async def test_a_member_that_is_suspended_while_a_record_waits_gets_nothing(own_states: TwoStates) -> None:
    states = own_states
    case = await states.queued()
    before = states.alder.folder.trust_list.read_bytes()
    install(states.alder, next_list(states, change={states.birch.entity_id: {"status": "suspended"}}))
    async with birch_away(states) as knocks:
        await case.deliver()
        assert knocks.connections == 0
    row = await case.package()
    assert (row.state, row.problem_code, row.ciphertext) == (Outgoing.WITHDRAWN, "not-a-member", None)
    [entry] = await waiting_for_the_log(states.alder, "disclosure-withdrawn", case)
    assert (entry["context"]["reason"], entry["context"]["outcome"]) == ("not-a-member", "never-sent")
    # The list from before is genuine and signed, and does not bring the member back: neither now nor after a start.
    install(states.alder, before)
    await states.alder.exchange.trust.refresh()
    with pytest.raises(NotAMember):
        states.alder.exchange.trust.member(states.birch.entity_id)
    assert [row.serial for row in await states.alder.rows(TrustListRow)] == [1, 2]
    serials = [entry["context"]["trust_serial"] for entry in await waiting_for_the_log(states.alder, "trust", None)]
    assert serials == [2]


async def test_what_ended_is_told_to_a_member_that_is_suspended_once_it_is_back(own_states: TwoStates) -> None:
    states = own_states
    case = await expired(states)
    install(states.alder, next_list(states, change={states.birch.entity_id: {"status": "suspended"}}))
    async with birch_away(states) as knocks:
        await states.alder.do("telling")
        assert knocks.connections == 0
    [ending] = await states.alder.rows(EndingRow)
    assert (ending.exchange_id, ending.state) == (case.id, Telling.WAITING)
    assert timedelta() <= states.clock() + NO_MEMBER - ending.next_attempt_at < timedelta(milliseconds=1)
    install(states.alder, next_list(states, previous=states.alder.exchange.trust.verified, change={}))
    await states.advance(hours=1)
    await states.alder.do("telling")
    assert [one.state for one in await states.alder.rows(EndingRow)] == [Telling.TOLD]


async def filed_while_suspended(states: TwoStates, *, at: State, who: State) -> Case:
    """Birch has filed what Alder sent, and R2 meets a list that `who` is suspended in, which `at` holds."""
    case = await states.queued()
    await case.deliver()
    await case.file()
    install(at, next_list(states, change={who.entity_id: {"status": "suspended"}}))
    await at.exchange.trust.refresh()
    await states.birch.do("acknowledging")
    assert (await case.package()).state == Outgoing.RECEIVED
    return case


@pytest.mark.requirement("EX-2")
async def test_who_files_a_record_of_a_member_that_is_suspended_owes_the_receipt_until_it_is_back(own_states: TwoStates) -> None:
    states = own_states
    case = await filed_while_suspended(states, at=states.birch, who=states.alder)
    [row] = await case.received()
    assert timedelta() <= states.clock() + NO_MEMBER - row.next_attempt_at < timedelta(milliseconds=1)
    install(states.birch, next_list(states, previous=states.birch.exchange.trust.verified, change={}))
    await states.advance(hours=1)
    await states.birch.do("acknowledging")
    assert (await case.package()).state == Outgoing.PROCESSED


async def test_whom_the_holder_had_suspended_when_it_filed_tells_it_once_it_is_let_in_again(own_states: TwoStates) -> None:
    states = own_states
    case = await filed_while_suspended(states, at=states.alder, who=states.birch)
    await take(states.alder, next_list(states, previous=states.alder.exchange.trust.verified, change={}))
    await states.advance(hours=1)
    await states.birch.do("acknowledging")
    assert (await case.package()).state == Outgoing.PROCESSED


async def test_what_is_told_to_a_node_that_has_suspended_the_one_that_tells_is_told_once_that_is_back(own_states: TwoStates) -> None:
    """A notice `enrolled` is made once: who was refused for a day would never have said it."""
    states = own_states
    case = await states.queued()
    await case.finish()
    await say(states, "new-district", case, "enrolled")
    install(states.alder, next_list(states, change={states.birch.entity_id: {"status": "suspended"}}))
    await states.alder.exchange.trust.refresh()
    await states.birch.do("noticing")
    [notice] = await states.birch.rows(OutgoingNoticeRow)
    assert notice.state == Notice.QUEUED
    # In an hour, where records has answered; sooner, where Alder's gateway has looked at the list by then and gives no token.
    assert timedelta() < notice.next_attempt_at - states.clock() <= NO_MEMBER
    await take(states.alder, next_list(states, previous=states.alder.exchange.trust.verified, change={}))
    await states.advance(hours=1)
    await states.birch.do("noticing")
    assert [one.state for one in await states.birch.rows(OutgoingNoticeRow)] == [Notice.DELIVERED]


async def test_a_holder_that_was_expelled_is_owed_no_receipt_any_more(own_states: TwoStates) -> None:
    states = own_states
    case = await states.queued()
    await case.deliver()
    await case.file()
    install(states.birch, next_list(states, change={states.alder.entity_id: {"status": "revoked"}}))
    await states.birch.do("acknowledging")
    [row] = await case.received()
    assert (row.state, row.next_attempt_at) == (Incoming.APPLIED, None)


async def test_a_checkpoint_by_a_key_that_the_list_retired_is_refused(own_states: TwoStates) -> None:
    states = own_states
    case = await states.queued()
    alder = states.birch.exchange.trust.member(states.alder.entity_id)
    install(states.birch, next_list(states, change={states.alder.entity_id: {"logs": retired(alder)}}))
    answer = await Forger(states).send((await genuine(case)).body)
    assert code_of(answer) == "checkpoint-by-retired-key"
    assert await case.received() == []


async def test_under_a_list_older_than_a_week_receipts_go_out_and_records_do_not(own_states: TwoStates) -> None:
    states = own_states
    case = await states.queued()
    body = (await genuine(case)).body
    await states.advance(days=8)
    async with birch_away(states) as knocks:
        await case.deliver()
        assert knocks.connections == 0
    assert (await case.package()).state == Outgoing.QUEUED
    assert (await Forger(states).send(body)).status == 200  # Birch's own list is as old: its receipts go out all the same
    await case.file()
    await case.acknowledge()
    assert (await case.package()).state == Outgoing.PROCESSED


@pytest.mark.requirement("EX-1")
async def test_what_is_not_taken_until_it_expires_is_withdrawn_and_both_sides_know(own_states: TwoStates) -> None:
    states = own_states
    case = await states.queued()
    async with birch_away(states):
        await case.deliver()
        await states.advance(days=14)
        await case.deliver()
    row = await case.package()
    assert (row.state, row.ciphertext, row.problem_code) == (Outgoing.EXPIRED, None, "expired")
    [entry] = await waiting_for_the_log(states.alder, "disclosure-withdrawn", case)
    assert (entry["context"]["reason"], entry["context"]["outcome"]) == ("expired", "unconfirmed")
    await case.deliver_request()
    assert ((await case.asked()).state, (await case.asked()).next_attempt_at) == ("expired", None)


async def test_a_log_that_was_restored_from_a_backup_releases_nothing_any_more(own_states: TwoStates, tmp_path: Path) -> None:
    states = own_states
    await states.settle()
    backup = tmp_path / "audit"
    shutil.copytree(states.alder.folder.store("audit").parent, backup)
    case = await states.queued()
    await states.alder.stop()
    for file in states.alder.folder.store("audit").parent.glob("audit*"):
        file.unlink()
    for file in backup.glob("audit*"):
        shutil.copy(file, states.alder.folder.store("audit").parent)
    await states.alder.restart()
    [known] = [row for row in await states.alder.rows(PeerLogRow) if row.node == states.alder.entity_id]
    assert known.size > 0
    child = states.child()
    await states.alder.load(child)
    second = await states.ask(child.selector)
    await second.deliver_request()
    assert (await second.asked()).state == "prepared"  # Alder did not take it: it could not log it
    with pytest.raises(OwnLogWentBack):
        await states.alder.exchange.own_log.append(Event.model_validate_json((await case.package()).event))
    assert (await case.package()).entry_index is not None
    # No newer copy is anywhere: the operator ends the log, by what records has kept of it, and tells records so.
    held = states.alder.node.applications["audit"].state.sequencer.size
    await states.alder.stop()
    settings = states.alder.folder.settings("audit")
    assert isinstance(settings, AuditSettings)
    ended = await end_log(settings, at=held, clock=states.clock, pinned=await kept_of_own_log(states.alder.folder.settings("records")))
    assert await let_own_log_end(states.alder.folder.settings("records"), origin=ended.origin) == known.size
    await states.alder.restart()
    await states.advance(hours=1)  # Birch had left it in peace for a while
    await second.deliver_request()
    assert (await second.asked()).state == "prepared"  # logged in the copy: Birch has seen another history, and takes no proof of this one
    third = await states.queued()
    await third.finish()
    assert (await third.told()).state == "applied"
    # What was logged before the loss, and was queued then, has its proof in it.
    await case.finish()
    assert (await case.told()).state == "applied"


async def test_a_sealing_key_opens_until_everything_sealed_to_it_has_expired(own_states: TwoStates) -> None:
    states = own_states
    case = await states.queued()
    await Forger(states).send((await genuine(case)).body)
    keys = states.birch.exchange.epochs
    await states.advance(days=7)
    keys.prepare(states.clock())
    assert len(keys.kids(states.clock())) >= 2
    await case.file()
    assert (await case.told()).state == "applied"
    await states.advance(days=14)
    assert keys.destroy_expired(states.clock() + timedelta(days=7)) != ()


async def test_what_was_to_be_logged_when_the_own_log_had_gone_back_waits_until_it_is_whole_again(own_states: TwoStates) -> None:
    states = own_states
    child = states.child()
    await states.alder.load(child)
    case = await states.ask(child.selector)
    await case.deliver_request()
    with pytest.raises(OwnLogWentBack):
        states.alder.exchange.own_log._freeze()
    await case.answer()
    row = await case.package()
    assert (row.state, row.entry_index) == (Outgoing.SEALED, None)
    await states.alder.stop()
    await states.alder.restart()  # with the newest copy, which is whole
    await states.advance(hours=1)
    await states.settle()
    assert (await case.told()).state == "applied"
