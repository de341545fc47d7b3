"""Copies of the record of further disclosures for the districts: 34 CFR 99.32(b)(2)."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "redisclosure",
        sa.Column("log", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("idx", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("organisation", sa.LargeBinary(16), nullable=False),
        sa.Column("t", sa.BigInteger, nullable=False),
        sa.Column("copy_id", sa.Uuid, nullable=True),
    )
    op.create_index("ix_redisclosure_copy", "redisclosure", ["copy_id", "organisation"])
    op.create_table(
        "disclosure_copy",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("organisation_id", sa.Uuid, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("first_t", sa.BigInteger, nullable=False),
        sa.Column("last_t", sa.BigInteger, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("logged", sa.Boolean, nullable=False),
        sa.Column("given_at", sa.BigInteger, nullable=True),
        sa.Column("given_to", sa.String(200), nullable=True),
    )
    op.create_index("ix_disclosure_copy_organisation", "disclosure_copy", ["organisation_id", "id"])
