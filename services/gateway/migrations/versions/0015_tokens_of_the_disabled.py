"""A client that is let in again does not get back the tokens that it had when it was disabled."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("client", sa.Column("tokens_ended_at", Milliseconds(), nullable=True))
