"""A keyed tag of what is kept of a roster's student: the same again is told without opening it."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("kept_student", sa.Column("content_tag", sa.LargeBinary(16)))
