"""The tables that every service has; the trust list, and what other nodes stated of themselves."""

from sqlalchemy.orm import DeclarativeBase

from shared.idempotency import IdempotencyColumns
from shared.leases import LeaseColumns
from shared.outbox_rows import OutboxColumns
from shared.peer_statements import NodeStatementColumns
from shared.trust import TrustListColumns


class Base(DeclarativeBase):
    """The gateway's tables."""


class TrustListRow(TrustListColumns, Base):
    """Trust lists that were accepted."""


class NodeStatementRow(NodeStatementColumns, Base):
    """The newest statement of each peer."""


class OutboxRow(OutboxColumns, Base):
    """What the siblings are to be told."""


class LeaseRow(LeaseColumns, Base):
    """Which replica does what."""


class IdempotencyRow(IdempotencyColumns, Base):
    """Keys of requests that had their effect."""
