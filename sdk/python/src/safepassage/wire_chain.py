"""The redisclosure chain of a record: district → state → state → district, told from the logs of both nodes, with what proves it."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from safepassage.chain_messages import ChainMessages, Token
from safepassage.chain_part import Act, Onward, PartToken
from safepassage.claims import EntityId, OrganisationId
from safepassage.elements import Category
from safepassage.wire import Code, Digest, Instant, Wire
from safepassage.wire_log import LogEntry

Index = Annotated[int, Field(ge=0)]
PeerAnswer = Literal["answered", "unreachable", "refused", "not-proven"]
"""How the other node answered: with its part, not at all, that it tells nothing, or with something that its log does not prove."""


class ChainLink(Wire):
    """An entry of the chain in one node's log."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    act: Act
    envelope_id: UUID | None
    node: EntityId
    """Whose log has it."""
    log: str
    index: Index
    leaf_hash: Digest
    logged_at: Instant
    from_: Annotated[str, Field(alias="from", serialization_alias="from")]
    to: str
    """Nodes; an organisation behind one is `<entity id>#<its id there>`."""
    purpose: Code | None
    basis: Code | None
    """Legal reason, where the entry names it and is opened."""
    categories: tuple[Category, ...]
    """Of the elements that the entry names."""
    redisclosure_notice: Digest | None
    """The notice of 34 CFR 99.33(d) that went with the record, or was acknowledged."""
    content: Literal["opened", "closed", "destroyed"]
    """opened: what it says is what its leaf committed to. closed: for its own node's auditor alone. destroyed: with its keys."""
    destroyed_at: Instant | None


class ChainTie(Wire):
    """What binds an entry of one log to an entry of the other: a digest that the first one's leaf pins, of what its signer sent."""

    by: Literal["request", "envelope", "receipt"]
    envelope_id: UUID | None
    log: str
    index: Index
    names_log: str
    names_index: Index


class MissingLink(Wire):
    """A piece that belongs to the chain and is not here."""

    act: Act
    envelope_id: UUID | None
    node: EntityId
    why: Literal["not-yet", "unreachable", "refused", "not-proven"]


class RedisclosureChain(Wire):
    """The chain of one exchange. All but `peer`, `inside` and who assembled it when follows from `messages` and `parts`."""

    v: Literal[1] = 1
    exchange_id: UUID
    requester: EntityId
    holder: EntityId
    recipient_organisation: OrganisationId | None
    """The school or district that received, or is to receive, by its id at the requester."""
    origin: OrganisationId | None
    """The district on whose behalf the holder disclosed, by its id at the holder: as the holder says."""
    purpose: Code | None
    basis: Code | None
    categories: tuple[Category, ...]
    """Of what was filed."""
    outcome: Literal["unanswered", "not-provided", "provided", "received", "applied", "rejected"]
    peer: PeerAnswer
    links: tuple[ChainLink, ...]
    ties: tuple[ChainTie, ...]
    missing: tuple[MissingLink, ...]
    onward: tuple[Onward, ...]
    """Where the record went from the receiving node, as that node tells the one it came from: 34 CFR 99.33(b), 99.32(b)(2)."""
    messages: ChainMessages
    parts: Annotated[tuple[PartToken, ...], Field(min_length=1, max_length=2)]
    """sp-chain-part+jws of the node that was asked, and of the other one."""
    inside: tuple[LogEntry, ...]
    """What the log of the node that was asked has of it beyond that, opened as far as the caller may see it; the oldest first."""
    inside_left_out: Annotated[int, Field(ge=0)]
    """Older entries that are not listed; a search by `exchange_ids` finds them."""
    inside_not_looked_at: Annotated[int, Field(ge=0)]
    """Entries that are newer than the index and were not looked at; ask again when the index has caught up."""
    assembled_by: EntityId
    assembled_at: Instant


class SignedChain(Wire):
    """`GET /v1/log/chains/{exchange_id}`: the chain, and the node's signature over it (safepassage.chains)."""

    chain: RedisclosureChain
    signature: Token
    """sp-chain+jws."""
