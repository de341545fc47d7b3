"""The redisclosure chain district → state → state → district, put together from both logs, equal from either side."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, update

from node.demo.seats import MOVER_DISTRICT, RECEIVING_DISTRICT
from node.synthetic import SyntheticStudent
from safepassage.chain_part import MAX_LENGTH
from safepassage.chains import verify_chain
from safepassage.command import main
from safepassage.compact import ALGORITHM, PublicKeys, split
from safepassage.logged import LogIdentity
from safepassage.problems import SuiteError
from safepassage.problems.chains import NoSuchChain
from safepassage.problems.requests import LogUnavailable, TooManyRequests
from safepassage.public_keys import by_kid
from safepassage.suites import MLKEM768_X25519
from safepassage.wire_chain import RedisclosureChain, SignedChain
from safepassage.wire_log import EntrySearch
from services.audit.tables import SealedRow, SubjectKeyRow
from services.records.exchange.signing import ExchangeSigner
from services.records.lookup import LookupLimit
from services.records.tables import OutgoingEnvelopeRow
from shared.in_process import call
from shared.internal_token import HEADER, CallerClaims, InternalTokens
from shared.keys import SigningKey
from tests.records.exchange.two_states import Case, State, TwoStates

pytestmark = pytest.mark.anyio

ACTS = ["requested", "request-received", "disclosed", "received", "receipt-recorded", "filed", "outcome-recorded"]


@pytest.fixture
def own_limits(states: TwoStates) -> Iterator[TwoStates]:
    """Nobody has asked for a chain yet; nor has when the test is over."""
    for state in (states.alder, states.birch):
        state.records.state.chain_limit = LookupLimit()
    yield states
    for state in (states.alder, states.birch):
        state.records.state.chain_limit = LookupLimit()


async def chain_of(state: State, exchange_id: UUID, client: str = "state-agency") -> SignedChain:
    async with state.client(client) as auditor:
        return await auditor.read_redisclosure_chain(exchange_id)


async def proven(states: TwoStates, signed: SignedChain) -> RedisclosureChain:
    """The chain, as somebody verifies it who has the trust list and the nodes' statements."""
    exchange = states.alder.exchange
    logs = {member.entity_id: member.log_identities() for member in exchange.trust.current().members}
    keys = {entity_id: by_kid((await exchange.statements.of(entity_id)).message.exchange_signing) for entity_id in logs}

    def signing_keys(entity_id: str) -> PublicKeys:
        return keys[entity_id]

    def logs_of(entity_id: str) -> tuple[LogIdentity, ...]:
        return logs[entity_id]

    return verify_chain(signed, signing_keys=signing_keys, logs=logs_of)


async def settled(states: TwoStates, child: SyntheticStudent | None = None, **about: Any) -> Case:
    """A record that has gone from Alder to Birch, or that Birch has asked for."""
    student = child or states.child()
    if child is None:
        await states.alder.load(student)
    case = await states.ask(student.selector, **about)
    await states.settle()
    await tell(states)
    return case


@pytest.fixture(scope="module")
async def case(states: TwoStates) -> Case:
    """A record that has gone from Alder to Birch, for tests that only look at it."""
    return await settled(states)


async def tell(states: TwoStates) -> None:
    for state in (states.alder, states.birch):
        await state.tell()


def of_the_movers_district(states: TwoStates) -> SyntheticStudent:
    """A child of the district of which Alder's demo has a client."""
    while True:
        child = states.child()
        if states.alder.organisation(child.district.key) == states.alder.organisation(MOVER_DISTRICT):
            return child


def operations(chain: RedisclosureChain) -> list[tuple[str, str]]:
    """Class and operation of what is told from inside the node."""
    return [(entry.class_, "" if entry.context is None else entry.context.payload["operation"]) for entry in chain.inside]


async def searches(state: State, exchange_id: UUID) -> list[dict[str, Any]]:
    """Who looked, as the state's log has it."""
    async with state.client("state-agency") as auditor:
        page = await auditor.search_log(EntrySearch(classes=("search",), exchange_ids=(exchange_id,)))
    return [entry.actor or {} for entry in page.content.entries]


@pytest.mark.requirement("LOG-CHAIN")
async def test_both_nodes_tell_the_same_chain(states: TwoStates, case: Case) -> None:
    there = await proven(states, await chain_of(states.alder, case.id))
    here = await proven(states, await chain_of(states.birch, case.id))
    assert [link.act for link in here.links] == ACTS
    assert here.missing == there.missing == ()
    assert (len(here.ties), here.outcome, here.basis, here.peer) == (4, "applied", "transfer", "answered")
    assert here.recipient_organisation == str(states.birch.organisation(RECEIVING_DISTRICT))
    of_both = RedisclosureChain.model_fields.keys() - {"parts", "inside", "assembled_by"}
    assert {name: getattr(here, name) for name in of_both} == {name: getattr(there, name) for name in of_both}


