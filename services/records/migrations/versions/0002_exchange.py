"""The exchange between nodes: requests, envelopes, receipts, quarantine, what is known of peers and their logs."""

import sqlalchemy as sa
from alembic import op

from shared.columns import CanonicalText, Milliseconds

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
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
        "exchange_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("client_id", sa.String(200), nullable=False),
        sa.Column("caller_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("receiving_organisation_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("requested_at", Milliseconds(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.String(43), nullable=False),
        sa.Column("subject_commit", sa.String(43), nullable=False),
        sa.Column("particulars", sa.LargeBinary(), nullable=False),
        sa.Column("event", CanonicalText(), nullable=False),
        sa.Column("accepted", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Milliseconds(), index=True),
        sa.Column("problem_code", sa.String(64)),
        sa.Column("student_id", sa.Uuid()),
    )
    op.create_table(
        "peer_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("requester", sa.String(200), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.String(43), nullable=False),
        sa.Column("accepted", sa.Text(), nullable=False),
        sa.Column("recipient_organisation", sa.String(64), nullable=False),
        sa.Column("subject_commit", sa.String(43), nullable=False),
        sa.Column("particulars", sa.LargeBinary(), nullable=False),
        sa.Column("entry_index", sa.BigInteger(), nullable=False),
        sa.Column("received_at", Milliseconds(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Milliseconds(), index=True),
        sa.Column("student_id", sa.Uuid()),
        sa.UniqueConstraint("requester", "exchange_id"),
    )
    op.create_table(
        "outgoing_envelope",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("request_id", sa.Uuid(), sa.ForeignKey("peer_request.id"), nullable=False, index=True),
        sa.Column("recipient_node", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("claims", CanonicalText(), nullable=False),
        sa.Column("event", CanonicalText(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary()),
        sa.Column("ct_digest", sa.String(43), nullable=False),
        sa.Column("student_id", sa.Uuid()),
        sa.Column("custodian_id", sa.Uuid()),
        sa.Column("decision_id", sa.Uuid()),
        sa.Column("expires_at", Milliseconds(), nullable=False),
        sa.Column("leaves_at", Milliseconds(), nullable=False),
        sa.Column("queued_at", Milliseconds()),
        sa.Column("entry_index", sa.BigInteger()),
        sa.Column("jws", sa.Text()),
        sa.Column("envelope_digest", sa.String(43)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Milliseconds(), index=True),
        sa.Column("problem_code", sa.String(64)),
        sa.Column("r1", sa.Text()),
        sa.Column("r2", sa.Text()),
    )
    op.create_table(
        "incoming_envelope",
        sa.Column("issuer", sa.String(200), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("exchange_id", sa.Uuid(), sa.ForeignKey("exchange_request.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("jws", sa.Text(), nullable=False),
        sa.Column("envelope_digest", sa.String(43), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary()),
        sa.Column("event", CanonicalText(), nullable=False),
        sa.Column("stored_at", Milliseconds(), nullable=False),
        sa.Column("entry_index", sa.BigInteger()),
        sa.Column("r1", sa.Text()),
        sa.Column("r2", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Milliseconds(), index=True),
        sa.Column("match_id", sa.Uuid(), unique=True),
        sa.Column("student_id", sa.Uuid()),
    )
    op.create_table(
        "quarantine",
        sa.Column("peer", sa.String(200), primary_key=True),
        sa.Column("message_digest", sa.String(43), primary_key=True),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("jws", sa.Text()),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", Milliseconds(), nullable=False),
        sa.Column("last_at", Milliseconds(), nullable=False),
    )
    op.create_table(
        "peer_log",
        sa.Column("origin", sa.String(200), primary_key=True),
        sa.Column("node", sa.String(200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(43), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("seen_at", Milliseconds(), nullable=False),
    )
