"""Assembling the chain of an exchange, and verifying one that somebody else has assembled.

Neither node is believed: what the requester logged is proven by its log and signed by it, what the holder logged by the holder's, and each
pins what the other sent. What a verifier has to take from the node that assembled it is only what it has not: why a piece is missing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from safepassage.canonical import digest_of_json, from_base64url
from safepassage.chain_links import Bound, bind, categories_of
from safepassage.chain_messages import KeysOf, LogsOf, SaidMessages, verified_messages
from safepassage.chain_part import ChainPart, VerifiedPart, require_continued, verify_part
from safepassage.checkpoints import parse_checkpoint, verify_checkpoint
from safepassage.claims import EntityId, Message, NumericDate, verify_message
from safepassage.compact import split
from safepassage.leaf import parse_leaf, verify_commitment
from safepassage.logged import LogIdentity
from safepassage.notes import parse_note
from safepassage.problems.chains import ChainNotProven
from safepassage.problems.proofs import ForeignLog
from safepassage.proofs import leaf_hash, verify_inclusion
from safepassage.wire import Digest
from safepassage.wire_chain import RedisclosureChain, SignedChain
from safepassage.wire_log import LogEntry

_SAID_BY_NODE: Final = frozenset(
    {"v", "peer", "messages", "parts", "inside", "inside_left_out", "inside_not_looked_at", "assembled_by", "assembled_at"}
)
"""Members that do not follow from others: they are what is verified, or are covered by the signature alone."""


class ChainSignature(Message):
    """The node's word for the whole."""

    TYPE: ClassVar[str] = "sp-chain+jws"

    iss: EntityId
    exchange_id: UUID
    chain_digest: Digest
    """SHA-256 of the chain's canonical JSON."""
    iat: NumericDate


def chain_digest(chain: RedisclosureChain) -> str:
    """What is signed of a chain."""
    return digest_of_json(chain.model_dump(mode="json", by_alias=True))


def told_of(said: SaidMessages, bound: Bound, parts: Sequence[ChainPart]) -> dict[str, Any]:
    """The members of a chain that follow from its messages and parts. Raises ChainNotProven."""
    by_node = {part.iss: part for part in parts}
    if len(by_node) != len(parts) or not by_node.keys() <= {said.requester, said.holder}:
        raise ChainNotProven("a part is of neither node, or there twice")
    if any(part.exchange_id != said.request.message.jti for part in parts):
        raise ChainNotProven("a part is of another exchange")
    holder, requester = by_node.get(said.holder), by_node.get(said.requester)
    asked = _context(bound, "request-received")
    filed = next((one.context for (act, _), one in bound.proven.items() if act == "filed" and one.context is not None), {})
    envelopes = [answer.envelope.message for answer in said.answers]
    return {
        "exchange_id": said.request.message.jti,
        "requester": said.requester,
        "holder": said.holder,
        "recipient_organisation": envelopes[-1].recipient_organisation if envelopes else None,
        "origin": None if holder is None else holder.origin,
        "purpose": asked.get("purpose"),
        "basis": asked.get("basis"),
        "categories": categories_of(dict(filed)),
        "outcome": _outcome(said),
        "links": bound.links,
        "ties": bound.ties,
        "missing": bound.missing,
        "onward": () if requester is None else requester.onward,
    }


