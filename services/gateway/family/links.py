"""One-time links to the family's page: 256 bits behind a `#`, of which the store has a digest; a week, once.

What is behind the `#` no browser sends: it is in no log, no proxy, no Referer, and whatever opens the address ahead of the person uses up
nothing. Whom a link is for is sealed under the link itself: the store alone does not tell it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.people import FamilyLinkNotGood, NotSignedIn
from safepassage.problems.requests import NotFound
from safepassage.wire_family import FamilyLink, FamilyLinkState, MadeFamilyLink, NewFamilyLink
from services.gateway.family import events
from services.gateway.family.member import Particulars
from services.gateway.people.cookies import VALUE, digest_of_value, new_value
from services.gateway.people.sealed import seal_under, unseal_under
from services.gateway.settings import GatewaySettings
from services.gateway.tables import FamilyLinkRow, FamilySessionRow
from shared.contracts.audit import Actor
from shared.outbox import Outbox

PAGE: Final = "/family/link"
FORGOTTEN: Final = b""
_USE: Final = b"safepassage/family-link/1"


@dataclass(frozen=True)
class UsedLink:
    """A link that was good, and is used from now on."""

    id: UUID
    organisation_id: UUID
    particulars: Particulars


def make_link(
    tx: AsyncSession, outbox: Outbox, settings: GatewaySettings, new: NewFamilyLink, *, organisation_id: UUID, actor: Actor, now: datetime
) -> MadeFamilyLink:
    """A new link, with its entry for the log. That the person holds the student's rights was asked before."""
    value, link_id = new_value(), uuid7(now)
    digest = digest_of_value(value)
    clear = Particulars(student_id=new.student_id, acting_for=new.acting_for).model_dump_json().encode()
    row = FamilyLinkRow(
        id=link_id,
        digest=digest,
        organisation_id=organisation_id,
        evidence_ref=new.acting_for.evidence_ref,
        made_at=now,
        expires_at=now + timedelta(hours=settings.family_link_hours),
        used_at=None,
        withdrawn_at=None,
        sealed=seal_under(value, clear, use=_USE, about=digest),
    )
    tx.add(row)
    whose = actor.model_copy(update={"acting_for": new.acting_for.person_id})
    outbox.record(tx, events.link_made(link_id, new.student_id, organisation_id, whose, now))
    return MadeFamilyLink(**link_of(row, now).model_dump(), link=f"{settings.entity_id}{PAGE}#{value}")


async def use_link(tx: AsyncSession, link: str, *, now: datetime) -> UsedLink:
    """Whom a link is for. Raises FamilyLinkNotGood.

    INVARIANT: marked as used in the transaction in which the visit begins, by one statement: of many who have it at once, one comes in.
    """
    value = link.rpartition("#")[2].strip()
    if VALUE.fullmatch(value) is None:
        raise FamilyLinkNotGood
    digest = digest_of_value(value)
    unused = (FamilyLinkRow.used_at.is_(None), FamilyLinkRow.withdrawn_at.is_(None), FamilyLinkRow.expires_at > now)
    using = update(FamilyLinkRow).where(FamilyLinkRow.digest == digest, *unused).values(used_at=now)
    row = (await tx.execute(using.returning(FamilyLinkRow.id, FamilyLinkRow.organisation_id, FamilyLinkRow.sealed))).one_or_none()
    if row is None:
        raise FamilyLinkNotGood
    await tx.execute(update(FamilyLinkRow).where(FamilyLinkRow.id == row.id).values(sealed=FORGOTTEN))
    try:
        particulars = Particulars.model_validate_json(unseal_under(value, row.sealed, use=_USE, about=digest))
    except NotSignedIn as error:
        raise FamilyLinkNotGood from error
    return UsedLink(row.id, row.organisation_id, particulars)


async def withdraw_link(
    tx: AsyncSession, outbox: Outbox, link_id: UUID, *, reach: ColumnElement[bool], actor: Actor, now: datetime
) -> FamilyLink:
    """Take a link back, used or not, and end the visit that came of it. Again is no change. Raises NotFound."""
    row = await _row(tx, link_id, reach, for_update=True)
    if row.withdrawn_at is None:
        row.withdrawn_at, row.sealed = now, FORGOTTEN
        await tx.execute(delete(FamilySessionRow).where(FamilySessionRow.link_id == link_id))
        outbox.record(tx, events.link_withdrawn(link_id, actor, now))
    return link_of(row, now)


async def read_link(tx: AsyncSession, link_id: UUID, *, reach: ColumnElement[bool], now: datetime) -> FamilyLink:
    """One of those that the caller reaches. Raises NotFound."""
    return link_of(await _row(tx, link_id, reach), now)


async def forget_old_links(tx: AsyncSession, now: datetime) -> None:
    """Whom a link was for that can be used no more is in the log alone."""
    old = (FamilyLinkRow.expires_at <= now, FamilyLinkRow.sealed != FORGOTTEN)
    await tx.execute(update(FamilyLinkRow).where(*old).values(sealed=FORGOTTEN))


async def _row(tx: AsyncSession, link_id: UUID, reach: ColumnElement[bool], *, for_update: bool = False) -> FamilyLinkRow:
    query = select(FamilyLinkRow).where(FamilyLinkRow.id == link_id, reach)
    row = (await tx.execute(query.with_for_update() if for_update else query)).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def link_of(row: FamilyLinkRow, now: datetime) -> FamilyLink:
    """The row as it is said aloud."""
    state: FamilyLinkState = "waiting" if now < row.expires_at else "expired"
    if row.used_at is not None:
        state = "used"
    if row.withdrawn_at is not None:
        state = "withdrawn"
    return FamilyLink(
        id=row.id,
        organisation_id=row.organisation_id,
        evidence_ref=row.evidence_ref,
        state=state,
        made_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        withdrawn_at=row.withdrawn_at,
    )
