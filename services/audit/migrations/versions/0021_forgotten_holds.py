"""A hold whose student was destroyed names nobody any more: by which destruction."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("hold", sa.Column("destruction_id", sa.Uuid()))
