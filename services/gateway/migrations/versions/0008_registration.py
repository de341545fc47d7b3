"""Clients that register themselves: publishers of software, initial access tokens, registrations; key sets that are got by URL."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("client", sa.Column("jwks_uri", sa.String(500)))
    op.add_column("client", sa.Column("jwks_fetched_at", Milliseconds()))
    op.create_table(
        "publisher",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id"), nullable=False, index=True),
        sa.Column("issuer", sa.String(200), nullable=False, unique=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("jwks", sa.Text(), nullable=False),
        *_bounds(),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Milliseconds(), nullable=False),
        sa.Column("disabled_at", Milliseconds()),
    )
    op.create_table(
        "initial_access_token",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id"), nullable=False, index=True),
        *_bounds(),
        sa.Column("created_at", Milliseconds(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False),
        sa.Column("used_at", Milliseconds()),
        sa.Column("withdrawn_at", Milliseconds()),
    )
    op.create_table(
        "registration",
        sa.Column("client_id", sa.Uuid(), sa.ForeignKey("client.id"), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("token_digest", sa.LargeBinary(32)),
        sa.Column("registered_by", sa.String(64), nullable=False),
        sa.Column("software_id", sa.String(128)),
        sa.Column("software_version", sa.String(64)),
        sa.Column("contacts", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text()),
        sa.Column("decided_at", Milliseconds()),
    )


def _bounds() -> list[sa.Column[str]]:
    return [
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("purposes", sa.Text(), nullable=False),
    ]
