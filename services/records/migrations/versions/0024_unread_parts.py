"""Records of which not all could be read are found at each start without looking at every section."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_UNREAD = sa.text("section = 'unread'")


def upgrade() -> None:
    op.create_index("ix_section_unread", "section", ["student_id"], sqlite_where=_UNREAD, postgresql_where=_UNREAD)
