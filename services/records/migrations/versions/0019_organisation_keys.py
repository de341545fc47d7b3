"""Encryption keys of the organisations that ask, and which of them answers to a request are sealed to."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("exchange_request", sa.Column("answer_kid", sa.String(43)))
    op.create_table(
        "organisation_key",
        sa.Column("organisation_id", sa.Uuid(), primary_key=True),
        sa.Column("sealed_to", sa.String(43), primary_key=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("suite", sa.String(64), nullable=False),
        sa.Column("kid", sa.String(43), nullable=False, unique=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", Milliseconds(), nullable=False),
    )
    op.create_index("ix_organisation_key_epoch", "organisation_key", ["epoch"])
