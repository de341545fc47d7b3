"""What the messages of an exchange and the entries of both logs show together. Pure; a node and an auditor come to the same.

Every entry is bound to the exchange by what its leaf pins: the digest of the signed request, of the ciphertext, or of the signed receipt.
So a chain holds where the content of an entry was destroyed, and an entry of another exchange, however genuine, has no place in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ValidationError

from safepassage.canonical import to_base64url
from safepassage.chain_messages import LoggedAt, Said, SaidAnswer, SaidMessages, logged_at
from safepassage.chain_part import BY_REQUESTER, Act, Proven
from safepassage.elements import ELEMENTS, Category
from safepassage.envelope import require_leaf_of
from safepassage.leaf import ABSENT
from safepassage.logged import Logged
from safepassage.package import REDISCLOSURE_NOTICE_DIGEST
from safepassage.problems.chains import ChainNotProven
from safepassage.proofs import leaf_hash
from safepassage.receipt import Receipt
from safepassage.wire import Code
from safepassage.wire_chain import ChainLink, ChainTie, MissingLink, PeerAnswer

_CATEGORIES: Final = {element.id: element.categories for element in ELEMENTS}
Place = tuple[Act, UUID | None]
"""Which entry of a chain: the act, and the answer that it is about."""


class _Opened(BaseModel):
    """What is told of an entry's content, which another make may have written."""

    purpose: Code | None = None
    basis: Code | None = None
    elements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bound:
    """The links, in their order, what binds them, and what is not there."""

    proven: dict[Place, Proven]
    links: tuple[ChainLink, ...]
    ties: tuple[ChainTie, ...]
    missing: tuple[MissingLink, ...]


def bind(said: SaidMessages, proven: Sequence[Proven], *, asked: str, peer: PeerAnswer) -> Bound:
    """The chain of `said` from entries that were proven to be in their nodes' logs.

    asked  the node that assembles it, whose own part is whole
    peer   how the other one answered: why its entries are missing, where they are

    Raises ChainNotProven, WrongLeaf, LeafOfAnotherExchange, DecisionMissing.
    """
    found = _placed(said, proven)
    for place, logged in _in_messages(said):
        held = found.get(place)
        if held is None:
            found[place] = _from_message(place, said, logged)
        elif (held.log, held.index, held.entry) != (logged.logged.checkpoint.origin, logged.logged.index, logged.entry):
            raise ChainNotProven(f"{place[0]}: a message names another entry")
    _require_own_logs(said, found)
    for one in found.values():
        _require_bound(said, one)
    expected = list(_expected(said))
    links = tuple(_link(said, found[place]) for place in expected if place in found)
    missing = tuple(_missing(said, place, asked, peer) for place in expected if place not in found and not _stands_for(found, place))
    return Bound(found, links, tuple(_ties(said, found)), missing)


def node_of(said: SaidMessages, act: Act) -> str:
    """In whose log an act is."""
    return said.requester if act in BY_REQUESTER else said.holder


def categories_of(context: dict[str, Any]) -> tuple[Category, ...]:
    """Categories of the elements that a context names, in alphabetical order."""
    return tuple(sorted({category for element in context.get("elements", ()) for category in _CATEGORIES.get(element, ())}))


def answered_by(answer: SaidAnswer) -> Act:
    """The act that an envelope is."""
    return "disclosed" if answer.envelope.message.kind == "package" else "not-provided"


def _expected(said: SaidMessages) -> Iterator[Place]:
    """Everything that belongs to the chain as far as it has come."""
    yield "requested", None
    yield "request-received", None
    for answer in said.answers:
        envelope = answer.envelope.message
        yield answered_by(answer), envelope.envelope_id
        yield "received", envelope.envelope_id
        yield "receipt-recorded", envelope.envelope_id
        if envelope.kind == "package" and (answer.r2 is None or answer.r2.message.outcome == "applied"):
            yield "filed", envelope.envelope_id
        yield "outcome-recorded", envelope.envelope_id


