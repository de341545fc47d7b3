"""Verifying a credential of a node of the network: keys by the trust list, the status list from the issuer's own door, at this moment."""

import re
from dataclasses import dataclass
from datetime import datetime

from anyio import to_thread

from safepassage.compact import thumbprint
from safepassage.credentials.conformance import CLR_TYPE, types_of
from safepassage.credentials.issuers import DID_DOCUMENT_PATH, IssuerKey, IssuerKeys, did_of, keys_of_document
from safepassage.credentials.status_list import StatusEntry, entry_of, status_list_credential
from safepassage.credentials.validity import issuer_of
from safepassage.credentials.vc_jwt import read_unverified, written
from safepassage.credentials.verification import VerifiedCredential, read_credential, verify_credential
from safepassage.problems.credentials import CredentialIssuerNotTrusted, CredentialMalformed, StatusListNotObtained
from safepassage.problems.exchanges import PeerAddressRefused, PeerUnavailable
from safepassage.problems.signatures import MalformedToken
from safepassage.public_keys import by_kid
from safepassage.trust_members import Member
from services.records.credentials.issuer import LISTS, Issuer, keys_that_signed
from services.records.credentials.places import revoked_places
from services.records.exchange.exchange import Exchange

_LIST = re.compile(rf"{re.escape(LISTS)}/([1-9][0-9]{{0,6}})")


@dataclass(frozen=True)
class OfTheNetwork:
    """A verified credential, and whose node has issued it."""

    credential: VerifiedCredential
    node: str


async def verified(exchange: Exchange, data: bytes, *, now: datetime) -> OfTheNetwork:
    """Check a credential by this node or another one. Not within a transaction.

    # INVARIANT: no learner record is an educator's: it is of a student, and crosses under the law of education records.

    Raises CredentialMalformed for one of a student, CredentialIssuerNotTrusted for an issuer that is no node of the trust list, NotAMember
    or TrustListExpired for one that counts no more, and what `verify_credential` raises.
    """
    given = read_credential(data)
    said = read_unverified(given) if isinstance(given, str) else given
    if CLR_TYPE in types_of(said):
        raise CredentialMalformed("a learner record is no credential of an educator", field="type")
    issuer = issuer_of(said)
    node = _node_of(exchange, issuer)
    keys = await _keys_of(exchange, node)
    listed = await _status_list(exchange, node, entry_of(said), now=now)

    def check() -> VerifiedCredential:
        return verify_credential(data, keys_of=lambda who: keys if who == issuer else {}, status_list_of=listed.get, now=now, issuer=issuer)

    return OfTheNetwork(await to_thread.run_sync(check), node)


def issuing_node(exchange: Exchange, data: bytes) -> str:
    """Whose node says that it has issued a credential, of which that was verified before. Raises as `verified`."""
    given = read_credential(data)
    return _node_of(exchange, issuer_of(read_unverified(given) if isinstance(given, str) else given))


def _node_of(exchange: Exchange, issuer: str) -> str:
    """INVARIANT: only who is an active member of the trust list is believed, and this node itself."""
    members = exchange.trust.current().members
    entity_id = next((one for one in (exchange.entity_id, *(each.entity_id for each in members)) if did_of(one) == issuer), None)
    if entity_id is None:
        raise CredentialIssuerNotTrusted("the issuer is no node of the trust list", field="issuer")
    return entity_id if entity_id == exchange.entity_id else exchange.trust.member(entity_id).entity_id


async def _keys_of(exchange: Exchange, node: str) -> IssuerKeys:
    """Those of the node's signed statement; and those that it publishes as having signed before, at the door that the trust list names."""
    if node == exchange.entity_id:
        former = await exchange.read(keys_that_signed)
        return {**by_kid(exchange.signing.public_keys()), **{thumbprint(key): key for key in former}}
    member = exchange.trust.member(node)
    known: dict[str, IssuerKey] = dict(await exchange.signing_keys_of(node))
    published = await _read(exchange, member, DID_DOCUMENT_PATH)
    if published is not None:
        try:
            issuer, keys = keys_of_document(published)
        except MalformedToken:
            return known
        known |= keys if issuer == did_of(node) else {}
    return known


async def _status_list(exchange: Exchange, node: str, entry: StatusEntry | None, *, now: datetime) -> dict[str, bytes]:
    """The list by its URL, which has to be one of the node's own. Raises StatusListNotObtained."""
    if entry is None:
        return {}
    found = _LIST.fullmatch(entry.url.removeprefix(node))
    if found is None:
        raise StatusListNotObtained("its list is not at its issuer's own door", field="credentialStatus")
    if node == exchange.entity_id:
        issuer = Issuer.of(exchange)
        revoked = await exchange.read(lambda connection: revoked_places(connection, int(found[1])))
        content = status_list_credential(url=entry.url, issuer=issuer.id, revoked=revoked or (), now=now)
        return {entry.url: await to_thread.run_sync(lambda: written(issuer.with_proof(content, now=now)))}
    data = await _read(exchange, exchange.trust.member(node), found[0])
    return {} if data is None else {entry.url: data}


async def _read(exchange: Exchange, member: Member, path: str) -> bytes | None:
    """What a member shows to everybody; None where it cannot be had."""
    try:
        answer = await exchange.peers.get_openly(member, path)
    except (PeerUnavailable, PeerAddressRefused):
        return None
    return answer.body if answer.status == 200 else None
