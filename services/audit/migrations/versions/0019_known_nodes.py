"""Every node that was ever on the trust list, with its state: of the lists that this store has."""

import base64
import json

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """The table, filled as services.audit.known_nodes does."""
    known_node = op.create_table(
        "known_node",
        sa.Column("entity_id", sa.String(300), primary_key=True),
        sa.Column("state", sa.String(2), primary_key=True),
        sa.Column("agency", sa.String(200), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
    )
    known: dict[tuple[str, str], dict[str, object]] = {}
    for serial, document in op.get_bind().execute(sa.text("SELECT serial, document FROM trust_list ORDER BY serial")):
        payload = json.loads(document)["payload"]
        for member in json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["members"]:
            place = member["entity_id"], member["state"]
            known[place] = {"entity_id": place[0], "state": place[1], "agency": member["organisation"], "serial": serial}
    op.bulk_insert(known_node, list(known.values()))
