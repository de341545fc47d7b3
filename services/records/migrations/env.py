"""Alembic's entry for the records service."""

from services.records.tables import Base
from shared.migrations import run

run(Base.metadata)
