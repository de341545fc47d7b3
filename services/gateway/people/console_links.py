"""One-time links by which the operator of an embedded node comes in, as into a notebook server: 256 bits, ten minutes, once.

What is secret is in the URL's fragment, which no browser sends: it is in no log, no proxy, no Referer. The page puts it into its form.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.people import LinkNotGood
from services.gateway.people import events
from services.gateway.people.cookies import VALUE, digest_of_value, new_value
from services.gateway.people.sessions import Sessions, SignedIn
from services.gateway.people.settings import PeopleSettings
from services.gateway.tables import ConsoleLinkRow, OrganisationRow
from shared.database import Database
from shared.outbox import Outbox

LASTS: Final = timedelta(minutes=10)
PAGE: Final = "/sign-in/link"
SUBJECT: Final = "operator"


def make_link(tx: AsyncSession, outbox: Outbox, *, entity_id: str, now: datetime) -> str:
    """A new link, in the transaction of its entry for the log; nobody can read it again."""
    value = new_value()
    tx.add(ConsoleLinkRow(digest=digest_of_value(value), expires_at=now + LASTS))
    outbox.record(tx, events.link_made(now))
    return f"{entity_id}{PAGE}#{value}"


class ConsoleLinks:
    """Of one node, whose settings let links in."""

    def __init__(self, settings: PeopleSettings, database: Database, outbox: Outbox, sessions: Sessions) -> None:
        self._settings, self._database, self._outbox, self._sessions = settings, database, outbox, sessions

    async def use(self, link: str, *, address: str | None, now: datetime) -> str:
        """Begin the operator's session; gives its cookie. Raises LinkNotGood.

        INVARIANT: the link is gone in the transaction in which the session begins, so that it works once, whoever is first.
        """
        value = link.rpartition("#")[2].strip()
        if not self._settings.people_links or VALUE.fullmatch(value) is None:
            raise LinkNotGood
        issuer = self._settings.entity_id
        async with self._database.transaction() as tx:
            taking = delete(ConsoleLinkRow).where(ConsoleLinkRow.digest == digest_of_value(value), ConsoleLinkRow.expires_at > now)
            if (await tx.execute(taking.returning(ConsoleLinkRow.digest))).first() is None:
                raise LinkNotGood
            organisation_id = (await tx.execute(select(OrganisationRow.id).where(OrganisationRow.kind == "sea"))).scalar_one_or_none()
            if organisation_id is None:
                raise LinkNotGood("this node has no state agency yet")
            known = SignedIn(issuer, SUBJECT, None, None, "operator", "", organisation_id, None, now)
            cookie = await self._sessions.begin(tx, known, now)
            person = self._sessions.identifier_of(issuer, SUBJECT)
            self._outbox.record(tx, events.signed_in(person, organisation_id, "operator", address, now, operation="signed-in-by-link"))
        return cookie


async def forget_unused(database: Database, now: datetime) -> None:
    """Delete links that are too old."""
    async with database.transaction() as tx:
        await tx.execute(delete(ConsoleLinkRow).where(ConsoleLinkRow.expires_at <= now))
