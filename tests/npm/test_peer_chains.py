"""The redisclosure chain of a record that crossed to another maker's node (peer/): of what its log has, and of what it has not."""

from uuid import UUID

import pytest

from safepassage.chains import verify_chain
from safepassage.public_keys import by_kid
from safepassage.wire_chain import SignedChain
from tests.npm.peers import Network
from tests.npm.scripts import conversing
from tests.records.exchange.two_states import ordinary_students

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

ABOUT = {"sections": ["identity", "enrollment"], "organisation": "birch-elementary"}
ACTS = ("requested", "request-received", "disclosed", "received", "receipt-recorded", "filed", "outcome-recorded")


async def verified(beside: Network, signed: SignedChain) -> None:
    """As an auditor does, offline."""
    exchange = beside.alder.exchange
    members = exchange.trust.current().members
    ends = {signed.chain.requester, signed.chain.holder}
    keys = {one: by_kid((await exchange.statements.of(one)).message.exchange_signing) for one in ends}
    logs = {member.entity_id: member.log_identities() for member in members}
    verify_chain(signed, signing_keys=keys.__getitem__, logs=logs.__getitem__)


@pytest.mark.requirement("EX-other-makers")
async def test_it_tells_its_part_of_a_chain_and_is_told_ours(beside: Network) -> None:
    alder, told = beside.alder, beside.told["telling chains"]
    child = ordinary_students()[20]
    await alder.load(child)
    about = {**ABOUT, "person": child.selector.model_dump(mode="json", exclude_none=True)}
    async with conversing("peer/tells_chains.mjs", **told, **about) as heard, alder.client("state-agency") as auditor:
        said = await heard()
        exchange_id = UUID(said["exchange_id"])
        acts = dict(said["acts"])
        assert list(acts) == ["request-received", "disclosed", "receipt-recorded", "outcome-recorded"]
        assert acts["disclosed"] is None
        assert {one["exchange_id"] for one in acts.values() if one is not None} == {said["exchange_id"]}
        assert said["nothing"] == [404, "no-such-chain"]

        right = await auditor.read_redisclosure_chain(exchange_id)
        assert (right.chain.peer, right.chain.outcome, right.chain.missing) == ("answered", "applied", ())
        assert tuple(link.act for link in right.chain.links) == ACTS
        assert (right.chain.purpose, right.chain.categories) == ("enrollment", ("demographic", "directory", "enrollment", "identity"))
        await verified(beside, right)

        for _ in range(said["parts"] - 1):
            signed = await auditor.read_redisclosure_chain(exchange_id)
            assert signed.chain.peer == "not-proven"
            assert [(one.act, one.why) for one in signed.chain.missing] == [("requested", "not-proven"), ("filed", "not-proven")]
            await verified(beside, signed)
        refused = await auditor.read_redisclosure_chain(exchange_id)
        assert refused.chain.peer == "refused"
        await verified(beside, refused)
