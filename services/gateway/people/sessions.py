"""Sessions of people, in the store and nowhere else: any process of the gateway knows them, and an end is an end everywhere at once.

Whoever controls the store can end sessions and, with the provider's words in it, keep one going; they learn no name and no cookie.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import to_base64url
from safepassage.problems.people import NotSignedIn
from safepassage.wire_organisations import OrganisationKind
from services.gateway.people.cookies import digest_of_value, new_value
from services.gateway.people.person import Person, keyed_digest
from services.gateway.people.roles import Role
from services.gateway.people.sealed import Particulars, seal, unseal
from services.gateway.people.settings import PeopleSettings
from services.gateway.registry.in_force import IN_FORCE, is_in_force
from services.gateway.tables import OrganisationRow, SessionRow
from shared.database import Database

WRITTEN_EVERY: Final = timedelta(seconds=60)
"""That somebody was there is written so often at the most: an idle session ends up to so much earlier, never later."""


@dataclass(frozen=True)
class SignedIn:
    """What is known of a person once they have proved who they are."""

    issuer: str
    subject: str
    provider_session: str | None
    """The provider's `sid`."""
    display_name: str | None
    role: Role
    granted_by: str
    organisation_id: UUID
    acr: str | None
    authenticated_at: datetime


class Sessions:
    """Of one node. `key`: 32 bytes of the gateway's own, for names."""

    def __init__(self, database: Database, settings: PeopleSettings, key: bytes) -> None:
        self._database, self._settings = database, settings
        self._key = hmac.digest(key, b"safepassage/people/1", sha256)
        self._idle = timedelta(seconds=settings.people_idle_seconds)
        self._longest = timedelta(seconds=settings.people_session_seconds)

    def identifier_of(self, issuer: str, subject: str) -> str:
        """What the node calls a person."""
        return keyed_digest(self._key, "person", issuer, subject)

    def session_of_provider(self, issuer: str, sid: str) -> str:
        """What the node calls a session of the provider."""
        return keyed_digest(self._key, "sid", issuer, sid)

    async def begin(self, tx: AsyncSession, known: SignedIn, now: datetime, *, instead_of: Person | None = None) -> str:
        """A new session; gives the value of its cookie, which is nowhere else.

        instead_of  the session that it replaces, at a step-up: its absolute limit stays

        INVARIANT: never under a value that a browser brought, so nobody can have it before.
        """
        value = new_value()
        digest = digest_of_value(value)
        began_at, secret = now, new_value() if instead_of is None else instead_of.secret
        if instead_of is not None:
            ended = await tx.execute(delete(SessionRow).where(SessionRow.digest == instead_of.session).returning(SessionRow.began_at))
            began_at = ended.scalar_one_or_none() or now
        tx.add(
            SessionRow(
                digest=digest,
                person=self.identifier_of(known.issuer, known.subject),
                provider_session=None if known.provider_session is None else self.session_of_provider(known.issuer, known.provider_session),
                organisation_id=known.organisation_id,
                role=known.role,
                granted_by=known.granted_by,
                acr=known.acr,
                authenticated_at=known.authenticated_at,
                began_at=began_at,
                seen_at=now,
                ends_at=began_at + self._longest,
                sealed=seal(
                    Particulars(issuer=known.issuer, subject=known.subject, display_name=known.display_name, secret=secret),
                    cookie=value,
                    digest=digest,
                ),
            )
        )
        await tx.flush()
        return value

    async def find(self, cookie: str, now: datetime) -> Person:
        """Who the session of a cookie is of; it counts as used. Raises NotSignedIn."""
        digest = digest_of_value(cookie)
        row = await self._database.look(lambda connection: connection.execute(_of(digest)).one_or_none())
        if row is None:
            raise NotSignedIn
        self._require_going(row, now)
        if now >= row.seen_at + WRITTEN_EVERY:
            seen = update(SessionRow).where(SessionRow.digest == digest, SessionRow.seen_at < now).values(seen_at=now)
            await self._database.write(lambda connection: connection.execute(seen))
        particulars = unseal(row.sealed, cookie=cookie, digest=digest)
        if not hmac.compare_digest(self.identifier_of(particulars.issuer, particulars.subject), row.person):
            raise NotSignedIn("the session is another's")
        return Person(
            identifier=row.person,
            issuer=particulars.issuer,
            subject=particulars.subject,
            display_name=particulars.display_name,
            organisation_id=row.organisation_id,
            organisation_kind=cast(OrganisationKind, row.kind),
            role=cast(Role, row.role),
            granted_by=row.granted_by,
            acr=row.acr,
            authenticated_at=row.authenticated_at,
            session=digest,
            provider_session=row.provider_session,
            secret=particulars.secret or cookie,
            form_token=to_base64url(hmac.digest(self._key, b"form\0" + cookie.encode(), sha256)),
        )

    def _require_going(self, row: Any, now: datetime) -> None:
        """INVARIANT: asked at each request, of what the settings and the register say now."""
        if now < row.began_at or now >= row.ends_at or now >= row.began_at + self._longest:
            raise NotSignedIn("the session has reached its limit")
        if now >= row.seen_at + self._idle:
            raise NotSignedIn("nothing was asked for too long")
        if not is_in_force(row, now):
            raise NotSignedIn("the organization is not in force")
        if not self._settings.gives(row.role, row.granted_by):
            raise NotSignedIn("the role is not given any more")

    async def end(self, tx: AsyncSession, digest: bytes) -> bool:
        """End a session; false where it had ended already."""
        ended = await tx.execute(delete(SessionRow).where(SessionRow.digest == digest).returning(SessionRow.digest))
        return ended.first() is not None

    async def end_all(self, tx: AsyncSession, *, person: str | None = None, provider_session: str | None = None) -> list[Any]:
        """End those of a person, of a session of the provider's, or of both. Gives person, organisation_id and role of each.

        Raises ValueError where neither is named.
        """
        if person is None and provider_session is None:
            raise ValueError("whose sessions?")
        ending = delete(SessionRow).returning(SessionRow.person, SessionRow.organisation_id, SessionRow.role)
        if person is not None:
            ending = ending.where(SessionRow.person == person)
        if provider_session is not None:
            ending = ending.where(SessionRow.provider_session == provider_session)
        return list((await tx.execute(ending)).all())

    async def forget_ended(self, now: datetime) -> None:
        """Delete those that are past a limit."""
        async with self._database.transaction() as tx:
            await tx.execute(delete(SessionRow).where((SessionRow.ends_at <= now) | (SessionRow.seen_at <= now - self._idle)))


async def end_sessions_of(tx: AsyncSession, organisation_id: UUID) -> None:
    """End those of all people of an organisation."""
    await tx.execute(delete(SessionRow).where(SessionRow.organisation_id == organisation_id))


def _of(digest: bytes) -> Any:
    organisation = (OrganisationRow.kind, *IN_FORCE)
    return (
        select(SessionRow.__table__, *organisation)
        .join(OrganisationRow, OrganisationRow.id == SessionRow.organisation_id)
        .where(SessionRow.digest == digest)
    )
