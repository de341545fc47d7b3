"""sp-chain-part+jws: what one node's log has of an exchange, for the other node of it or for the node's own auditor.

Of each entry the leaf with its proof, and of its content only what both nodes know anyhow: the node that signs it opens nothing else here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.also import Also
from safepassage.canonical import from_base64url
from safepassage.checkpoints import Checkpoint, parse_checkpoint, verify_checkpoint
from safepassage.claims import EntityId, Message, NumericDate, OrganisationId, Verified, require_parties, verify_message
from safepassage.compact import PublicKeys
from safepassage.elements import Category
from safepassage.leaf import Leaf, parse_leaf, verify_commitment
from safepassage.logged import Index, LogIdentity, Path, verify_continues
from safepassage.notes import parse_note
from safepassage.problems.chains import ChainNotProven
from safepassage.problems.proofs import ForeignLog
from safepassage.proofs import leaf_hash, verify_inclusion
from safepassage.wire import Base64Url, Code, Wire
from safepassage.wire_log import OpenedGroup

MAX_LENGTH: Final = 256 * 1024
"""In characters; room for the entries of a dozen answers, each with its path in a log of 2^24."""
PartToken = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$", max_length=MAX_LENGTH)]
"""A part as a compact JWS."""

Act = Literal[
    "requested",
    "request-received",
    "disclosed",
    "not-provided",
    "received",
    "receipt-recorded",
    "filed",
    "outcome-recorded",
]
"""What an entry of the chain is, in the order in which it comes. Requester: requested, received, filed. Holder: the others."""

OPENED: Final[frozenset[Act]] = frozenset({"request-received", "received", "receipt-recorded", "filed", "outcome-recorded"})
"""Entries whose context says nothing that the other node does not know: it wrote, sent or received all of it."""
BY_REQUESTER: Final[frozenset[Act]] = frozenset({"requested", "received", "filed"})


class PartLink(Wire):
    """An entry with its proof."""

    act: Act
    envelope_id: UUID | None = None
    """The answer that it is about; null for the request's own entries."""
    index: Index
    entry: Base64Url
    """The leaf's bytes."""
    path: Path
    checkpoint: Annotated[int, Field(ge=0, lt=8)]
    """Which of the part's checkpoints the path leads to."""
    context: OpenedGroup | None = None
    destroyed_at: NumericDate | None = None
    """When what was sealed of it was destroyed; that it happened stays proven."""


class Onward(Wire):
    """That the record went on from the receiving node: to whom, when and in which interest (34 CFR 99.32(b)(2)(i)), and no more."""

    node: EntityId
    recipient_organisation: OrganisationId
    disclosed_at: NumericDate
    purpose: Code
    basis: Code
    categories: tuple[Category, ...]


class ChainPart(Message):
    """The part."""

    TYPE: ClassVar[str] = "sp-chain-part+jws"

    iss: EntityId
    aud: EntityId
    """For whom it was made: the other node, or the node itself."""
    exchange_id: UUID
    iat: NumericDate
    checkpoints: Annotated[tuple[Annotated[str, StringConstraints(max_length=65_536)], ...], Field(max_length=8)]
    """Signed notes, one for each year's log, with the cosignatures of witnesses where there are some."""
    continues: Annotated[tuple["PartContinuation", ...], Field(max_length=128)] = ()
    """That these checkpoints continue those in the messages."""
    links: Annotated[tuple[PartLink, ...], Field(max_length=256)]
    origin: OrganisationId | None = None
    """Of the holder's part, once a record was received: the agency on whose behalf it was disclosed, as the record itself names it."""
    onward: Annotated[tuple[Onward, ...], Field(max_length=100)] = ()
    """Of the requester's part: where the record went from there."""
    also: Also = None


class PartContinuation(Wire):
    """That one of the checkpoints continues a smaller one of the same log, of `from` entries."""

    from_: Annotated[int, Field(alias="from", serialization_alias="from", gt=0, lt=2**53)]
    path: Path
    checkpoint: Annotated[int, Field(ge=0, lt=8)]


