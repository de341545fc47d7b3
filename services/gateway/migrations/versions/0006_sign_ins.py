"""Sign-ins that are under way, and one-time links of an embedded node's operator."""

import sqlalchemy as sa
from alembic import op

from shared.columns import Milliseconds

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "sign_in",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("browser", sa.LargeBinary(32), nullable=False),
        sa.Column("nonce", sa.String(43), nullable=False),
        sa.Column("verifier", sa.String(43), nullable=False),
        sa.Column("back", sa.String(512), nullable=False),
        sa.Column("step_up", sa.Boolean(), nullable=False),
        sa.Column("expires_at", Milliseconds(), nullable=False, index=True),
    )
    op.create_table(
        "console_link",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("expires_at", Milliseconds(), nullable=False, index=True),
    )
