"""An enrolment that a peer's notice has ended may have had an end that was to come: that is restored with it."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column("ended_enrollment", sa.Column("was_until", sa.Date(), nullable=True))
