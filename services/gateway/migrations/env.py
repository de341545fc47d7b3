"""Alembic's environment of the gateway's store."""

from services.gateway.proof_tables import UsedProofRow
from shared.migrations import run

run(UsedProofRow.metadata)
