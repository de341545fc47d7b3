"""Signing in at the agency's provider: there with state, nonce and a proof of the code; back once, in the same browser, within ten minutes.

OpenID Connect Core 1.0 section 3.1 (authorization code), RFC 7636 (S256), RFC 9207. What binds the answer to this sign-in is in the store.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems import SuiteError
from safepassage.problems.people import NoRoleHere, NotSignedIn, SignInDeclined, SignInNotBelieved, SignInNotUnderWay
from services.gateway.people import events
from services.gateway.people.cookies import VALUE, digest_of_value, new_value
from services.gateway.people.id_token import require_identity
from services.gateway.people.person import Person
from services.gateway.people.provider import Provider
from services.gateway.people.role_claims import GivenRole, role_of
from services.gateway.people.sessions import Sessions, SignedIn
from services.gateway.people.settings import PeopleSettings
from services.gateway.registry.in_force import agency_zone, day_in, is_there
from services.gateway.tables import OrganisationRow, SignInRow
from shared.clock import Clock
from shared.database import Database
from shared.outbox import Outbox

LASTS: Final = timedelta(minutes=10)
CALLBACK: Final = "/sign-in/callback"
TYPES: Final = ("jwt",)
MOST_CODE: Final = 2048


@dataclass(frozen=True)
class Began:
    """Where the browser goes, and the cookie by which it is known when it comes back."""

    location: str
    cookie: str


@dataclass(frozen=True)
class Finished:
    """Where the browser goes, and its new session's cookie."""

    location: str
    cookie: str


