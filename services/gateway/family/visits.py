"""Visits of family members, in the store and nowhere else: any process of the gateway knows them, and an end is an end everywhere at once.

Whoever controls the store can end visits; who visits, and which student's record, is sealed under a cookie that is not in it.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import to_base64url
from safepassage.problems.people import FamilyLinkNotGood, FamilyVisitOver, NotSignedIn
from safepassage.wire_organisations import Organisation, OrganisationKind
from services.gateway.family import events
from services.gateway.family.links import OpenLink, forget_old_links, open_links, use_link
from services.gateway.family.member import Member, Particulars
from services.gateway.people.cookies import digest_of_value, new_value
from services.gateway.people.person import keyed_digest
from services.gateway.people.sealed import seal_under, unseal_under
from services.gateway.people.sessions import WRITTEN_EVERY
from services.gateway.registry.in_force import IN_FORCE, is_in_force
from services.gateway.settings import GatewaySettings
from services.gateway.tables import FamilyLinkRow, FamilySessionRow, OrganisationRow
from shared.database import Database
from shared.outbox import Outbox

_USE: Final = b"safepassage/family-visit/1"


class Visits:
    """Of one node. `key`: 32 bytes of the gateway's own, for the words by which the log has people."""

    def __init__(self, database: Database, settings: GatewaySettings, outbox: Outbox, key: bytes) -> None:
        self._database, self._settings, self._outbox = database, settings, outbox
        self._key = hmac.digest(key, b"safepassage/family/1", sha256)
        self._idle = timedelta(seconds=settings.family_idle_seconds)
        self._longest = timedelta(seconds=settings.family_session_seconds)

    def word_of(self, organisation_id: UUID, person_id: UUID) -> str:
        """What the log calls a family member of an agency's: the same at each visit."""
        return keyed_digest(self._key, "member", str(organisation_id), str(person_id))

    def word_of_student(self, student_id: UUID) -> str:
        """By which an agency finds the links for a student's family. In no log."""
        return keyed_digest(self._key, "student", str(student_id))

    async def begin(self, link: str, *, address: str | None, now: datetime) -> str:
        """Use a link; gives the value of the visit's cookie, which is nowhere else. Raises FamilyLinkNotGood.

        INVARIANT: never under a value that a browser brought, so nobody can have it before.
        """
        value = new_value()
        digest = digest_of_value(value)
        async with self._database.transaction() as tx:
            used = await use_link(tx, link, now=now)
            particulars = used.particulars.model_copy(update={"secret": new_value()})
            tx.add(
                FamilySessionRow(
                    digest=digest,
                    link_id=used.id,
                    began_at=now,
                    seen_at=now,
                    ends_at=now + self._longest,
                    sealed=seal_under(value, particulars.model_dump_json().encode(), use=_USE, about=digest),
                )
            )
            await tx.flush()
            row = (await tx.execute(_of(digest))).one()
            if not is_in_force(row, now):
                raise FamilyLinkNotGood
            self._outbox.record(tx, events.link_used(self._member(row, particulars, value), address, now))
        return value

    async def find(self, cookie: str, now: datetime) -> Member:
        """Whose visit a cookie is of; it counts as going on. Raises FamilyVisitOver."""
        digest = digest_of_value(cookie)
        row = await self._database.look(lambda connection: connection.execute(_of(digest)).one_or_none())
        if row is None or row.withdrawn_at is not None:
            raise FamilyVisitOver
        self._require_going(row, now)
        if now >= row.seen_at + WRITTEN_EVERY:
            seen = update(FamilySessionRow).where(FamilySessionRow.digest == digest, FamilySessionRow.seen_at < now).values(seen_at=now)
            await self._database.write(lambda connection: connection.execute(seen))
        try:
            particulars = Particulars.model_validate_json(unseal_under(cookie, row.sealed, use=_USE, about=digest))
        except NotSignedIn as error:
            raise FamilyVisitOver from error
        return self._member(row, particulars, cookie)

    def _require_going(self, row: Any, now: datetime) -> None:
        """INVARIANT: asked at each request, of what the settings and the register say now."""
        if now < row.began_at or now >= row.ends_at or now >= row.began_at + self._longest or now >= row.seen_at + self._idle:
            raise FamilyVisitOver
        if not is_in_force(row, now):
            raise FamilyVisitOver("the agency is not in force")

    def _member(self, row: Any, particulars: Particulars, cookie: str) -> Member:
        organisation = Organisation.model_validate_json(row.whole)
        return Member(
            word=self.word_of(row.organisation_id, particulars.acting_for.person_id),
            student_id=particulars.student_id,
            acting_for=particulars.acting_for,
            organisation_id=row.organisation_id,
            organisation_kind=cast(OrganisationKind, row.kind),
            organisation_name=organisation.name,
            time_zone=organisation.time_zone,
            session=row.digest,
            link_id=row.link_id,
            form_token=to_base64url(hmac.digest(self._key, b"form\0" + cookie.encode(), sha256)),
            secret=particulars.secret or cookie,
        )

    async def end(self, tx: AsyncSession, member: Member, *, address: str | None, now: datetime) -> None:
        """They leave."""
        ending = delete(FamilySessionRow).where(FamilySessionRow.digest == member.session)
        if (await tx.execute(ending.returning(FamilySessionRow.digest))).first() is not None:
            self._outbox.record(tx, events.left(member, address, now))

    async def forget_ended(self, now: datetime) -> None:
        """Delete visits that are past a limit, and what links that are too old told.

        INVARIANT: nobody waits for a link who holds a visit. Who withdraws one has the link, and then ends its visit.
        """
        async with self._database.transaction() as tx:
            await tx.execute(
                delete(FamilySessionRow).where((FamilySessionRow.ends_at <= now) | (FamilySessionRow.seen_at <= now - self._idle))
            )
        async with self._database.transaction() as tx:
            await forget_old_links(tx, now)

    async def open_links(self, tx: AsyncSession, student_id: UUID, *, reach: ColumnElement[bool], now: datetime) -> Sequence[OpenLink]:
        """What can be withdrawn of the links for a student's family, of those that the caller reaches: the newest first."""
        return await open_links(tx, self.word_of_student(student_id), reach=reach, seen_after=now - self._idle, now=now)


def _of(digest: bytes) -> Any:
    organisation = (OrganisationRow.kind, OrganisationRow.whole, *IN_FORCE)
    link = (FamilyLinkRow.organisation_id, FamilyLinkRow.withdrawn_at)
    return (
        select(FamilySessionRow.__table__, *link, *organisation)
        .join(FamilyLinkRow, FamilyLinkRow.id == FamilySessionRow.link_id)
        .join(OrganisationRow, OrganisationRow.id == FamilyLinkRow.organisation_id)
        .where(FamilySessionRow.digest == digest)
    )