def _placed(said: SaidMessages, proven: Sequence[Proven]) -> dict[Place, Proven]:
    found: dict[Place, Proven] = {}
    known = set(_expected(said))
    for one in proven:
        place: Place = (one.act, one.envelope_id)
        if place not in known:
            raise ChainNotProven(f"{one.act}: it has no place in this exchange")
        if place in found:
            raise ChainNotProven(f"{one.act}: it is there twice")
        if one.node != node_of(said, one.act):
            raise ChainNotProven(f"{one.act}: it is in the log of the wrong node")
        found[place] = one
    return found


def _in_messages(said: SaidMessages) -> Iterator[tuple[Place, LoggedAt]]:
    """The entries that messages name."""
    if said.accepted is not None:
        yield ("request-received", None), logged_at(said.accepted.message)
    for answer in said.answers:
        envelope = answer.envelope.message
        yield (answered_by(answer), envelope.envelope_id), logged_at(envelope)
        for receipt in (answer.r1, answer.r2):
            if receipt is not None and _names_arrival(receipt):
                yield ("received", envelope.envelope_id), logged_at(receipt.message)


def _names_arrival(receipt: Said[Receipt]) -> bool:
    """An outcome may have an entry of its own, which has no place in the chain: what it says is in the log of who is told."""
    return logged_at(receipt.message).logged.leaf.class_ == "received"


def _from_message(place: Place, said: SaidMessages, at: LoggedAt) -> Proven:
    act, envelope_id = place
    return Proven(act, envelope_id, node_of(said, act), at.logged.checkpoint.origin, at.logged.index, at.entry, at.logged.leaf)


def _require_own_logs(said: SaidMessages, found: dict[Place, Proven]) -> None:
    """INVARIANT: what one node logged is never shown from the other's log."""
    logs = {node: {one.log for one in found.values() if one.node == node} for node in (said.requester, said.holder)}
    if logs[said.requester] & logs[said.holder]:
        raise ChainNotProven("one log speaks for both nodes")


def _require_bound(said: SaidMessages, one: Proven) -> None:
    """Check that an entry is of this exchange, and of this act."""
    class_, ct, pt_commits = _pinned(said, one)
    digests = one.leaf.digests
    if one.leaf.class_ != class_ or digests.ct != ct or digests.pt_commit not in pt_commits:
        raise ChainNotProven(f"{one.act}: the entry is of something else")
    if one.act == "disclosed":
        envelope = _answer(said, one).envelope.message
        require_leaf_of(envelope, Logged(one.leaf, one.index, logged_at(envelope).logged.checkpoint, ""))
    if one.context is not None:
        _require_said(said, one, dict(one.context))


def _pinned(said: SaidMessages, one: Proven) -> tuple[str, str, tuple[str, ...]]:
    """Class, ct and possible pt_commit of the entry as the messages call for them. Raises ChainNotProven where the message is not there."""
    if one.act in ("requested", "request-received"):
        return "request", said.request.digest, (ABSENT,)
    answer = _answer(said, one)
    envelope = answer.envelope.message
    match one.act:
        case "disclosed":
            return "disclosure", envelope.ct_digest, (envelope.pt_commit,)
        case "not-provided":
            return "request", envelope.ct_digest, (envelope.pt_commit,)
        case "received":
            return "received", envelope.ct_digest, (envelope.pt_commit, ABSENT)
        case "filed":
            return "load", envelope.ct_digest, (envelope.pt_commit,)
        case _:
            return "receipt", _receipt(answer, one.act).digest, (ABSENT,)


def _require_said(said: SaidMessages, one: Proven, context: dict[str, Any]) -> None:
    """Check what an opened entry says against the messages: the other log's place in it above all."""
    try:
        _Opened.model_validate(context)
    except ValidationError as error:
        raise ChainNotProven(f"{one.act}: its content is none of such an entry") from error
    expected: dict[str, Any] = {"exchange_id": str(said.request.message.jti)}
    if one.envelope_id is not None:
        expected["envelope_id"] = str(one.envelope_id)
    if one.act == "received":
        envelope = _answer(said, one).envelope.message
        expected |= {"peer_index": envelope.index, "peer_checkpoint": envelope.checkpoint, "outcome": envelope.kind}
    if one.act in ("receipt-recorded", "outcome-recorded"):
        receipt = _receipt(_answer(said, one), one.act).message
        expected |= {"peer_index": receipt.index, "peer_checkpoint": receipt.checkpoint, "outcome": receipt.outcome}
    for name, value in expected.items():
        if context.get(name) != value:
            raise ChainNotProven(f"{one.act}: the entry says another {name}")


