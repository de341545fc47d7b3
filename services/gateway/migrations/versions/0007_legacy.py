"""Clients that authenticate by a secret, from registered addresses; the agreement that a client's tokens are for unless it asks."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("client", sa.Column("authentication", sa.String(32), nullable=False, server_default="private_key_jwt"))
    op.add_column("client", sa.Column("addresses", sa.Text(), nullable=False, server_default=""))
    op.add_column("client", sa.Column("agreement_id", sa.Uuid()))
    op.create_table(
        "client_secret",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("client_id", sa.Uuid(), sa.ForeignKey("client.id"), nullable=False, index=True),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("block_size", sa.Integer(), nullable=False),
        sa.Column("parallelism", sa.Integer(), nullable=False),
        sa.Column("created_at", Milliseconds(), nullable=False),
    )
