"""Agreements are listed by the name of their party, duties by their kind, and sets of rules by instant or title: an index in each order."""

import json

import sqlalchemy as sa
from alembic import op

from shared.word_order import in_words

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("agreement", sa.Column("recipient_name", sa.String(200), nullable=False, server_default=""))
    connection = op.get_bind()
    organisation = sa.table("organisation", sa.column("id", sa.Uuid()), sa.column("whole", sa.Text()))
    agreement = sa.table("agreement", sa.column("recipient_id", sa.Uuid()), sa.column("recipient_name", sa.String(200)))
    parties = sa.select(agreement.c.recipient_id)
    for party in connection.execute(sa.select(organisation).where(organisation.c.id.in_(parties))).all():
        name = in_words(json.loads(party.whole)["name"])[:200]
        connection.execute(sa.update(agreement).where(agreement.c.recipient_id == party.id).values(recipient_name=name))
    op.create_index("ix_agreement_recipient_name", "agreement", ["recipient_name", "id"])
    op.create_index("ix_policy_set_recorded_at", "policy_set", ["recorded_at", "policy_hash"])
    op.create_index("ix_policy_set_title", "policy_set", ["title", "policy_hash"])
    op.drop_index("ix_duty_kind", "duty")
    op.create_index("ix_duty_kind_overdue_at", "duty", ["kind", "overdue_at", "id"])
