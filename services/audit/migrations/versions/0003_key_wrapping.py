"""Which version of the key-encryption key wraps, and how far the keys are wrapped again by it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "key_wrapping",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("oldest", sa.Integer(), nullable=False),
        sa.Column("rewrapped_to", sa.LargeBinary(16)),
        sa.Column("rewrapped", sa.Integer(), nullable=False),
    )
