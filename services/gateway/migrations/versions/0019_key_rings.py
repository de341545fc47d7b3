"""Which keys the log was last told of; and by which of the provider's words somebody had the role in which they let an application act."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "key_ring",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("mark", sa.String(43), nullable=False),
    )
    op.add_column("given_authorization", sa.Column("granted_by", sa.String(200)))
