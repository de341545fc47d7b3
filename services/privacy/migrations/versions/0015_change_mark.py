"""The store counts changes of what decisions rest on, so that whoever was answered knows whether the answer would be the same."""

import sqlalchemy as sa
from alembic import op

from shared.change_marks import counting

revision = "0015"
down_revision = "0014"

GROUNDS = (
    "subject", "consent", "agreement", "agreement_district", "agreement_amendment", "evidence", "debarment", "preference", "organisation",
    "policy_set", "policy_activation", "policy_call_off",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "change_mark",
        sa.Column("slot", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
    )
    for statement in counting(op.get_bind().dialect.name, *GROUNDS):
        op.execute(statement)
