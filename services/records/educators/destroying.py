"""Destroying what the store holds of an educator: every credential that an agency keeps, and what requests say of who it is.

What is deleted here is in older copies of the store still, wrapped. Once everything that stays is wrapped by a new version of the
key-encryption key, and the version before is destroyed, no copy opens it (docs/decisions/0025). A credential that was issued can be revoked
afterwards as before: its place in the status list tells of nobody.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.claims import read_closed
from safepassage.problems.credentials import EducatorInExchange, NoSuchEducator
from safepassage.problems.records import SealBroken
from safepassage.request import Selector
from services.records.exchange.states import FOLLOWS, UNDELIVERED, Asked, Request
from services.records.tables import EducatorCredentialRow, ExchangeRequestRow, OutgoingEnvelopeRow, PeerRequestRow
from services.records.vault import Vault, of_exchange
from shared.key_encryption import WrappedKeyRefused

DESTROYED = b""
_OVER = tuple(state for state in Asked if not FOLLOWS[Asked][state])


async def destroy_educator(tx: AsyncSession, vault: Vault, educator_id: UUID) -> tuple[int, UUID]:
    """How many credentials went, and who kept them.

    Raises NoSuchEducator; EducatorInExchange where they are on their way, or are asked for: that is over, or withdrawn, first. SealBroken.
    """
    table = EducatorCredentialRow
    keepers = (
        await tx.scalars(select(table.organisation_id).where(table.educator_id == educator_id).order_by(table.id).with_for_update())
    ).all()
    if not keepers:
        raise NoSuchEducator
    asked = [row async for row in _about(tx, vault, ExchangeRequestRow, educator_id)]
    taken = [row async for row in _about(tx, vault, PeerRequestRow, educator_id)]
    sent = OutgoingEnvelopeRow.student_id == educator_id  # the column has whom an answer is about
    waits = (await tx.scalars(select(OutgoingEnvelopeRow.id).where(sent, OutgoingEnvelopeRow.state.in_(UNDELIVERED)).limit(1))).first()
    if waits or any(row.state not in _OVER for row in asked) or any(row.state in (Request.ACCEPTED, Request.WAITING) for row in taken):
        raise EducatorInExchange
    for row in (ExchangeRequestRow, PeerRequestRow):
        ids = [one.id for one in (*asked, *taken) if isinstance(one, row)]
        await tx.execute(update(row).where(row.id.in_(ids)).values(particulars=DESTROYED))
    await tx.execute(update(OutgoingEnvelopeRow).where(sent).values(ciphertext=None))
    await tx.execute(delete(table).where(table.educator_id == educator_id))
    return len(keepers), keepers[0]


async def _about(tx: AsyncSession, vault: Vault, row: Any, educator_id: UUID) -> AsyncIterator[Any]:
    """The requests of one side that are about the educator: each is opened, for nothing in clear tells."""
    for one in (await tx.scalars(select(row).where(row.is_educators, row.particulars != DESTROYED))).all():
        if educator_id in _ids(vault, one):
            yield one


def _ids(vault: Vault, row: ExchangeRequestRow | PeerRequestRow) -> Iterator[UUID]:
    """Under which id the node knows whom a request is about: as the agency that keeps the credentials, or has asked for them."""
    try:
        opened = vault.provider.unwrap(row.particulars, context=of_exchange(row.id))
    except WrappedKeyRefused as error:
        raise SealBroken from error
    educator = read_closed(opened, model=Selector).educator
    if educator is not None:
        organisation_id = row.receiving_organisation_id if isinstance(row, ExchangeRequestRow) else educator.authority
        known = educator.identifier
        yield vault.tags.educator(organisation_id, known.system, known.value, educator.name, educator.birth_date)
