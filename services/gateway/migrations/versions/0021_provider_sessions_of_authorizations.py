"""What a person lets applications do is known by the session of the provider in which they did: it ends with that."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Add it; of what is older nobody knows it any more."""
    op.add_column("given_authorization", sa.Column("provider_session", sa.String(43)))
    op.create_index("ix_given_authorization_provider_session", "given_authorization", ["provider_session"])
