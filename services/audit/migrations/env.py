"""Alembic's entry for the audit service."""

from services.audit.tables import Base
from shared.migrations import run

run(Base.metadata)
