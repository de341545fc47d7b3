"""An exchange is found by its id alone, and what went on of a student by the student: for redisclosure chains."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("ix_peer_request_exchange_id", "peer_request", ["exchange_id"])
    op.create_index("ix_peer_request_student_id", "peer_request", ["student_id"])
