"""What a district that does not know where a child was says, and where it stands."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from node.demo.seats import RECEIVING_DISTRICT
from safepassage.finding import MAX_LENGTH, Comparison, packed
from safepassage.wire_exchange import PersonSelector
from safepassage.wire_finding import Finding, NewFinding
from services.records.exchange.peers import PeerAnswer
from services.records.finding.comparing import PATH
from services.records.finding.curve import point_of
from tests.records.exchange.requests_for import new_request
from tests.records.exchange.two_states import State


def named(person: PersonSelector) -> PersonSelector:
    """As a family says it that knows no number and no school of the state before."""
    return PersonSelector(first_name=person.first_name, last_name=person.last_name, birth_date=person.birth_date)


def new_finding(asker: State, person: PersonSelector, **about: Any) -> NewFinding:
    """Enrolled today at the asker's receiving district."""
    evidence = new_request(person, holder="", district=asker.organisation(RECEIVING_DISTRICT), now=asker.clock()).evidence
    return NewFinding.model_validate({"person": named(person), "evidence": evidence, **about})


async def find(asker: State, person: PersonSelector, **about: Any) -> Finding:
    """The asker's receiving district seeks a child."""
    async with asker.client("new-district") as client:
        return await client.create_finding(new_finding(asker, person, **about), idempotency_key=str(uuid4()))


async def found(asker: State, finding_id: UUID) -> dict[str, str]:
    """What each node that was asked has said."""
    async with asker.client("new-district") as client:
        return {one.node: one.state for one in (await client.read_finding(finding_id)).asked}


GUESSES = (point_of(b"a guess"), point_of(b"another one"))


async def compare(holder: State, requester: State, exchange_id: UUID, digest: str, points: Sequence[bytes] = GUESSES) -> PeerAnswer:
    """A comparison, signed by one node and sent to another."""
    exchange = holder.exchange
    members = {"iss": exchange.entity_id, "aud": requester.entity_id, "iat": int(holder.clock().timestamp())}
    message = Comparison(**members, exchange_id=exchange_id, request_digest=digest, points=packed(points))
    token = exchange.signing.sign_compact(typ=message.TYPE, payload=message.claims()).encode()
    member = exchange.trust.member(requester.entity_id)
    return await exchange.peers.post(member, PATH, token, content_type="application/jose", longest_answer=MAX_LENGTH)
