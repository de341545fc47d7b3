"""Whose tokens a client may exchange; scopes that are URLs are written down whole."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("client", sa.Column("may_exchange", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("scope_use") as scope_use:
        scope_use.alter_column("scope", type_=sa.String(100), existing_type=sa.String(64), existing_nullable=False)
