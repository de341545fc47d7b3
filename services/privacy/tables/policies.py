"""Policy sets, and from when on each decided."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.privacy.tables.foundation import Base
from shared.columns import Milliseconds


class PolicyActivationRow(Base):
    """Which policy set decided from when on."""

    __tablename__ = "policy_activation"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    policy_hash: Mapped[str] = mapped_column(String(43))
    activated_at: Mapped[datetime] = mapped_column(Milliseconds)
