"""A page of decisions, and what of an agreement is used, take as many rows as there are on it, however many decisions the node has made."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import Connection, Select, insert, select

from safepassage.ids import uuid7
from services.privacy.decision_pages import _asked
from services.privacy.recorded_decisions import read_within
from services.privacy.tables import DecisionCustodianRow, DecisionRow, OrganisationRow
from shared.caller import Caller
from shared.database import Database
from shared.internal_token import CallerClaims, Principal
from shared.migrations import migrate
from tests.records.statements import steps

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
STATE, DISTRICT, AGREEMENT, OTHER = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)


def caller(organisation: UUID, kind: str) -> Caller:
    claims = {"client_id": "c", "organisation_id": organisation, "organisation_kind": kind, "role": "staff", "scopes": (), "details": {}}
    return Caller(CallerClaims.model_validate(claims), cast("Principal", None))


def store(connection: Connection, count: int, agreement: UUID, *, first: int) -> None:
    """So many decisions, one a second, the later the newer."""
    ids = [uuid7(NOON + timedelta(seconds=first + number)) for number in range(count)]
    one: dict[str, Any] = {"decided_at": NOON, "valid_until": NOON, "action": "disclose", "exchange_id": None, "policy_hash": "A" * 43}
    one |= {"agreement_id": agreement, "secret": False, "sealed_record": b"r", "sealed_input": b"i", "sealed_outcome": b"o"}
    connection.execute(insert(DecisionRow), [{"id": it, **one} for it in ids])
    connection.execute(insert(DecisionCustodianRow), [{"decision_id": it, "custodian_id": DISTRICT} for it in ids])


def found_by(query: Select[Any]) -> Callable[[Connection], Any]:
    return lambda connection: connection.execute(query).all()


async def test_no_more_is_looked_at_where_there_are_more(tmp_path: Path) -> None:
    database = Database(f"sqlite+inline:///{tmp_path}/privacy.db")
    await migrate("privacy", database)
    page = _asked(caller(STATE, "sea"), None, None, None).order_by(DecisionRow.id.desc()).limit(20)
    used = select(DecisionRow.id).where(DecisionRow.agreement_id == AGREEMENT, read_within(DISTRICT))

    def look(connection: Connection) -> None:
        for identifier, kind, parent in ((STATE, "sea", None), (DISTRICT, "lea", STATE)):
            row = {"id": identifier, "kind": kind, "parent_id": parent, "valid_from": date(2020, 1, 1), "version": 1, "whole": "{}"}
            connection.execute(insert(OrganisationRow).values(row))
        store(connection, 50, AGREEMENT, first=0)
        few = [steps(connection, found_by(query)) for query in (page, used)]
        store(connection, 2_000, OTHER, first=1_000)
        many = [steps(connection, found_by(query)) for query in (page, used)]
        assert all(after <= before * 1.5 + 5 for before, after in zip(few, many, strict=True)), (few, many)
        assert len(connection.execute(used).all()) == 50

    await database.write(look)
    await database.close()
