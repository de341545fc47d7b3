"""The registry of the service's tables, and those that the foundation asks every service for."""

from sqlalchemy.orm import DeclarativeBase

from shared.change_marks import ChangeMarkColumns
from shared.idempotency import IdempotencyColumns
from shared.key_rings import KeyRingColumns
from shared.leases import LeaseColumns
from shared.outbox_rows import OutboxColumns
from shared.tenancy import OrganisationColumns


class Base(DeclarativeBase):
    """The metadata of the records service."""


class OutboxRow(OutboxColumns, Base):
    """What siblings are still to be told. Bodies are sealed."""


class LeaseRow(LeaseColumns, Base):
    """Which replica runs which worker."""


class KeyRingRow(KeyRingColumns, Base):
    """Of which of this service's keys the log was last told."""


class IdempotencyRow(IdempotencyColumns, Base):
    """Keys of requests that had their effect."""


class OrganisationRow(OrganisationColumns, Base):
    """The tree of organisations, projected by gateway."""


class ChangeMarkRow(ChangeMarkColumns, Base):
    """How often students, their sections and enrolments, and organisations changed."""
