"""The signed messages of an exchange, as both nodes keep them: what holds the two logs together.

The request's digest is in an entry of each log; an envelope names its entry in the holder's; a receipt names its own entry and the digest
of the envelope; and the holder's log pins the digest of the receipt.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Annotated, Generic, Protocol

from pydantic import Field, StringConstraints

from safepassage.accepted import Accepted
from safepassage.canonical import digest_of, from_base64url
from safepassage.checkpoints import Checkpoint, parse_checkpoint
from safepassage.claims import M, read_closed, require_parties, verify_message
from safepassage.compact import PublicKeys, kid_of, split
from safepassage.envelope import Envelope, require_leaf_of
from safepassage.leaf import ABSENT, parse_leaf
from safepassage.logged import Logged, LoggedMessage, LogIdentity, verify_logged
from safepassage.notes import parse_note
from safepassage.package import REDISCLOSURE_NOTICE_DIGEST
from safepassage.problems.chains import ChainNotProven
from safepassage.problems.envelopes import LeafOfAnotherExchange, WithoutProof, WrongLeaf
from safepassage.receipt import Receipt
from safepassage.request import MAX_LENGTH, Request
from safepassage.wire import Wire

Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$", max_length=MAX_LENGTH)]
"""A compact JWS."""


class ChainAnswer(Wire):
    """An answer of the holder, and what the requester acknowledged of it."""

    envelope: Token
    """sp-envelope+jws, without its ciphertext."""
    r1: Token | None = None
    """sp-receipt+jws: received."""
    r2: Token | None = None
    """sp-receipt+jws: applied, or rejected."""


class ChainMessages(Wire):
    """The messages of an exchange. Nothing in them is of the child in clear: the request's particulars are sealed."""

    request: Token
    """sp-request+jws."""
    accepted: Token | None = None
    """sp-accepted+jws."""
    answers: Annotated[tuple[ChainAnswer, ...], Field(max_length=12)] = ()


@dataclass(frozen=True)
class Said(Generic[M]):
    """A message of the chain, and where its signer had logged it."""

    message: M
    digest: str
    """SHA-256 of its compact JWS."""
    kid: str
    """The key that signed it."""


@dataclass(frozen=True)
class LoggedAt:
    """The entry that a message says it was logged as."""

    logged: Logged
    entry: bytes


@dataclass(frozen=True)
class SaidAnswer:
    """An envelope with its receipts."""

    envelope: Said[Envelope]
    r1: Said[Receipt] | None
    r2: Said[Receipt] | None


@dataclass(frozen=True)
class SaidMessages:
    """The messages of an exchange, read."""

    request: Said[Request]
    accepted: Said[Accepted] | None
    answers: tuple[SaidAnswer, ...]

    @property
    def requester(self) -> str:
        """Entity id of the node that asked."""
        return self.request.message.iss

    @property
    def holder(self) -> str:
        """Entity id of the node that was asked."""
        return self.request.message.aud

    def logged_by(self, node: str) -> Iterator[Said[Accepted] | Said[Envelope] | Said[Receipt]]:
        """The messages of a node that name an entry of its log."""
        if node == self.holder:
            yield from () if self.accepted is None else (self.accepted,)
            yield from (answer.envelope for answer in self.answers)
        else:
            yield from (one for answer in self.answers for one in (answer.r1, answer.r2) if one is not None)


class Reader(Protocol):
    """Reads a message of one kind."""

    def __call__(self, token: str, kind: type[M]) -> Said[M]: ...


KeysOf = Callable[[str], PublicKeys]
"""By a node's entity id, the keys that sign its messages."""
LogsOf = Callable[[str], Collection[LogIdentity]]
"""By a node's entity id, its logs."""


def kept_messages(messages: ChainMessages) -> SaidMessages:
    """Messages that the node itself keeps: those of its peer were verified when they came.

    Raises MalformedToken, and what their being of one exchange raises (`verified_messages`).
    """
    return _read(messages, _kept)


def verified_messages(messages: ChainMessages, *, signing_keys: KeysOf, logs: LogsOf) -> SaidMessages:
    """Messages whose signatures and proofs hold, each by the node that must have signed it, and all of one exchange.

    A key that signs for both nodes is refused: one of them could speak for the other with it.
    Raises what `verify_message` and `verify_logged` raise, WrongIssuer, WrongAudience, WrongLeaf, LeafOfAnotherExchange, DecisionMissing,
    ChainNotProven.
    """
    by_kid: dict[str, str] = {}

    def verified(token: str, kind: type[M]) -> Said[M]:
        issuer = str(split(token, max_length=MAX_LENGTH)[1].get("iss"))
        found = verify_message(token, kind=kind, keys=signing_keys(issuer), max_length=MAX_LENGTH)
        if by_kid.setdefault(found.kid, issuer) != issuer:
            raise ChainNotProven("one key signs for both nodes")
        if isinstance(found.message, LoggedMessage):
            verify_logged(found.message, logs=logs(issuer), pinned={})
        return Said(found.message, found.digest, found.kid)

    return _read(messages, verified)