def verify_chain(signed: SignedChain, *, signing_keys: KeysOf, logs: LogsOf) -> RedisclosureChain:
    """The chain, once every message, entry, tie and member of it is shown to be what the two nodes signed and logged.

    signing_keys  by entity id, the keys that signed a node's messages then
    logs          by entity id, its logs, from the verified trust list

    Raises ChainNotProven with what does not follow; otherwise what the verification of its messages and proofs raises.
    """
    chain = signed.chain
    _require_signed(signed, signing_keys)
    said = verified_messages(chain.messages, signing_keys=signing_keys, logs=logs)
    if chain.assembled_by not in (said.requester, said.holder):
        raise ChainNotProven("a third node assembled it")
    parts = [_part(token, chain.assembled_by, signing_keys, logs) for token in chain.parts]
    if parts[0].part.message.iss != chain.assembled_by or (len(parts) == 2) != (chain.peer == "answered"):
        raise ChainNotProven("parts: not those of the nodes that are said to have answered")
    for one in parts:
        require_one_history(said, one)
    bound = bind(said, [link for one in parts for link in one.links], asked=chain.assembled_by, peer=chain.peer)
    told = told_of(said, bound, [one.part.message for one in parts])
    for name in RedisclosureChain.model_fields.keys() - _SAID_BY_NODE:
        if getattr(chain, name) != told[name]:
            raise ChainNotProven(f"{name}: it does not follow from the logs and messages")
    for entry in chain.inside:
        require_entry(entry, logs=logs(chain.assembled_by))
    return chain


def require_entry(entry: LogEntry, *, logs: Collection[LogIdentity]) -> None:
    """Check that an entry is in one of `logs`, and that what is opened of it is what its leaf committed to.

    Of the students of a page, each one's part is not shown to be among those committed to: others' parts are not here.
    Raises ForeignLog, ChainNotProven, and what the proof and the commitments raise.
    """
    log = next((log for log in logs if log.origin == entry.log), None)
    if log is None:
        raise ForeignLog
    checkpoint = verify_checkpoint(entry.checkpoint, origin=entry.log, keys=log.keys)
    data = from_base64url(entry.entry)
    path = [from_base64url(digest) for digest in entry.path]
    verify_inclusion(leaf_hash=leaf_hash(data), index=entry.index, size=checkpoint.size, path=path, root=checkpoint.root)
    leaf = parse_leaf(data)
    for group, committed in ((entry.actor, leaf.commitments.actor), (entry.context, leaf.commitments.context)):
        if group is not None:
            verify_commitment(committed=committed, salt=from_base64url(group.salt), payload=group.payload)
    if (entry.class_, int(entry.logged_at.timestamp())) != (leaf.class_, leaf.t):
        raise ChainNotProven("inside: an entry is told as another one")


def _require_signed(signed: SignedChain, signing_keys: KeysOf) -> None:
    chain = signed.chain
    word = verify_message(signed.signature, kind=ChainSignature, keys=signing_keys(chain.assembled_by)).message
    if (word.iss, word.exchange_id, word.chain_digest) != (chain.assembled_by, chain.exchange_id, chain_digest(chain)):
        raise ChainNotProven("it is not what the node signed")
    if datetime.fromtimestamp(word.iat, UTC) != chain.assembled_at:
        raise ChainNotProven("it was signed at another time")


def _part(token: str, audience: str, signing_keys: KeysOf, logs: LogsOf) -> VerifiedPart:
    issuer = str(split(token, max_length=len(token))[1].get("iss"))
    return verify_part(token, issuer=issuer, audience=audience, keys=signing_keys(issuer), logs=logs(issuer))


def require_one_history(said: SaidMessages, one: VerifiedPart) -> None:
    """INVARIANT: a node that shows one history in its messages and another one in its part is found out.

    Raises ConsistencyNotProven, ConsistencyNotShown.
    """
    part = one.part.message
    for message in said.logged_by(part.iss):
        note = message.message.checkpoint
        if note is not None:
            require_continued(part, one.checkpoints, parse_checkpoint(parse_note(note).text))


def _context(bound: Bound, act: str) -> Mapping[str, Any]:
    return next((one.context for (name, _), one in bound.proven.items() if name == act and one.context is not None), {})


def _outcome(said: SaidMessages) -> str:
    packages = [answer for answer in said.answers if answer.envelope.message.kind == "package"]
    if not packages:
        return "not-provided" if said.answers else "unanswered"
    last = packages[-1]
    if last.r2 is not None:
        return last.r2.message.outcome
    return "provided" if last.r1 is None else "received"
