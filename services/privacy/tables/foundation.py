"""The tables that every service has: organisations as projected, the outbox, leases, idempotency keys."""

from sqlalchemy.orm import DeclarativeBase

from shared.change_marks import ChangeMarkColumns
from shared.idempotency import IdempotencyColumns
from shared.key_rings import KeyRingColumns
from shared.leases import LeaseColumns
from shared.outbox_rows import OutboxColumns
from shared.tenancy import OrganisationColumns


class Base(DeclarativeBase):
    """The tables of privacy."""


class OrganisationRow(OrganisationColumns, Base):
    """An organisation as gateway projected it."""


class OutboxRow(OutboxColumns, Base):
    """A behind-entry that audit has not taken yet."""


class LeaseRow(LeaseColumns, Base):
    """Which replica sends the outbox."""


class KeyRingRow(KeyRingColumns, Base):
    """Of which of this service's keys the log was last told."""


class IdempotencyRow(IdempotencyColumns, Base):
    """A client's key and what it made."""


class ChangeMarkRow(ChangeMarkColumns, Base):
    """How often what decisions rest on changed."""
