"""An answer is sealed to the key of the organisation that receives, and nobody opens it who has not all that the key is sealed with."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from node.demo.seats import RECEIVING_DISTRICT
from safepassage.canonical import from_base64url, to_base64url
from safepassage.claims import read_closed
from safepassage.envelope import Envelope
from safepassage.problems.exchanges import CiphertextUnopened
from safepassage.problems.messages import EncryptionKeyUnknown
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.recipient_key import RecipientKey
from safepassage.request import Selector
from safepassage.suites import MLKEM768_X25519
from services.records.exchange.epochs import EpochKeys
from services.records.exchange.organisation_keys import OrganisationKeys
from services.records.exchange.own_requests import selector_of
from services.records.exchange.states import Outgoing
from services.records.tables import OrganisationKeyRow, PeerRequestRow
from services.records.vault_rotation import rewrap_data_keys
from shared.key_encryption import FileKeyProvider
from shared.keys import new_symmetric_key
from tests.records.exchange.two_states import Case, State, TwoStates

pytestmark = pytest.mark.anyio


def keys_of(state: State) -> OrganisationKeys:
    """Those of another process of the node, which has nothing in memory."""
    exchange = state.exchange
    return OrganisationKeys(exchange.vault.provider, exchange.epochs, read=exchange.database.read, write=exchange.write)


async def names(states: TwoStates, case: Case, key: RecipientKey | None) -> None:
    """From now on Alder believes that the request names this key."""
    alder, row = states.alder.exchange, await case.request()
    selector = read_closed(alder.open_particulars(row.id, row.particulars), model=Selector).model_copy(update={"answer_key": key})
    particulars = alder.seal_particulars(row.id, selector.model_dump_json(exclude_none=True).encode())
    async with alder.database.transaction() as tx:
        await tx.execute(update(PeerRequestRow).where(PeerRequestRow.id == row.id).values(particulars=particulars))


@pytest.mark.requirement("EX-own-key")
async def test_a_package_opens_with_the_receiving_districts_own_key_and_with_no_other_of_its_node(states: TwoStates) -> None:
    case, birch, now = await states.queued(), states.birch.exchange, states.clock()
    package = await case.package()
    message = Envelope.model_validate_json(package.claims)
    [row] = [row for row in await states.birch.rows(OrganisationKeyRow) if row.kid == message.enc_kid]
    assert row.organisation_id == states.birch.organisation(RECEIVING_DISTRICT)
    assert message.recipient_organisation == str(row.organisation_id)
    others = [key.private for key in birch.epochs.alive(now)]
    others.append((await birch.organisation_keys.current(uuid4(), suite=MLKEM768_X25519, now=now)).private)
    for other in others:
        with pytest.raises(CiphertextUnopened):
            other.open(package.ciphertext or b"", suite=message.suite, info=message.info())
    own = (await birch.organisation_keys.of(message.enc_kid, now=now)).private
    assert len(own.open(package.ciphertext or b"", suite=message.suite, info=message.info())) % (16 * 1024) == 0


@pytest.mark.requirement("EX-own-key")
@pytest.mark.parametrize("whose", ["the node's", "another organisation's"])
async def test_an_answer_that_is_sealed_to_another_key_is_not_taken_and_comes_again_under_the_right_one(
    states: TwoStates, whose: str
) -> None:
    child = states.child()
    await states.alder.load(child)
    case = await states.ask(child.selector)
    await case.deliver_request()
    other = await states.birch.exchange.organisation_keys.current(uuid4(), suite=MLKEM768_X25519, now=states.clock())
    await names(states, case, None if whose == "the node's" else other.public)
    await case.answer()
    wrong = await case.package()
    named = (await case.asked()).answer_kid
    assert Envelope.model_validate_json(wrong.claims).enc_kid != named
    await case.deliver()
    refused = await case.package()
    assert (refused.state, refused.problem_code, refused.ciphertext) == (Outgoing.REJECTED, "encryption-key-unknown", None)
    assert await case.received() == []
    await states.advance(seconds=10)
    await case.answer()
    [again] = [row for row in await case.envelopes() if row.state == Outgoing.QUEUED]
    assert Envelope.model_validate_json(again.claims).enc_kid == named == (await case.asked()).answer_kid
    await states.alder.one("dispatching", again.id)
    await case.file()
    assert (await case.told()).state == "applied"


async def test_a_request_that_names_no_key_is_answered_to_its_nodes_as_before_there_were_others(states: TwoStates) -> None:
    child = states.child()
    await states.alder.load(child)
    case = await states.ask(child.selector)
    await case.deliver_request()
    await names(states, case, None)
    async with states.birch.exchange.database.transaction() as tx:
        (await tx.get_one(type(await case.asked()), case.id)).answer_kid = None
    await case.answer()
    claims = (await case.package()).claims
    assert Envelope.model_validate_json(claims).enc_kid in states.birch.exchange.epochs.kids(states.clock())
    await case.finish()
    assert (await case.told()).state == "applied"


@pytest.mark.requirement("EX-own-key")
async def test_a_key_at_rest_opens_in_its_own_row_with_the_weeks_key_and_the_key_encryption_key_alone(states: TwoStates) -> None:
    exchange, now = states.birch.exchange, states.clock()
    made = await exchange.organisation_keys.current(uuid4(), suite=MLKEM768_X25519, now=now)
    other = await exchange.organisation_keys.current(uuid4(), suite=MLKEM768_X25519, now=now)

    async with exchange.database.transaction() as tx:  # another's key put into its place
        rows = {row.kid: row for row in await states.birch.rows(OrganisationKeyRow)}
        key = (rows[made.kid].organisation_id, rows[made.kid].sealed_to)
        (await tx.get_one(OrganisationKeyRow, key)).sealed = rows[other.kid].sealed
    with pytest.raises(TemporarilyUnavailable):
        await keys_of(states.birch).of(made.kid, now=now)
    week = exchange.epochs.private(rows[made.kid].sealed_to, now=now)
    with pytest.raises(CiphertextUnopened):  # the week's key alone
        week.open(rows[made.kid].sealed, suite=MLKEM768_X25519.name, info=b"")
    async with exchange.database.transaction() as tx:
        (await tx.get_one(OrganisationKeyRow, key)).sealed = rows[made.kid].sealed
    assert (await keys_of(states.birch).of(made.kid, now=now)).kid == made.kid


async def test_the_key_goes_with_the_key_of_its_week_from_memory_too(states: TwoStates) -> None:
    exchange, now = states.birch.exchange, states.clock()
    made = await exchange.organisation_keys.current(uuid4(), suite=MLKEM768_X25519, now=now)
    over = exchange.epochs.current(now, suite=MLKEM768_X25519.name).destroyed_at
    for keys in (exchange.organisation_keys, keys_of(states.birch)):
        with pytest.raises(EncryptionKeyUnknown):
            await keys.of(made.kid, now=over)


async def test_a_node_without_a_weekly_key_asks_nobody_and_says_who_can_mend_it(states: TwoStates) -> None:
    exchange = states.birch.exchange
    held, exchange.organisation_keys._epochs = exchange.organisation_keys._epochs, EpochKeys(states.birch.folder.keys / "nowhere")
    try:
        with pytest.raises(TemporarilyUnavailable, match="its operator makes one each week"):
            await states.ask(states.child().selector)
    finally:
        exchange.organisation_keys._epochs = held


async def test_after_a_rotation_of_the_key_encryption_key_the_keys_are_under_the_newest(states: TwoStates) -> None:
    exchange, now = states.birch.exchange, states.clock()
    made = await exchange.organisation_keys.current(uuid4(), suite=MLKEM768_X25519, now=now)
    folder = states.birch.folder.keys / "records" / "key-encryption"
    new_symmetric_key(folder / "2.key")
    try:
        provider = FileKeyProvider(folder)
        vault = type(exchange.vault).of(states.birch.folder.keys / "records", provider)
        await rewrap_data_keys(exchange.database, vault)
        [row] = [row for row in await states.birch.rows(OrganisationKeyRow) if row.kid == made.kid]
        assert vault.rewrap_organisation_key(row.kid, row.sealed) is row.sealed
        fresh = OrganisationKeys(provider, exchange.epochs, read=exchange.database.read, write=exchange.write)
        assert (await fresh.of(made.kid, now=now)).public == made.public
    finally:
        exchange.vault.provider = FileKeyProvider(folder)
        exchange.organisation_keys._provider = exchange.vault.provider


async def test_what_a_request_says_of_its_key_is_what_its_row_says(states: TwoStates) -> None:
    case = await states.ask(states.child().selector)
    row = await case.asked()
    selector = selector_of(states.birch.exchange, row)
    assert selector.answer_key is not None
    assert selector.answer_key.kid == row.answer_kid
    assert len(from_base64url(selector.answer_key.public_key)) == MLKEM768_X25519.public_key_bytes
    assert UUID(str(selector.evidence.receiving_organisation.id)) == row.receiving_organisation_id
    assert len(selector.plaintext()) == 16 * 1024, "a request is no longer for it"
    assert to_base64url(from_base64url(selector.answer_key.public_key)) == selector.answer_key.public_key
