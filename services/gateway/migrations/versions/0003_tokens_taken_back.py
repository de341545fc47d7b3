"""Tokens that were taken back; which audience a client's assertions name; clients that are resource servers."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("client", sa.Column("assertion_audience", sa.String(16), nullable=False, server_default="issuer"))
    op.add_column("client", sa.Column("resource", sa.String(200)))
    has_resource = sa.text("resource IS NOT NULL")
    op.create_index("client_one_per_resource", "client", ["resource"], unique=True, sqlite_where=has_resource, postgresql_where=has_resource)
    op.create_table(
        "revoked_token",
        sa.Column("jti", sa.Uuid(), primary_key=True),
        sa.Column("revoked_at", Milliseconds(), nullable=False, index=True),
        sa.Column("expires_at", Milliseconds(), nullable=False, index=True),
    )
