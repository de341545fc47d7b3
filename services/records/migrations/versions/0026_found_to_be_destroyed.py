"""What is held of a student, or came with an exchange, is found to be destroyed without a look at all that the node holds."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

BROUGHT = sa.text("source <> 'own'")


def upgrade() -> None:
    for table in ("pseudonym", "exchange_request", "outgoing_envelope", "incoming_envelope", "outgoing_notice", "arrived_notice", "match_review"):
        op.create_index(f"ix_{table}_student_id", table, ["student_id"])
    op.create_index("ix_section_brought", "section", ["source", "student_id"], sqlite_where=BROUGHT, postgresql_where=BROUGHT)