async def test_it_goes_from_the_district_that_gave_the_record_to_the_one_that_reads_it(states: TwoStates) -> None:
    child = of_the_movers_district(states)
    async with states.alder.client("former-district") as district:
        loaded = await district.load_student(child.load, idempotency_key=str(uuid4()))
    await tell(states)
    case = await settled(states, child)
    async with states.birch.client("new-district") as district:
        await district.read_received_record(case.id)
    here = await proven(states, await chain_of(states.birch, case.id))
    there = await proven(states, await chain_of(states.alder, case.id))
    assert here.origin == there.origin == str(states.alder.organisation(MOVER_DISTRICT))
    assert operations(there)[0] == ("load", "load")
    [given] = there.inside[0].subjects
    assert given.payload["student"] == str(loaded.id)
    assert ("decision", "redisclose") in operations(there)
    assert operations(here)[-1] == ("read", "exchange-read")
    told = {entry.entry for entry in here.inside} & {entry.entry for entry in there.inside}
    assert told == set()  # neither node tells the other what happened inside
    # both districts see it too, and what of it is inside is their own students'
    for state, name in ((states.alder, "former-district"), (states.birch, "new-district")):
        own = await proven(states, await chain_of(state, case.id, name))
        assert own.links == here.links
        assert own.inside != ()


async def test_who_looked_is_in_both_logs(states: TwoStates) -> None:
    case = await settled(states)
    await chain_of(states.birch, case.id)
    assert [actor["kind"] for actor in await searches(states.birch, case.id)] == ["client"]
    assert [actor["client_id"] for actor in await searches(states.alder, case.id)] == [states.birch.entity_id]


async def test_an_exchange_that_is_not_there_or_not_the_callers_looks_the_same_and_is_logged(states: TwoStates) -> None:
    child = states.child()
    while states.alder.organisation(child.district.key) == states.alder.organisation(MOVER_DISTRICT):
        child = states.child()
    await states.alder.load(child)
    case = await settled(states, child)
    for exchange_id in (case.id, uuid4()):
        with pytest.raises(NoSuchChain):
            await chain_of(states.alder, exchange_id, "former-district")
        assert len(await searches(states.alder, exchange_id)) == 1


async def test_a_member_that_is_no_party_is_told_nothing(states: TwoStates, case: Case) -> None:
    """Alder asks itself: a member of the trust list, and not the node that asked Alder."""
    alder = states.alder
    claims = CallerClaims(
        client_id=alder.entity_id,
        organisation_id=uuid4(),
        organisation_kind="peer",
        role="node",
        scopes=frozenset({"exchange:peer"}),
        details={"entity_id": alder.entity_id},
    )
    gateway = InternalTokens("gateway", SigningKey.load(alder.folder.keys / "gateway" / "internal.json"), {})
    headers = {HEADER: gateway.for_caller("records", claims, states.clock())}
    for exchange_id in (case.id, uuid4()):
        answer = await call(alder.records, "GET", f"/v1/peer/chains/{exchange_id}", headers=headers)
        assert (answer.status, json.loads(answer.body)["code"]) == (404, "no-such-chain")
    stranger = claims.model_copy(update={"details": {"entity_id": "https://cedar.example"}})
    headers = {HEADER: gateway.for_caller("records", stranger, states.clock())}
    answer = await call(alder.records, "GET", f"/v1/peer/chains/{case.id}", headers=headers)
    assert json.loads(answer.body)["code"] == "not-a-member"


@pytest.mark.requirement("EX-7")
async def test_a_child_who_is_absent_and_one_whose_record_is_refused_leave_chains_of_one_shape(states: TwoStates) -> None:
    absent, child = await settled(states, states.child()), states.child()
    await states.alder.load(child)
    district = states.alder.organisation(child.district.key)
    await states.alder.change_organisation(district, onward_transfer_agreed=None)
    refused = await settled(states, child)
    await states.alder.change_organisation(district, onward_transfer_agreed="agreed again")
    told = [await proven(states, await chain_of(states.birch, case.id)) for case in (absent, refused)]
    for chain in told:
        assert [link.act for link in chain.links] == [
            "requested",
            "request-received",
            "not-provided",
            "received",
            "receipt-recorded",
            "outcome-recorded",
        ]
        assert (chain.outcome, chain.origin, chain.categories, chain.missing) == ("not-provided", None, (), ())
    parts = [split(chain.parts[1], max_length=MAX_LENGTH)[1] for chain in told]
    shapes = [
        [(link["act"], len(link["entry"]), sorted((link["context"] or {"payload": {}})["payload"])) for link in part["links"]]
        for part in parts
    ]
    assert shapes[0] == shapes[1]


@pytest.mark.slow
async def test_a_record_on_its_way_is_told_as_far_as_it_has_come(states: TwoStates) -> None:
    case = await states.queued()
    chain = await proven(states, await chain_of(states.alder, case.id))
    assert ([link.act for link in chain.links], chain.outcome) == (["requested", "request-received", "disclosed"], "provided")
    assert {(one.act, one.why) for one in chain.missing} == {(act, "not-yet") for act in ACTS[3:]}
    there = await proven(states, await chain_of(states.birch, case.id))
    assert ([link.act for link in there.links], there.outcome) == (["requested", "request-received"], "unanswered")  # it has not left
    await states.settle()


