"""What people let applications do: requests that are pushed, authorizations that are given, refresh tokens; how clients get tokens."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("client", sa.Column("redirect_uris", sa.Text(), nullable=False, server_default=""))
    op.add_column("client", sa.Column("grant_types", sa.String(200), nullable=False, server_default="client_credentials"))
    op.create_table(
        "pushed_request",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("client_id", sa.Uuid(), sa.ForeignKey("client.id"), nullable=False),
        sa.Column("redirect_uri", sa.String(500), nullable=False),
        sa.Column("state", sa.String(512)),
        sa.Column("code_challenge", sa.String(43), nullable=False),
        sa.Column("jkt", sa.String(43), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("authorization_details", sa.Text()),
        sa.Column("audience", sa.String(200), nullable=False),
        sa.Column("acr_values", sa.String(200)),
        sa.Column("max_age_seconds", sa.Integer()),
        sa.Column("expires_at", Milliseconds(), nullable=False, index=True),
        sa.Column("used_at", Milliseconds()),
    )
    op.create_table(
        "given_authorization",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("client_id", sa.Uuid(), sa.ForeignKey("client.id"), nullable=False, index=True),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("subject", sa.String(43), nullable=False),
        sa.Column("person", sa.String(43), nullable=False, index=True),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("acr", sa.String(200)),
        sa.Column("authenticated_at", Milliseconds(), nullable=False),
        sa.Column("redirect_uri", sa.String(500), nullable=False),
        sa.Column("code_challenge", sa.String(43), nullable=False),
        sa.Column("jkt", sa.String(43), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("authorization_details", sa.Text()),
        sa.Column("audience", sa.String(200), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("code_expires_at", Milliseconds(), nullable=False),
        sa.Column("code_used_at", Milliseconds()),
        sa.Column("given_at", Milliseconds(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False, index=True),
        sa.Column("ended_at", Milliseconds(), index=True),
        sa.Column("ended_because", sa.String(64)),
    )
    op.create_table(
        "refresh_token",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("authorization_id", sa.Uuid(), sa.ForeignKey("given_authorization.id"), nullable=False, index=True),
        sa.Column("expires_at", Milliseconds(), nullable=False),
        sa.Column("used_at", Milliseconds()),
        sa.Column("repeated_at", Milliseconds()),
    )
