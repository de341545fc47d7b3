"""A sign-in comes back to addresses as long as the console's are."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Wider."""
    with op.batch_alter_table("sign_in") as sign_in:
        sign_in.alter_column("back", type_=sa.String(2048), existing_type=sa.String(512), existing_nullable=False)