def logged_at(message: LoggedMessage) -> LoggedAt:
    """The entry that a message names; that it is in the log is shown by `verified_messages`.

    Raises WithoutProof, NoteMalformed, LeafMalformed.
    """
    if message.entry is None or message.index is None or message.checkpoint is None:
        raise WithoutProof
    held = parse_checkpoint(parse_note(message.checkpoint).text)
    entry = from_base64url(message.entry)
    checkpoint = Checkpoint(held.origin, held.size, held.root)
    return LoggedAt(Logged(parse_leaf(entry), message.index, checkpoint, message.checkpoint), entry)


def _kept(token: str, kind: type[M]) -> Said[M]:
    payload = from_base64url(token.split(".")[1])
    return Said(read_closed(payload, model=kind), digest_of(token.encode("ascii")), kid_of(token, max_length=MAX_LENGTH))


def _read(messages: ChainMessages, read: Reader) -> SaidMessages:
    request = read(messages.request, Request)
    accepted = None if messages.accepted is None else read(messages.accepted, Accepted)
    answers = tuple(
        SaidAnswer(
            read(one.envelope, Envelope),
            None if one.r1 is None else read(one.r1, Receipt),
            None if one.r2 is None else read(one.r2, Receipt),
        )
        for one in messages.answers
    )
    said = SaidMessages(request, accepted, answers)
    if accepted is not None:
        _require_accepted(said, accepted)
    if len({answer.envelope.message.envelope_id for answer in answers}) != len(answers):
        raise ChainNotProven("an answer is there twice")
    for answer in answers:
        _require_answer(said, answer)
    return said


def _require_accepted(said: SaidMessages, accepted: Said[Accepted]) -> None:
    message, leaf = accepted.message, logged_at(accepted.message).logged.leaf
    require_parties(iss=message.iss, aud=message.aud, issuer=said.holder, audience=said.requester)
    if (message.exchange_id, message.request_digest) != (said.request.message.jti, said.request.digest):
        raise ChainNotProven("the acceptance is of another request")
    if leaf.class_ != "request":
        raise WrongLeaf
    if leaf.digests.ct != said.request.digest:
        raise LeafOfAnotherExchange


def _require_answer(said: SaidMessages, answer: SaidAnswer) -> None:
    envelope = answer.envelope.message
    require_parties(iss=envelope.iss, aud=envelope.aud, issuer=said.holder, audience=said.requester)
    if (envelope.exchange_id, envelope.request_digest) != (said.request.message.jti, said.request.digest):
        raise ChainNotProven("an envelope answers another request")
    require_leaf_of(envelope, logged_at(envelope).logged)
    if answer.r1 is not None:
        _require_receipt(said, answer.envelope, answer.r1.message, outcomes=("received",), classes=("received",))
    if answer.r2 is not None:
        _require_receipt(said, answer.envelope, answer.r2.message, outcomes=("applied", "rejected"), classes=("received", "receipt"))


def _require_receipt(
    said: SaidMessages, envelope: Said[Envelope], receipt: Receipt, *, outcomes: Collection[str], classes: Collection[str]
) -> None:
    sent, leaf = envelope.message, logged_at(receipt).logged.leaf
    require_parties(iss=receipt.iss, aud=receipt.aud, issuer=said.requester, audience=said.holder)
    notice = REDISCLOSURE_NOTICE_DIGEST if sent.kind == "package" else None
    if receipt.outcome not in outcomes or receipt.redisclosure_notice_digest != notice:
        raise ChainNotProven("a receipt says something else than belongs here")
    same = ("exchange_id", "envelope_id", "request_digest", "recipient_organisation")
    if receipt.envelope_digest != envelope.digest or any(getattr(receipt, name) != getattr(sent, name) for name in same):
        raise ChainNotProven("a receipt is for another envelope")
    if leaf.class_ not in classes:
        raise WrongLeaf
    if leaf.digests.ct != sent.ct_digest or leaf.digests.pt_commit not in (sent.pt_commit, ABSENT):
        raise LeafOfAnotherExchange
