"""What did not arrive is listed, the other side is told, and answers are recalled. What had ended before is listed too."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0006"
down_revision = "0005"

_LETTERS = "INSERT INTO dead_letter (id, kind, state, peer, exchange_id, code, since, expires_at) "
_ANSWERS = (
    _LETTERS + "SELECT e.id, 'answer', 'open', e.recipient_node, r.exchange_id, COALESCE(e.problem_code, 'expired'), e.leaves_at, "
    "e.expires_at FROM outgoing_envelope AS e JOIN peer_request AS r ON r.id = e.request_id "
    "WHERE e.state IN ('rejected', 'expired')"
)
_REQUESTS = (
    _LETTERS + "SELECT id, 'request', 'open', holder, id, COALESCE(problem_code, 'unanswered'), requested_at, expires_at "
    "FROM exchange_request AS r WHERE state IN ('refused', 'rejected') "
    "OR (state = 'expired' AND NOT EXISTS (SELECT 1 FROM incoming_envelope AS i WHERE i.exchange_id = r.id))"
)


def upgrade() -> None:
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("peer", sa.String(200), nullable=False),
        sa.Column("exchange_id", sa.Uuid()),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("since", Milliseconds(), nullable=False),
        sa.Column("expires_at", Milliseconds()),
        sa.Column("acted_at", Milliseconds()),
        sa.Column("client_id", sa.String(200)),
        sa.Column("official", sa.String(64)),
        sa.Column("role", sa.String(64)),
        sa.Column("reason", sa.String(32)),
        sa.Column("requeued_as", sa.Uuid()),
    )
    op.create_index("ix_dead_letter_state", "dead_letter", ["state", "since", "id"])
    op.create_table(
        "exchange_ending",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("peer", sa.String(200), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("envelope_id", sa.Uuid()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("lapses_at", Milliseconds(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Milliseconds(), index=True),
        sa.Column("problem_code", sa.String(64)),
    )
    op.add_column("exchange_request", sa.Column("withdrawn_answers", sa.Text()))
    op.add_column("exchange_request", sa.Column("requeued_as", sa.Uuid()))
    op.add_column("peer_request", sa.Column("held_back_at", Milliseconds()))
    op.execute(_ANSWERS)
    op.execute(_REQUESTS)
