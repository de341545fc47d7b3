"""A place in a status list for each credential, drawn at random: who reads the list does not learn whose neighbour was revoked."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import Connection, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.credentials.status_list import PLACES
from services.records.tables import IssuedCredentialRow
from shared.inserts import insert_into

Kind = Literal["transcript", "educator"]

HALF_FULL: Final = PLACES // 2
"""Of these places a list's are given out; then there is another list, so that a draw seldom meets one that is taken."""


@dataclass(frozen=True)
class Place:
    """Where a credential's status is told."""

    list_number: int
    index: int


async def take_place(
    tx: AsyncSession, credential_id: UUID, *, kind: Kind, student_id: UUID | None, organisation_id: UUID, now: datetime
) -> Place:
    """Put it on record that a credential is going to be issued. INVARIANT: whatever is given away can be revoked."""
    number, taken = await _newest(tx)
    if taken >= HALF_FULL:
        number += 1
    while True:
        place = Place(number, secrets.randbelow(PLACES))
        row = {
            "id": credential_id,
            "kind": kind,
            "student_id": student_id,
            "organisation_id": organisation_id,
            "list_number": place.list_number,
            "place": place.index,
            "issued_at": now,
        }
        statement = insert_into(tx, IssuedCredentialRow).values(row)
        drawn = await tx.execute(
            statement.on_conflict_do_nothing(index_elements=["list_number", "place"]).returning(IssuedCredentialRow.id)
        )
        if drawn.first() is not None:
            return place


async def _newest(tx: AsyncSession) -> tuple[int, int]:
    """The newest list, and how many of its places are taken."""
    taken = func.count(IssuedCredentialRow.id)
    query = select(IssuedCredentialRow.list_number, taken).group_by(IssuedCredentialRow.list_number)
    row = (await tx.execute(query.order_by(IssuedCredentialRow.list_number.desc()).limit(1))).first()
    return (1, 0) if row is None else (row[0], row[1])


def revoked_places(connection: Connection, number: int) -> tuple[int, ...] | None:
    """The places of a list whose credentials were revoked; None if there is no such list."""
    one = select(IssuedCredentialRow.id).where(IssuedCredentialRow.list_number == number).limit(1)
    if number != 1 and connection.execute(one).first() is None:
        return None
    query = select(IssuedCredentialRow.place).where(IssuedCredentialRow.list_number == number, IssuedCredentialRow.revoked_at.is_not(None))
    return tuple(connection.scalars(query.order_by(IssuedCredentialRow.place)))
