"""Alembic's entry for the privacy service."""

from services.privacy.tables import Base
from shared.migrations import run

run(Base.metadata)
