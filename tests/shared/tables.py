"""A tiny service's tables, to test the foundation with."""

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.idempotency import IdempotencyColumns
from shared.leases import LeaseColumns
from shared.outbox_rows import OutboxColumns
from shared.tenancy import OrganisationColumns


class Base(DeclarativeBase):
    pass


class CounterRow(Base):
    __tablename__ = "counter"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int]


class OutboxRow(OutboxColumns, Base):
    pass


class LeaseRow(LeaseColumns, Base):
    pass


class IdempotencyRow(IdempotencyColumns, Base):
    pass


class OrganisationRow(OrganisationColumns, Base):
    pass