class SignIn:
    """Of one node."""

    def __init__(
        self, settings: PeopleSettings, database: Database, outbox: Outbox, sessions: Sessions, provider: Provider, clock: Clock
    ) -> None:
        self._settings, self._database, self._outbox = settings, database, outbox
        self._sessions, self._provider, self._clock = sessions, provider, clock
        self._redirect_uri = settings.entity_id + CALLBACK

    async def begin(self, *, back: str, step_up: bool) -> Began:
        """Send the person to the provider. Raises ProviderNotReached."""
        metadata, now = await self._provider.metadata(), self._clock()
        state, browser, nonce, verifier = new_value(), new_value(), new_value(), new_value()
        async with self._database.transaction() as tx:
            tx.add(
                SignInRow(
                    digest=digest_of_value(state),
                    browser=digest_of_value(browser),
                    nonce=nonce,
                    verifier=verifier,
                    back=back,
                    step_up=step_up,
                    expires_at=now + LASTS,
                )
            )
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": self._settings.people_scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "max_age": str(int(self._at_most(step_up).total_seconds())),
        }
        if step_up and self._settings.people_strong_acr:
            asked["acr_values"] = " ".join(self._settings.people_strong_acr)
        mark = "&" if "?" in metadata.authorization_endpoint else "?"
        return Began(f"{metadata.authorization_endpoint}{mark}{urlencode(asked)}", browser)

    async def finish(self, answer: Mapping[str, str], *, browser: str | None, session: str | None, address: str | None) -> Finished:
        """The person is back, with the provider's answer.

        answer   the callback's query, each parameter once
        browser  the cookie that `begin` gave
        session  the cookie of the session that the browser has, if any: it ends, and at a step-up its person must be the same

        Raises SignInNotUnderWay, SignInNotBelieved, SignInDeclined, ProviderNotReached, NoRoleHere, GroupsNotTold.
        """
        row = await self._take(answer.get("state"), browser, self._clock())
        metadata = await self._provider.metadata()
        code = self._code_in(answer, says_issuer=metadata.says_issuer)
        token = await self._provider.exchange(code, verifier=row.verifier, redirect_uri=self._redirect_uri)
        claims = await self._provider.payload_of(token, types=TYPES)
        now = self._clock()  # the provider had its time
        identity = require_identity(
            claims,
            issuer=self._provider.issuer,
            client_id=self._provider.client_id,
            nonce=row.nonce,
            now=now,
            at_most=self._at_most(row.step_up),
            acr_values=self._settings.people_strong_acr if row.step_up else (),
        )
        person = self._sessions.identifier_of(self._provider.issuer, identity.subject)
        given, organisation_id = await self._let_in(claims, person, address, now)
        before = await self._before(session, now)
        if row.step_up and before is not None and before.identifier != person:
            raise SignInNotBelieved("another person signed in than the one who was asked to confirm")
        known = SignedIn(
            issuer=self._provider.issuer,
            subject=identity.subject,
            provider_session=identity.provider_session,
            display_name=identity.display_name,
            role=given.role,
            granted_by=given.granted_by,
            organisation_id=organisation_id,
            acr=identity.acr,
            authenticated_at=identity.authenticated_at,
        )
        async with self._database.transaction() as tx:
            cookie = await self._begin_session(tx, known, before, now, step_up=row.step_up)
            operation = "stepped-up" if row.step_up and before is not None else "signed-in"
            self._outbox.record(tx, events.signed_in(person, organisation_id, given.role, address, now, operation=operation))
        return Finished(row.back, cookie)

    async def _let_in(self, claims: Mapping[str, Any], person: str, address: str | None, now: datetime) -> tuple[GivenRole, UUID]:
        """The role and organisation that a person has here. Who has none is on the log, too. Raises NoRoleHere, GroupsNotTold."""
        try:
            given = role_of(claims, self._settings)
            return given, await self._organisation(given, now)
        except SuiteError as error:
            async with self._database.transaction() as tx:
                self._outbox.record(tx, events.not_let_in(person, error.code, address, now))
            raise

    def _code_in(self, answer: Mapping[str, str], *, says_issuer: bool) -> str:
        """The code with which the provider came back. Raises SignInNotBelieved, SignInDeclined.

        says_issuer  whether the provider has said that its answers name it (RFC 9207): then one that does not is another's
        """
        if answer.get("iss", None if says_issuer else self._provider.issuer) != self._provider.issuer:
            raise SignInNotBelieved("the answer does not come from the agency's provider (iss)")
        code = answer.get("code")
        if "error" in answer or code is None:
            raise SignInDeclined
        if not 1 <= len(code) <= MOST_CODE:
            raise SignInNotBelieved("the code is longer than any")
        return code

    async def _begin_session(self, tx: AsyncSession, known: SignedIn, before: Person | None, now: datetime, *, step_up: bool) -> str:
        if before is not None and not step_up:
            await self._sessions.end(tx, before.session)
            before = None
        return await self._sessions.begin(tx, known, now, instead_of=before)

    async def _take(self, state: str | None, browser: str | None, now: datetime) -> Any:
        """The sign-in under way, which from now on is not. Raises SignInNotUnderWay.

        INVARIANT: deleted before anything else is looked at, so that an answer counts once, whatever comes of it.
        """
        if state is None or VALUE.fullmatch(state) is None or browser is None:
            raise SignInNotUnderWay
        mine = (SignInRow.digest == digest_of_value(state), SignInRow.browser == digest_of_value(browser), SignInRow.expires_at > now)
        taking = delete(SignInRow).where(*mine).returning(SignInRow.nonce, SignInRow.verifier, SignInRow.back, SignInRow.step_up)
        async with self._database.transaction() as tx:
            row = (await tx.execute(taking)).one_or_none()
        if row is None:
            raise SignInNotUnderWay
        return row

    async def _organisation(self, given: GivenRole, now: datetime) -> UUID:
        """The state agency, or the district that the provider names. Raises NoRoleHere."""
        query = select(OrganisationRow)
        if given.district is None:
            query = query.where(OrganisationRow.kind == "sea")
        else:
            query = query.where(OrganisationRow.kind == "lea", _named(given.district))
        async with self._database.reading() as tx:
            rows, today = (await tx.scalars(query)).all(), day_in(await agency_zone(tx), now)
        # one that has ended may have left its number to the one that followed it
        found = [one for one in rows if is_there(one.valid_from, one.valid_until, today)]
        if len(found) != 1:
            raise NoRoleHere("your organization is not one of this node, or not any more")
        return found[0].id

    async def _before(self, session: str | None, now: datetime) -> Person | None:
        if session is None:
            return None
        try:
            return await self._sessions.find(session, now)
        except NotSignedIn:
            return None

    def _at_most(self, step_up: bool) -> timedelta:
        seconds = self._settings.people_step_up_seconds if step_up else self._settings.people_session_seconds
        return timedelta(seconds=seconds)


def _named(district: str) -> Any:
    try:
        return OrganisationRow.id == UUID(district)
    except ValueError:
        return (OrganisationRow.nces_id == district) | (OrganisationRow.state_id == district)


async def forget_unfinished(database: Database, now: datetime) -> None:
    """Delete sign-ins that took too long."""
    async with database.transaction() as tx:
        await tx.execute(delete(SignInRow).where(SignInRow.expires_at <= now))
