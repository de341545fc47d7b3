"""A pushed request in front of the person who is to answer it: what they are asked, and what their answer does.

Whoever controls it can let an application act for any person who signs in here.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.people import AuthorizationNotAsked, NotSignedIn, StepUpNeeded
from safepassage.problems.requests import NotPermitted, TemporarilyUnavailable
from services.gateway.oauth.authorization_details import StudentDataAccess
from services.gateway.oauth.codes.code_grant import LASTS
from services.gateway.oauth.codes.pushing import digest_of_name
from services.gateway.oauth.codes.question import Application, Question, is_recent_enough, is_strong_enough, question
from services.gateway.oauth.codes.reach import Reach, Reaching
from services.gateway.oauth.codes.redirects import answer_at, is_registered
from services.gateway.oauth.codes.refresh_tokens import digest_of_token
from services.gateway.oauth.known_clients import registered_client
from services.gateway.oauth.oauth_errors import AgreementNotVerifiable
from services.gateway.people.person import Person, keyed_digest
from services.gateway.tables import ClientRow, GivenAuthorizationRow, OrganisationRow, PushedRequestRow, SessionRow
from shared.contracts.audit import Context, Event
from shared.database import Database
from shared.outbox import Outbox

UNMET: Final = "unmet_authentication_requirements"
"""RFC 9470 section 5."""


@dataclass(frozen=True)
class Asking:
    """Of one node."""

    issuer: str
    database: Database
    outbox: Outbox
    key: bytes
    """Of the gateway's own, for names: what a person is called by one client is made of it."""
    lasts: timedelta
    development: bool
    reaching: Reaching

    async def ask(self, client_id: str, request_uri: str, person: Person, now: datetime) -> Question:
        """What the person is asked. Raises AuthorizationNotAsked, StepUpNeeded, TemporarilyUnavailable."""
        reach = await self._reach(request_uri, person, now)
        async with self.database.reading() as tx:
            request = await _pushed(tx, request_uri)
            return await self._question(tx, request, client_id, person, reach, now)

    async def answer(self, client_id: str, request_uri: str, person: Person, *, approved: bool, address: str | None, now: datetime) -> str:
        """Where the person goes with their answer. Raises AuthorizationNotAsked, StepUpNeeded, NotPermitted,
        NotSignedIn, TemporarilyUnavailable.

        INVARIANT: the request is used up in the transaction that gives the code, so of two answers one counts. INVARIANT: nobody is sent to
        an address that the client may not send people to any more, with a no neither (RFC 6749 section 4.1.2.1).
        """
        reach = await self._reach(request_uri, person, now)
        async with self.database.transaction() as tx:
            used = (
                update(PushedRequestRow)
                .where(PushedRequestRow.digest == digest_of_name(request_uri), PushedRequestRow.used_at.is_(None))
                .values(used_at=now)
                .returning(PushedRequestRow)
            )
            request = (await tx.execute(used)).scalar_one_or_none()
            asked = await self._question(tx, request, client_id, person, reach, now, answering=True)
            if not asked.application.sends_back:
                raise NotPermitted("this application may not have people sent to where it asked, or no longer")
            if not approved:
                return self._refuse(tx, asked, person, address, now)
            if asked.why_not is not None:
                raise NotPermitted("you cannot let this application do what it asks")
            back = self._give(tx, asked, person, address, now)
            await tx.flush()
            await _require_signed_in(tx, person)
            return back

    async def _reach(self, request_uri: str, person: Person, now: datetime) -> Reach | None:
        async with self.database.reading() as tx:
            request = await _pushed(tx, request_uri)
            client = None if request is None else await registered_client(tx, request.client_id, now=now)
        if request is None or client is None:
            return None
        try:
            return await self.reaching.reach(client, person.organisation_id, _details(request))
        except AgreementNotVerifiable as error:
            raise TemporarilyUnavailable("the agreement cannot be verified now") from error

    async def _question(
        self,
        tx: AsyncSession,
        request: PushedRequestRow | None,
        client_id: str,
        person: Person,
        reach: Reach | None,
        now: datetime,
        *,
        answering: bool = False,
    ) -> Question:
        if request is None or str(request.client_id) != client_id or now >= request.expires_at:
            raise AuthorizationNotAsked
        if request.used_at is not None and not answering:
            raise AuthorizationNotAsked
        if not is_recent_enough(request, person, now):
            raise StepUpNeeded
        client = await registered_client(tx, request.client_id, now=now)
        row, own = await tx.get(ClientRow, request.client_id), await tx.get(OrganisationRow, person.organisation_id)
        if client is None or row is None or own is None:
            raise AuthorizationNotAsked
        of = await tx.get_one(OrganisationRow, client.organisation_id)
        details = _details(request) if reach is None else reach.details
        sends_back = client.in_force and is_registered(request.redirect_uri, client.redirect_uris, development=self.development)
        application = Application(
            row.name,
            of.organisation.name,
            client.scopes,
            in_force=sends_back
            and client.check_grant_type("authorization_code")
            and (details is None or (details.purpose in client.purposes and not details.is_over(client.zone, now))),
            sends_back=sends_back,
            reaches_person=reach is not None,
        )
        return question(request, application, person, own.organisation.kind, details=details)

    def _refuse(self, tx: AsyncSession, asked: Question, person: Person, address: str | None, now: datetime) -> str:
        request = asked.request
        purpose = None if asked.details is None else asked.details.purpose
        context = Context(operation="authorization-refused", outcome="refused", purpose=purpose, about=f"client:{request.client_id}")
        key = f"authorization-refused:{uuid7(now)}"
        self.outbox.record(tx, Event(class_="authentication", key=key, actor=person.actor(address), context=context))
        error = "access_denied" if is_strong_enough(request, person) else UNMET
        return answer_at(request.redirect_uri, issuer=self.issuer, state=request.state, error=error)

    def _give(self, tx: AsyncSession, asked: Question, person: Person, address: str | None, now: datetime) -> str:
        request, code = asked.request, secrets.token_urlsafe(32)
        row = GivenAuthorizationRow(
            id=uuid7(now),
            client_id=request.client_id,
            organisation_id=person.organisation_id,
            subject=keyed_digest(self.key, "subject", str(request.client_id), person.identifier),
            person=person.identifier,
            role=person.role,
            granted_by=person.granted_by,
            provider_session=person.provider_session,
            acr=person.acr,
            authenticated_at=person.authenticated_at,
            redirect_uri=request.redirect_uri,
            code_challenge=request.code_challenge,
            jkt=request.jkt,
            scope=" ".join(asked.granted),
            authorization_details=None if asked.details is None else asked.details.model_dump_json(exclude_none=True),
            audience=request.audience,
            code_digest=digest_of_token(code),
            code_expires_at=now + LASTS,
            code_used_at=None,
            given_at=now,
            expires_at=now + self.lasts,
            ended_at=None,
            ended_because=None,
        )
        tx.add(row)
        context = Context(
            operation="authorization-given",
            outcome="given",
            purpose=None if asked.details is None else asked.details.purpose,
            about=f"authorization:{row.id}",
        )
        key = f"authorization:{row.id}"
        actor = person.actor(address).model_copy(update={"client_id": str(request.client_id)})
        self.outbox.record(tx, Event(class_="authentication", key=key, actor=actor, context=context))
        return answer_at(request.redirect_uri, issuer=self.issuer, state=request.state, code=code)


async def _require_signed_in(tx: AsyncSession, person: Person) -> None:
    """INVARIANT: what ends with a session is given in none that has ended: whoever ends it waits for this, and finds what was given.

    After that was written, which waits for the organization's row: whoever ends an organization has that before the sessions.
    Raises NotSignedIn.
    """
    session = select(SessionRow.digest).where(SessionRow.digest == person.session).with_for_update(read=True, key_share=True)
    if (await tx.execute(session)).first() is None:
        raise NotSignedIn


async def _pushed(tx: AsyncSession, request_uri: str) -> PushedRequestRow | None:
    return (await tx.execute(select(PushedRequestRow).where(PushedRequestRow.digest == digest_of_name(request_uri)))).scalar_one_or_none()


def _details(request: PushedRequestRow) -> StudentDataAccess | None:
    return None if request.authorization_details is None else StudentDataAccess.model_validate_json(request.authorization_details)
