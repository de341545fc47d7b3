"""Cosignatures of old checkpoints may go, but for one an hour: a later one covers every earlier entry. None is ever changed."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER cosignature_refuses_delete")
        return
    op.execute("DROP TRIGGER cosignature_refuses_change ON cosignature")
    op.execute(
        "CREATE TRIGGER cosignature_refuses_change BEFORE UPDATE OR TRUNCATE ON cosignature FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("GRANT DELETE ON cosignature TO CURRENT_USER")
