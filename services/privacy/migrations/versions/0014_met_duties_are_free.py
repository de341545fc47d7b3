"""What was received under an agreement after its destruction had been shown is owed anew: a duty that was met gives its name back."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    # an obligation's id is text in SQLite, without dashes: it tells duties apart, and nothing reads it
    op.execute("UPDATE obligation SET duty = duty || ':met:' || id WHERE discharged_at IS NOT NULL")
