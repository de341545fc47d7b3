"""What records asks of audit of one exchange: entries that it names by their events' keys, and what else the log has of it."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.chain_part import Act, PartContinuation, PartLink
from safepassage.claims import EntityId
from safepassage.wire import Wire
from safepassage.wire_log import LogEntry
from shared.contracts.audit import Key, KnownSize


class NamedEvent(Wire):
    """An event of records, and what it is in the chain."""

    act: Act
    envelope_id: UUID | None = None
    key: Key
    """As it was appended with. It leads to the entry also where everything that was sealed of it was destroyed."""


class ChainEntriesRequest(Wire):
    """`POST /internal/exchange-entries`."""

    exchange_id: UUID
    peer: EntityId | None = None
    """The other node of the exchange; null where records knows of no such exchange, so that the look is logged all the same."""
    events: Annotated[tuple[NamedEvent, ...], Field(max_length=200)] = ()
    sizes: Annotated[tuple[KnownSize, ...], Field(max_length=128)] = ()
    """Checkpoints of this node's logs that messages of the exchange carry: the answer shows that its own continue them."""


class ChainEntries(Wire):
    """What was found. Events that are not in a published tree yet are left out."""

    checkpoints: Annotated[tuple[Annotated[str, StringConstraints(max_length=65_536)], ...], Field(max_length=8)] = ()
    continues: tuple[PartContinuation, ...] = ()
    links: tuple[PartLink, ...] = ()
    inside: tuple[LogEntry, ...] = ()
    """For the node's own auditors: what else the log has of the exchange, the oldest first."""
    inside_left_out: int = 0
    not_looked_at: int = 0
    """Entries that the index has not yet and that nobody looked at."""