async def test_a_node_that_does_not_answer_leaves_its_part_missing(states: TwoStates, case: Case) -> None:
    await states.alder.sleep()
    try:
        chain = await proven(states, await chain_of(states.birch, case.id))
    finally:
        await states.alder.wake()
    assert (chain.peer, [link.act for link in chain.links]) == (
        "unreachable",
        ["requested", "request-received", "disclosed", "received", "filed"],
    )
    assert {(one.act, one.node, one.why) for one in chain.missing} == {
        (act, states.alder.entity_id, "unreachable") for act in ("receipt-recorded", "outcome-recorded")
    }
    async with states.alder.without("audit"):
        assert (await proven(states, await chain_of(states.birch, case.id))).peer == "unreachable"
        with pytest.raises(LogUnavailable):
            await chain_of(states.alder, case.id)


async def test_a_part_that_is_not_signed_by_the_peer_is_not_believed(states: TwoStates, case: Case) -> None:
    alder = states.alder.exchange
    genuine, alder.signing = alder.signing, ExchangeSigner({ALGORITHM: SigningKey.generate()}, [MLKEM768_X25519.name])
    try:
        chain = await proven(states, await chain_of(states.birch, case.id))
    finally:
        alder.signing = genuine
    assert (chain.peer, len(chain.parts)) == ("not-proven", 1)
    assert {one.why for one in chain.missing} == {"not-proven"}


@pytest.mark.slow
async def test_a_receipt_of_another_exchange_makes_no_chain(states: TwoStates, case: Case) -> None:
    """A receipt of another exchange in the place of this one's: no node puts a chain together from it."""
    one, other = await settled(states), case
    [mine] = await one.envelopes()
    [theirs] = await other.envelopes()
    kept = mine.r1
    await set_r1(states.alder, mine.id, theirs.r1)
    try:
        with pytest.raises(SuiteError) as caught:
            await chain_of(states.alder, one.id)
        assert caught.value.code == "chain-not-proven"
        assert (await proven(states, await chain_of(states.birch, one.id))).peer == "refused"
    finally:
        await set_r1(states.alder, mine.id, kept)


async def set_r1(state: State, envelope_id: UUID, r1: str | None) -> None:
    async with state.exchange.database.transaction() as tx:
        await tx.execute(update(OutgoingEnvelopeRow).where(OutgoingEnvelopeRow.id == envelope_id).values(r1=r1))


@pytest.mark.slow
async def test_a_chain_stands_where_what_was_logged_can_be_opened_no_more(states: TwoStates) -> None:
    case = await settled(states)
    before = await proven(states, await chain_of(states.alder, case.id))
    audit = states.birch.node.applications["audit"].state
    [filed] = [link for link in before.links if link.act == "filed"]
    async with audit.database.transaction() as tx:
        keys = select(SealedRow.key_id).where(SealedRow.idx == filed.index)
        await tx.execute(delete(SubjectKeyRow).where(SubjectKeyRow.key_id.in_(keys)))
    after = await proven(states, await chain_of(states.alder, case.id))
    assert [link.act for link in after.links] == ACTS
    assert [(link.act, link.content) for link in after.links if link.content != "opened"] == [
        ("requested", "closed"),
        ("disclosed", "closed"),
        ("filed", "closed"),
    ]
    assert (before.categories != (), after.categories, after.ties) == (True, (), before.ties)


async def test_nobody_asks_for_more_chains_in_a_minute_than_a_person_reads(own_limits: TwoStates, case: Case) -> None:
    await chain_of(own_limits.birch, case.id)
    for state in (own_limits.birch, own_limits.alder):
        limit = state.records.state.chain_limit
        [client] = limit._made
        with pytest.raises(TooManyRequests):
            for _ in range(61):
                limit.count(client, own_limits.clock())
    with pytest.raises(TooManyRequests):
        await chain_of(own_limits.birch, case.id)
    own_limits.birch.records.state.chain_limit = LookupLimit()
    assert (await chain_of(own_limits.birch, case.id)).chain.peer == "unreachable"  # Alder has enough of Birch for now


async def test_the_command_verifies_what_the_node_answered(
    states: TwoStates, case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = await chain_of(states.birch, case.id)
    (tmp_path / "chain.json").write_text(signed.model_dump_json(by_alias=True))
    exchange, folder = states.birch.exchange, states.birch.folder
    for number, state in enumerate((states.alder, states.birch)):
        (tmp_path / f"statement-{number}").write_text((await exchange.statements.of(state.entity_id)).token)
    named = [
        *("--trust-list", str(folder.trust_list), "--trust-digest", folder.first_list_digest.read_text().strip()),
        *("--statement", str(tmp_path / "statement-0"), "--statement", str(tmp_path / "statement-1")),
    ]
    assert main(["verify", str(tmp_path / "chain.json"), *named]) == 0
    assert "4 ties bind them" in capsys.readouterr().out
