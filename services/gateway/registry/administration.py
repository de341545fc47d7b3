"""What the node's operator does at the command line, on the gateway's store itself: organisations, clients, registrations, the trust list.

The same functions as behind the routes, with the operator as the actor; a running gateway tells the other services within seconds.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.requests import NotFound
from safepassage.trust_list import VerifiedTrustList
from safepassage.wire_clients import Client, ClientGrants, ClientKeys, ClientSecret, NewClient, NewClientSecret
from safepassage.wire_organisations import NewOrganisation, Organisation
from safepassage.wire_registrations import IssuedInitialToken, NewInitialToken, NewPublisher, Publisher, Registration
from safepassage.wire_suspensions import Lifting, NewSuspension, Suspension
from services.gateway.people.console_links import make_link
from services.gateway.registration import approvals, initial_tokens, publishers
from services.gateway.registry import client_secrets, clients, organisations, suspensions
from services.gateway.settings import GatewaySettings
from services.gateway.tables import ClientRow, LeaseRow, OrganisationRow, OutboxRow, PublisherRow, RegistrationRow, TrustListRow
from shared.app import internal_tokens
from shared.clock import Clock, system_clock
from shared.contracts.audit import Actor, Context, Event
from shared.database import Database
from shared.outbox import Outbox
from shared.schema_head import require_head
from shared.siblings import Siblings
from shared.trust import Trust

OPERATOR = Actor(kind="operator")


class Administration:
    """The operator's hand on the store of one gateway. Each method is one transaction, its entry for the log included."""

    def __init__(self, settings: GatewaySettings, database: Database, clock: Clock) -> None:
        self._settings, self._database, self._clock = settings, database, clock
        siblings = Siblings("gateway", internal_tokens("gateway", settings), {}, clock)
        self._outbox = Outbox("gateway", database, siblings, clock, row=OutboxRow, lease=LeaseRow, holder="command")

    async def add_organisation(self, new: NewOrganisation, *, organisation_id: UUID | None = None) -> Organisation:
        """Add an organisation. Raises OrganisationNotCoherent, OrganisationTaken."""
        async with self._database.transaction() as tx:
            return await organisations.add_organisation(
                tx, self._outbox, new, actor=OPERATOR, now=self._clock(), organisation_id=organisation_id
            )

    async def change_organisation(self, changed: Organisation) -> Organisation:
        """Replace an organisation. Raises NotFound, VersionConflict, OrganisationNotCoherent, OrganisationTaken."""
        async with self._database.transaction() as tx:
            return await organisations.change_organisation(tx, self._outbox, changed, actor=OPERATOR, now=self._clock())

    async def organisations(self) -> list[Organisation]:
        """All, in the order in which they came."""
        async with self._database.reading() as tx:
            rows = (await tx.execute(select(OrganisationRow).order_by(OrganisationRow.id))).scalars().all()
        return [row.organisation for row in rows]

    async def register_client(self, new: NewClient) -> Client:
        """Register a client. Raises InvalidRequest, ClientKeyNotUsable, ScopeNotGrantable."""
        async with self._database.transaction() as tx:
            issuer, development = self._settings.entity_id, self._settings.insecure_development
            return await clients.register_client(
                tx, self._outbox, new, granter=None, issuer=issuer, development=development, actor=OPERATOR, now=self._clock()
            )

    async def make_console_link(self) -> str:
        """A one-time link for the operator's browser; who has it within ten minutes is the operator."""
        async with self._database.transaction() as tx:
            return make_link(tx, self._outbox, entity_id=self._settings.entity_id, now=self._clock())

    async def clients(self) -> list[Client]:
        """All, in the order in which they came."""
        async with self._database.reading() as tx:
            rows = (await tx.execute(select(ClientRow).order_by(ClientRow.id))).scalars().all()
        return [clients.client_of(row) for row in rows]

    async def client(self, client_id: UUID) -> Client:
        """One. Raises NotFound."""
        async with self._database.reading() as tx:
            row = await tx.get(ClientRow, client_id)
        if row is None:
            raise NotFound
        return clients.client_of(row)

    async def change_client_grants(self, client_id: UUID, grants: ClientGrants) -> Client:
        """Replace scopes and purposes. Raises NotFound, VersionConflict, ScopeNotGrantable."""
        async with self._database.transaction() as tx:
            return await clients.change_grants(tx, self._outbox, client_id, grants, granter=None, actor=OPERATOR, now=self._clock())

    async def replace_client_keys(self, client_id: UUID, keys: ClientKeys) -> Client:
        """Replace keys. Raises NotFound, VersionConflict, ClientKeyNotUsable."""
        async with self._database.transaction() as tx:
            return await clients.replace_keys(tx, self._outbox, client_id, keys, granter=None, actor=OPERATOR, now=self._clock())

    async def add_client_secret(self, client_id: UUID) -> NewClientSecret:
        """Make a secret, which is told here alone. Raises NotFound, InvalidRequest, SecretsHeld."""
        async with self._database.transaction() as tx:
            return await client_secrets.add_secret(tx, self._outbox, client_id, granter=None, actor=OPERATOR, now=self._clock())

    async def replace_client_secrets(self, client_id: UUID) -> NewClientSecret:
        """Make a secret in place of all that there are. Raises NotFound, InvalidRequest."""
        async with self._database.transaction() as tx:
            return await client_secrets.replace_secrets(tx, self._outbox, client_id, granter=None, actor=OPERATOR, now=self._clock())

    async def remove_client_secret(self, client_id: UUID, secret_id: UUID) -> ClientSecret:
        """End a secret, its tokens too: a running gateway knows within a second. Raises NotFound."""
        async with self._database.transaction() as tx:
            return await client_secrets.remove_secret(tx, self._outbox, client_id, secret_id, actor=OPERATOR, now=self._clock())

    async def client_secrets(self, client_id: UUID) -> list[ClientSecret]:
        """When each was made, the oldest first."""
        async with self._database.reading() as tx:
            return list(await client_secrets.secrets_of(tx, client_id))

    async def disable_client(self, client_id: UUID) -> Client:
        """Disable, living tokens too: a running gateway knows within a second. Raises NotFound."""
        async with self._database.transaction() as tx:
            return await clients.disable_client(tx, self._outbox, client_id, actor=OPERATOR, now=self._clock())

    async def enable_client(self, client_id: UUID) -> Client:
        """Let in again. Raises NotFound."""
        async with self._database.transaction() as tx:
            return await clients.enable_client(tx, self._outbox, client_id, granter=None, actor=OPERATOR, now=self._clock())

    async def suspend_party(self, organisation_id: UUID, new: NewSuspension) -> Suspension:
        """Put every client of a party out: a running gateway knows within a second. Raises NotFound, PartySuspended."""
        async with self._database.transaction() as tx:
            return await suspensions.suspend(tx, self._outbox, organisation_id, new, actor=OPERATOR, now=self._clock())

    async def lift_suspension(self, organisation_id: UUID, lifting: Lifting) -> Suspension:
        """Let in what the suspension that stands put out. Raises NotFound where none stands."""
        async with self._database.transaction() as tx:
            stands = await suspensions.standing_suspension(tx, organisation_id)
            if stands is None:
                raise NotFound
            reference, now = lifting.reference, self._clock()
            return await suspensions.lift(tx, self._outbox, organisation_id, stands.id, reference=reference, actor=OPERATOR, now=now)

    async def add_publisher(self, new: NewPublisher) -> Publisher:
        """Register a publisher of software. Raises InvalidRequest, ClientKeyNotUsable, ScopeNotGrantable, PublisherTaken."""
        async with self._database.transaction() as tx:
            return await publishers.add_publisher(tx, self._outbox, new, granter=None, actor=OPERATOR, now=self._clock())

    async def publishers(self) -> list[Publisher]:
        """All, in the order in which they came."""
        async with self._database.reading() as tx:
            rows = (await tx.execute(select(PublisherRow).order_by(PublisherRow.id))).scalars().all()
        return [publishers.publisher_of(row) for row in rows]

    async def disable_publisher(self, publisher_id: UUID) -> Publisher:
        """Take no statement of it any more; its clients stay. Raises NotFound."""
        async with self._database.transaction() as tx:
            return await publishers.disable_publisher(tx, self._outbox, publisher_id, actor=OPERATOR, now=self._clock())

    async def issue_initial_token(self, new: NewInitialToken) -> IssuedInitialToken:
        """Make a token with which one client may register. Raises InvalidRequest, ScopeNotGrantable."""
        async with self._database.transaction() as tx:
            return await initial_tokens.issue_initial_token(tx, self._outbox, new, granter=None, actor=OPERATOR, now=self._clock())

    async def registrations(self) -> list[Registration]:
        """Clients that registered themselves, in the order in which they came."""
        query = select(ClientRow, RegistrationRow).join(RegistrationRow, RegistrationRow.client_id == ClientRow.id).order_by(ClientRow.id)
        async with self._database.reading() as tx:
            rows = (await tx.execute(query)).all()
        return [approvals.registration_of(client, registration) for client, registration in rows]

    async def approve_registration(self, client_id: UUID) -> Registration:
        """Let a pending client in. Raises NotFound, RegistrationNotPending."""
        async with self._database.transaction() as tx:
            return await approvals.approve(tx, self._outbox, client_id, granter=None, actor=OPERATOR, now=self._clock())

    async def refuse_registration(self, client_id: UUID) -> Registration:
        """Send a pending client away. Raises NotFound, RegistrationNotPending."""
        async with self._database.transaction() as tx:
            return await approvals.refuse(tx, self._outbox, client_id, actor=OPERATOR, now=self._clock())

    async def accept_trust_list(self, document: bytes, *, earlier: Iterable[bytes] = ()) -> bool:
        """Verify and store a trust list, its members as peers; False if it is the one held. Raises as safepassage.trust_list does.

        earlier  lists of before, for a node that has missed one
        """
        trust = Trust(self._database, self._settings, self._clock, row=TrustListRow, on_accepted=self._trust_accepted)
        await trust.open()
        return await trust.accept(document, earlier=earlier)

    async def _trust_accepted(self, tx: AsyncSession, accepted: VerifiedTrustList) -> None:
        await record_trust_list(tx, self._outbox, accepted, own_entity_id=self._settings.entity_id, actor=OPERATOR, clock=self._clock)


async def record_trust_list(
    tx: AsyncSession, outbox: Outbox, accepted: VerifiedTrustList, *, own_entity_id: str, actor: Actor, clock: Clock
) -> None:
    """In the transaction that stores a trust list: its members are peers of this node, and the log says which list it is."""
    now = clock()
    await organisations.add_peers(tx, outbox, accepted.content.members, own_entity_id=own_entity_id, now=now)
    context = Context(operation="trust-list-accepted", outcome="done", trust_serial=accepted.content.serial)
    outbox.record(tx, Event(class_="administration", key=f"trust:{uuid7(now)}", actor=actor, context=context))


@asynccontextmanager
async def administration(settings: GatewaySettings, *, clock: Clock = system_clock) -> AsyncIterator[Administration]:
    """Open the store of a gateway whose schema is at head. The gateway may be running. Raises SchemaNotAtHead, KeyFileUnusable."""
    database = Database.of(settings)
    try:
        await require_head("gateway", database)
        yield Administration(settings, database, clock)
    finally:
        await database.close()
