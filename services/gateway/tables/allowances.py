"""How much is used of what a client may: quotas, and rates that all processes share."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.foundation import Base
from shared.columns import Milliseconds


class QuotaUseRow(Base):
    """What a client or an organisation has had in a day, summed up over all processes."""

    __tablename__ = "quota_use"

    holder_id: Mapped[UUID] = mapped_column(primary_key=True)
    quota: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    used: Mapped[int] = mapped_column(BigInteger)
    reached: Mapped[bool]
    """The log says so already."""


class RateUseRow(Base):
    """How often another node, or an address without a token, came lately, over all processes. `holder`: what it is, and a keyed digest."""

    __tablename__ = "rate_use"

    holder: Mapped[str] = mapped_column(String(64), primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)


class QuotaLimitRow(Base):
    """What a client or an organisation may have in a day, where it is another number than the settings'."""

    __tablename__ = "quota_limit"

    holder_id: Mapped[UUID] = mapped_column(primary_key=True)
    quota: Mapped[str] = mapped_column(String(32), primary_key=True)
    per_day: Mapped[int] = mapped_column(BigInteger)
