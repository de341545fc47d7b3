"""Clients that authenticate by a certificate (RFC 8705)."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("client", sa.Column("tls_subject", sa.Text(), nullable=False, server_default=""))
    op.add_column("client", sa.Column("tls_certificates", sa.Text(), nullable=False, server_default=""))
