"""Alembic's environment of the gateway's store."""

from services.gateway.key_tables import KeyRingRow
from services.gateway.proof_tables import UsedProofRow
from shared.migrations import run

(metadata,) = {KeyRingRow.metadata, UsedProofRow.metadata}
run(metadata)