ChainPart.model_rebuild()


@dataclass(frozen=True)
class Proven:
    """An entry that was proven to be in its log, and what it is said to be."""

    act: Act
    envelope_id: UUID | None
    node: str
    log: str
    index: int
    entry: bytes
    leaf: Leaf
    context: Mapping[str, object] | None = None
    """As the leaf commits to it."""
    destroyed_at: int | None = None


@dataclass(frozen=True)
class VerifiedPart:
    """A part whose signature and proofs hold."""

    part: Verified[ChainPart]
    checkpoints: tuple[Checkpoint, ...]
    links: tuple[Proven, ...]


def verify_part(token: str, *, issuer: str, audience: str, keys: PublicKeys, logs: Collection[LogIdentity]) -> VerifiedPart:
    """The part in `token`, signed by `issuer` for `audience`: its entries are in logs of the issuer, and say what their leaves commit to.

    Raises what `verify_message` and `proven_links` raise, WrongIssuer, WrongAudience.
    """
    part = verify_message(token, kind=ChainPart, keys=keys, max_length=MAX_LENGTH)
    require_parties(iss=part.message.iss, aud=part.message.aud, issuer=issuer, audience=audience)
    checkpoints = tuple(_checkpoint(note, logs) for note in part.message.checkpoints)
    return VerifiedPart(part, checkpoints, proven_links(part.message, checkpoints))


def read_checkpoints(part: ChainPart) -> tuple[Checkpoint, ...]:
    """The checkpoints as the notes say them, no signature looked at: for the node whose own they are. Raises NoteMalformed."""
    return tuple(parse_checkpoint(parse_note(note).text) for note in part.checkpoints)


def proven_links(part: ChainPart, checkpoints: Sequence[Checkpoint]) -> tuple[Proven, ...]:
    """The entries of a part under checkpoints that were verified.

    Raises ChainNotProven, LeafMalformed, CommitmentNotOpened, InclusionNotProven, IndexBeyondLog, WrongPathLength.
    """
    return tuple(_proven(part.iss, link, checkpoints) for link in part.links)


def _checkpoint(note: str, logs: Collection[LogIdentity]) -> Checkpoint:
    origin = parse_checkpoint(parse_note(note).text).origin
    log = next((log for log in logs if log.origin == origin), None)
    if log is None:
        raise ForeignLog
    return verify_checkpoint(note, origin=origin, keys=log.keys)


def _proven(node: str, link: PartLink, checkpoints: Sequence[Checkpoint]) -> Proven:
    if link.checkpoint >= len(checkpoints):
        raise ChainNotProven(f"{link.act}: it names a checkpoint that is not there")
    checkpoint, entry = checkpoints[link.checkpoint], from_base64url(link.entry)
    path = [from_base64url(digest) for digest in link.path]
    verify_inclusion(leaf_hash=leaf_hash(entry), index=link.index, size=checkpoint.size, path=path, root=checkpoint.root)
    leaf = parse_leaf(entry)
    context = link.context
    if context is not None:
        verify_commitment(committed=leaf.commitments.context, salt=from_base64url(context.salt), payload=context.payload)
    opened = None if context is None else context.payload
    return Proven(link.act, link.envelope_id, node, checkpoint.origin, link.index, entry, leaf, opened, link.destroyed_at)


def require_continued(part: ChainPart, checkpoints: Sequence[Checkpoint], earlier: Checkpoint) -> None:
    """Check that `earlier`, of a message of the same node, is of one history with the part's checkpoint of that log.

    A part without a checkpoint of that log says nothing of it. Raises ConsistencyNotProven, ConsistencyNotShown.
    """
    for place, checkpoint in enumerate(checkpoints):
        if checkpoint.origin != earlier.origin:
            continue
        found = [one for one in part.continues if (one.checkpoint, one.from_) == (place, min(earlier.size, checkpoint.size))]
        path = [from_base64url(digest) for digest in found[0].path] if found else None
        verify_continues(checkpoint, pinned=earlier, path=path)
