"""Alembic's environment of the gateway's store."""

from services.gateway.tables import Base
from shared.migrations import run

run(Base.metadata)
