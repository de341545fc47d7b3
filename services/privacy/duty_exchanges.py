"""Which exchange serves a duty: the store has a keyed digest of the exchange, so that it does not tell whose exchange has one."""

import re
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from safepassage.canonical import digest_of
from safepassage.problems.rights import NoSuchDuty
from services.privacy.tables import DutyExchangeRow, DutyRow, OrganisationRow
from shared import prepared
from shared.inserts import DIALECTS, insert_of
from shared.keys import SigningKey
from shared.tenancy import belongs_to

_EXCHANGE: Final = re.compile(r"exchange:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")

DUTY_SERVED = {dialect: insert_of(dialect, DutyExchangeRow).on_conflict_do_nothing() for dialect in DIALECTS}


def exchange_key(secret: SigningKey, exchange_id: UUID) -> str:
    """Names the exchange to the holder of the node's key alone: Ed25519 is deterministic."""
    return digest_of(secret.sign(b"safepassage/exchange-key" + bytes(1) + exchange_id.bytes))


def exchange_about(about: str | None) -> UUID | None:
    """The exchange of `exchange:<id>`."""
    found = None if about is None else _EXCHANGE.fullmatch(about)
    return None if found is None else UUID(found[1])


def serving(secret: SigningKey, exchange_id: UUID, duty_keys: Sequence[str]) -> list[dict[str, Any]]:
    """The rows that say so, for `serve`."""
    if not duty_keys:
        return []
    key = exchange_key(secret, exchange_id)
    return [{"exchange_key": key, "duty_key": duty_key} for duty_key in duty_keys]


_NAMED = select(DutyRow.key).where(
    DutyRow.id.in_(bindparam("duty_ids", expanding=True)),
    belongs_to(DutyRow.custodian_id, OrganisationRow, bindparam("organisation_id", type_=DutyRow.custodian_id.type)),
)


def named_duties(connection: Connection, duty_ids: Sequence[UUID], organisation_id: UUID | None) -> list[str]:
    """The keys of duties of the asker's organisation, or of those below it. Raises NoSuchDuty for any other, there or not."""
    if not duty_ids:
        return []
    named = sorted(set(duty_ids))
    asked = {"duty_ids": named, "organisation_id": organisation_id}
    keys = [] if organisation_id is None else [row.key for row in prepared.rows(connection, _NAMED, asked)]
    if len(keys) != len(named):
        raise NoSuchDuty(field="duty_ids")
    return keys


_SERVED = select(DutyExchangeRow.duty_key).where(DutyExchangeRow.exchange_key == bindparam("exchange_key"))


def duties_served(connection: Connection, secret: SigningKey, exchange_id: UUID | None) -> list[str]:
    """The keys of the duties that an exchange serves, whoever named them then. Those that have ended meanwhile stay as they are."""
    if exchange_id is None:
        return []
    return [row.duty_key for row in prepared.rows(connection, _SERVED, {"exchange_key": exchange_key(secret, exchange_id)})]


def serve(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Keep that the exchange serves the duties, which are there."""
    if rows:
        prepared.change_each(connection, DUTY_SERVED[connection.dialect.name], rows)
