"""Agreements that were on record before they had an order by their party are in it once the store is brought to head."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from services.privacy.agreement_parties import LONGEST, sorted_name
from services.privacy.tables import AgreementRow, Base, OrganisationRow
from shared.database import Database
from shared.migrations import differences, migrate
from tests.privacy.node import organisation

pytestmark = pytest.mark.anyio

BEFORE = "0010"
NAMES = ("Zebra Learning", "Élan", "acorn", "ß" * 150)
"""The last is longer than the column once its letters are taken apart."""
UNKNOWN = UUID(int=9)
"""A party of whom the service has no name."""
AGREEMENT = sa.table(
    "agreement", *(sa.column(one.name, one.type) for one in AgreementRow.__table__.columns if one.name != "recipient_name")
)
"""As it was."""


async def test_agreements_of_before_are_sorted_by_the_name_of_their_party(empty_url: str) -> None:
    database = Database(empty_url)
    await migrate("privacy", database, to=BEFORE)
    parties = [organisation("vendor", name) for name in NAMES]
    terms = {"starts_on": date(2025, 7, 1), "ends_on": date(2027, 6, 30), "recorded_at": datetime(2025, 7, 1, tzinfo=UTC), "epoch": 0}
    of_vendor = {"kind": "vendor", "valid_from": date(2020, 1, 1), "version": 1}
    async with database.transaction() as tx:
        for party in parties:
            await tx.execute(sa.insert(OrganisationRow).values(id=party.id, whole=party.model_dump_json(), **of_vendor))
        for party_id in [*(one.id for one in parties), parties[0].id, UNKNOWN]:
            await tx.execute(sa.insert(AGREEMENT).values(id=uuid4(), recipient_id=party_id, whole="{}", **terms))
    await migrate("privacy", database)
    async with database.reading() as tx:
        query = sa.select(AgreementRow.recipient_id, AgreementRow.recipient_name, AgreementRow.ends_on)
        rows = (await tx.execute(query)).all()
    assert len(rows) == len(NAMES) + 2, "none is lost"
    expected = {party.id: sorted_name(party.name) for party in parties} | {UNKNOWN: ""}
    assert all((row.recipient_name, row.ends_on) == (expected[row.recipient_id], terms["ends_on"]) for row in rows)
    assert sorted(expected.values()) == ["", "acorn", "elan", "s" * LONGEST, "zebra learning"]
    assert await differences("privacy", database, Base.metadata) == []
    await database.close()
