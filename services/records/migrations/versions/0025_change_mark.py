"""The store counts changes of what a roster is made of, so that what was found of it is used again while nothing changed."""

import sqlalchemy as sa
from alembic import op

from shared.change_marks import counting

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "change_mark",
        sa.Column("slot", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
    )
    for statement in counting(op.get_bind().dialect.name, "student", "section", "enrollment", "organisation"):
        op.execute(statement)
