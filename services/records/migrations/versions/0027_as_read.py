"""A student who comes again as before is known by what reading the upload rested on, and is not read."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("source_id", sa.Column("read_tag", sa.LargeBinary(16), nullable=True))
    op.add_column("source_id", sa.Column("read_sealed", sa.LargeBinary(), nullable=True))
