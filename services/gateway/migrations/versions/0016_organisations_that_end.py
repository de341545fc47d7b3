"""What came of an organisation that ends ends with it, and does not come back where the organisation does."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("organisation", sa.Column("tokens_ended_at", Milliseconds(), nullable=True))
