"""Organisations, clients, what is spent, trust; what the foundation asks for."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("parent_id", sa.Uuid(), index=True),
        sa.Column("nces_id", sa.String(12), index=True),
        sa.Column("state_id", sa.String(64), index=True),
        sa.Column("entity_id", sa.String(200), index=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Text(), nullable=False),
    )
    for name, column, where in (
        ("organisation_one_state_agency", "kind", "kind = 'sea'"),
        ("organisation_one_per_entity", "entity_id", "entity_id IS NOT NULL"),
        ("organisation_one_per_nces_id", "nces_id", "nces_id IS NOT NULL"),
    ):
        op.create_index(name, "organisation", [column], unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_table(
        "client",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id"), nullable=False, index=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("purposes", sa.Text(), nullable=False),
        sa.Column("jwks", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Milliseconds(), nullable=False),
        sa.Column("disabled_at", Milliseconds()),
        sa.Column("changed_at", Milliseconds(), nullable=False, index=True),
    )
    op.create_table(
        "spent",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("expires_at", Milliseconds(), nullable=False, index=True),
    )
    op.create_table(
        "trust_list",
        sa.Column("serial", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(43), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("accepted_at", Milliseconds(), nullable=False),
    )
    op.create_table(
        "node_statement",
        sa.Column("entity_id", sa.String(200), primary_key=True),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("fetched_at", Milliseconds(), nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("lane", sa.String(), nullable=False, index=True),
        sa.Column("sibling", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Milliseconds(), nullable=False),
        sa.Column("refused_as", sa.String()),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False),
    )
    op.create_table(
        "idempotency",
        sa.Column("client_id", sa.String(200), primary_key=True),
        sa.Column("operation", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("request_digest", sa.String(43), nullable=False),
        sa.Column("effect_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False, index=True),
    )