def _answer(said: SaidMessages, one: Proven) -> SaidAnswer:
    for answer in said.answers:
        if answer.envelope.message.envelope_id == one.envelope_id:
            return answer
    raise ChainNotProven(f"{one.act}: its message is missing")


def _receipt(answer: SaidAnswer, act: Act) -> Said[Receipt]:
    receipt = answer.r1 if act == "receipt-recorded" else answer.r2
    if receipt is None:
        raise ChainNotProven(f"{act}: its message is missing")
    return receipt


def _link(said: SaidMessages, one: Proven) -> ChainLink:
    context = {} if one.context is None else dict(one.context)
    from_, to = _ends(said, one)
    return ChainLink(
        act=one.act,
        envelope_id=one.envelope_id,
        node=one.node,
        log=one.log,
        index=one.index,
        leaf_hash=to_base64url(leaf_hash(one.entry)),
        logged_at=datetime.fromtimestamp(one.leaf.t, UTC),
        from_=from_,
        to=to,
        purpose=context.get("purpose"),
        basis=context.get("basis"),
        categories=categories_of(context),
        redisclosure_notice=REDISCLOSURE_NOTICE_DIGEST if _has_notice(said, one) else None,
        content="opened" if one.context is not None else "closed" if one.destroyed_at is None else "destroyed",
        destroyed_at=None if one.destroyed_at is None else datetime.fromtimestamp(one.destroyed_at, UTC),
    )


def _has_notice(said: SaidMessages, one: Proven) -> bool:
    """The package has the notice inside, or its arrival was acknowledged with the notice's digest."""
    return one.act in ("disclosed", "received") and _answer(said, one).envelope.message.kind == "package"


def _ends(said: SaidMessages, one: Proven) -> tuple[str, str]:
    """From where to where an act goes."""
    requester, holder = said.requester, said.holder
    if one.envelope_id is None:
        return requester, holder
    recipient = f"{requester}#{_answer(said, one).envelope.message.recipient_organisation}"
    if one.act in ("disclosed", "not-provided", "received"):
        return holder, recipient
    return requester, recipient if one.act == "filed" else holder


def _ties(said: SaidMessages, found: dict[Place, Proven]) -> Iterator[ChainTie]:
    """From the entry whose leaf pins a message to the entry of the other log that the message names or is."""
    yield from _tie("request", found, ("request-received", None), ("requested", None))
    for answer in said.answers:
        envelope_id = answer.envelope.message.envelope_id
        received = ("received", envelope_id)
        yield from _tie("envelope", found, received, (answered_by(answer), envelope_id))
        for recorded, receipt in (("receipt-recorded", answer.r1), ("outcome-recorded", answer.r2)):
            if receipt is not None and _names_arrival(receipt):
                yield from _tie("receipt", found, (recorded, envelope_id), received)


def _tie(by: Any, found: dict[Place, Proven], place: Any, named: Any) -> Iterator[ChainTie]:
    if place in found and named in found:
        one, other = found[place], found[named]
        yield ChainTie(by=by, envelope_id=one.envelope_id, log=one.log, index=one.index, names_log=other.log, names_index=other.index)


def _stands_for(found: dict[Place, Proven], place: Place) -> bool:
    """Whether something says what the place would: an outcome that was recorded, that the answer arrived.

    A holder that has R2 before R1 does not ask for R1 any more.
    """
    act, envelope_id = place
    return act == "receipt-recorded" and ("outcome-recorded", envelope_id) in found


def _missing(said: SaidMessages, place: Place, asked: str, peer: PeerAnswer) -> MissingLink:
    act, envelope_id = place
    node = node_of(said, act)
    why = "not-yet" if node == asked or peer == "answered" else peer
    return MissingLink(act=act, envelope_id=envelope_id, node=node, why=why)
