"""Duties are listed by when they began, too."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_index("ix_duty_begins_at", "duty", ["begins_at"])
