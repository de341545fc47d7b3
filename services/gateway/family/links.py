"""One-time links to the family's page: 256 bits behind a `#`, of which the store has a digest; a week, once.

What is behind the `#` no browser sends: it is in no log, no proxy, no Referer, and whatever opens the address ahead of the person uses up
nothing. Whom a link is for is sealed under the link itself: the store alone does not tell it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.people import FamilyLinkNotGood, NotSignedIn
from safepassage.problems.requests import NotFound
from safepassage.wire_family import FamilyLink, FamilyLinkState, MadeFamilyLink, NewFamilyLink
from services.gateway.family import events
from services.gateway.family.link_values import SHOWN_AGAIN, LinkValue
from services.gateway.family.member import Particulars
from services.gateway.people.cookies import VALUE, digest_of_value
from services.gateway.people.sealed import seal_under, unseal_under
from services.gateway.settings import GatewaySettings
from services.gateway.tables import FamilyLinkRow, FamilySessionRow
from shared.contracts.audit import Actor
from shared.inserts import insert_into
from shared.outbox import Outbox

PAGE: Final = "/family/link"
FORGOTTEN: Final = b""
_USE: Final = b"safepassage/family-link/1"
_visit_of_link: Final = select(FamilySessionRow.digest).where(FamilySessionRow.link_id == FamilyLinkRow.id)


@dataclass(frozen=True)
class UsedLink:
    """A link that was good, and is used from now on."""

    id: UUID
    organisation_id: UUID
    particulars: Particulars


@dataclass(frozen=True)
class OpenLink:
    """A link that waits, or the visit that came of it and goes on."""

    id: UUID
    organisation_id: UUID
    member_word: str | None
    """Whom it is for, as the log calls them."""
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None


class FamilyLinkTold(Exception):
    """The same form has made the link before: it was told then, and is told no more."""


async def make_link(
    tx: AsyncSession,
    outbox: Outbox,
    settings: GatewaySettings,
    new: NewFamilyLink,
    *,
    of: LinkValue,
    organisation_id: UUID,
    student_word: str,
    member_word: str,
    actor: Actor,
    now: datetime,
) -> MadeFamilyLink:
    """A new link, with its entry for the log. That the person holds the student's rights was asked before.

    of  where a form has made it before, it is the same link that is told, for a minute and while it waits; then FamilyLinkTold is raised
    """
    digest = digest_of_value(of.value)
    clear = Particulars(student_id=new.student_id, acting_for=new.acting_for).model_dump_json().encode()
    values = {
        "id": of.id,
        "digest": digest,
        "organisation_id": organisation_id,
        "evidence_ref": new.acting_for.evidence_ref,
        "made_at": now,
        "expires_at": now + timedelta(hours=settings.family_link_hours),
        "student_word": student_word,
        "member_word": member_word,
        "sealed": seal_under(of.value, clear, use=_USE, about=digest),
    }
    adding = insert_into(tx, FamilyLinkRow).values(values).on_conflict_do_nothing(index_elements=["id"]).returning(FamilyLinkRow.id)
    first = (await tx.execute(adding)).scalar_one_or_none() is not None
    row = await tx.get_one(FamilyLinkRow, of.id)
    link = link_of(row, now)
    if first:
        whose = actor.model_copy(update={"acting_for": new.acting_for.person_id})
        outbox.record(tx, events.link_made(of.id, new.student_id, organisation_id, whose, now))
    elif link.state != "waiting" or row.made_at + SHOWN_AGAIN < now:
        raise FamilyLinkTold
    return MadeFamilyLink(**link.model_dump(), link=f"{settings.entity_id}{PAGE}#{of.value}")


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
        row.withdrawn_at, row.sealed, row.student_word, row.member_word = now, FORGOTTEN, None, None
        await tx.execute(delete(FamilySessionRow).where(FamilySessionRow.link_id == link_id))
        outbox.record(tx, events.link_withdrawn(link_id, actor, now))
    return link_of(row, now)


async def withdraw_all_of(tx: AsyncSession, outbox: Outbox, organisation_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Take back every link of an agency's that waits, or whose visit may go on: the agency has ended."""
    waits = and_(FamilyLinkRow.used_at.is_(None), FamilyLinkRow.expires_at > now)
    whose = (FamilyLinkRow.organisation_id == organisation_id, FamilyLinkRow.withdrawn_at.is_(None))
    open_ones = select(FamilyLinkRow.id).where(*whose, or_(waits, _visit_of_link.exists())).order_by(FamilyLinkRow.id)
    for link_id in (await tx.scalars(open_ones)).all():
        await withdraw_link(tx, outbox, link_id, reach=true(), actor=actor, now=now)


async def read_link(tx: AsyncSession, link_id: UUID, *, reach: ColumnElement[bool], now: datetime) -> FamilyLink:
    """One of those that the caller reaches. Raises NotFound."""
    return link_of(await _row(tx, link_id, reach), now)


async def open_links(
    tx: AsyncSession, student_word: str, *, reach: ColumnElement[bool], seen_after: datetime, now: datetime
) -> Sequence[OpenLink]:
    """Those for a student that wait, or whose visit goes on: the newest first.

    seen_after  a visit in which nothing was asked since is over
    """
    goes_on = _visit_of_link.where(FamilySessionRow.ends_at > now, FamilySessionRow.seen_at > seen_after).exists()
    waits = and_(FamilyLinkRow.used_at.is_(None), FamilyLinkRow.expires_at > now)
    whose = (FamilyLinkRow.student_word == student_word, FamilyLinkRow.withdrawn_at.is_(None), reach)
    rows = await tx.scalars(select(FamilyLinkRow).where(*whose, or_(waits, goes_on)).order_by(FamilyLinkRow.made_at.desc()))
    return [OpenLink(row.id, row.organisation_id, row.member_word, row.made_at, row.expires_at, row.used_at) for row in rows]


async def forget_old_links(tx: AsyncSession, now: datetime) -> None:
    """Whom a link was for that can be used no more, and of which no visit is left, is in the log alone."""
    known = or_(FamilyLinkRow.sealed != FORGOTTEN, FamilyLinkRow.student_word.is_not(None))
    old = (FamilyLinkRow.expires_at <= now, known, ~_visit_of_link.exists())
    await tx.execute(update(FamilyLinkRow).where(*old).values(sealed=FORGOTTEN, student_word=None, member_word=None))


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
