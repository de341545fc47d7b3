"""What every step of an exchange needs, once per process: the keys, what is known of peers, the log, the store.

Whoever takes the exchange keys of this service can speak as this node to others and open what they sealed to it in the last weeks.
"""

import logging
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.claims import Message
from safepassage.compact import PublicKeys
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.suites import Suite, first_supported
from safepassage.trust_list import VerifiedTrustList
from services.records.attachments.scanner import Scanner
from services.records.ed_fi.doors import EdFiDoors
from services.records.exchange import events
from services.records.exchange.asking_privacy import AskingPrivacy
from services.records.exchange.breakers import Breakers
from services.records.exchange.deliveries import Deliveries
from services.records.exchange.due import any_chance
from services.records.exchange.epochs import EpochKeys
from services.records.exchange.group_reads import GroupReads
from services.records.exchange.milestones import Milestones
from services.records.exchange.organisation_keys import OrganisationKeys
from services.records.exchange.own_log import OwnLog
from services.records.exchange.own_statement import OwnStatement
from services.records.exchange.peer_logs import PeerLogs
from services.records.exchange.peer_tokens import PeerCredentials
from services.records.exchange.peers import Peers
from services.records.exchange.row_lookups import RowLookups
from services.records.exchange.shown_paths import ShownPaths
from services.records.exchange.shown_proofs import ShownProofs
from services.records.exchange.signing import ExchangeSigner
from services.records.exchange.work import Lease, Work
from services.records.lookup import LookupLimit
from services.records.settings import RecordsSettings
from services.records.tables import NodeStatementRow, TrustListRow
from services.records.vault import Vault, of_exchange
from shared.clock import Clock
from shared.database import Database, after_commit
from shared.group_commit import GroupCommit
from shared.key_encryption import WrappedKeyRefused
from shared.keys import KeyFileUnusable, SigningKey
from shared.outbox import Outbox
from shared.peer_statements import FromPeer, PeerStatements
from shared.siblings import Siblings
from shared.trust import Trust

log = logging.getLogger(__name__)

Job = Literal[
    "asking",
    "answering",
    "queueing",
    "dispatching",
    "inquiring",
    "telling",
    "reconciling",
    "storing",
    "opening",
    "acknowledging",
    "noticing",
]
"""The kinds of work that go on behind the endpoints."""

CLIENT_KEY = "peer-client.json"
DPOP_KEY = "peer-dpop.json"


@dataclass
class Exchange:
    """The parts."""

    settings: RecordsSettings
    clock: Clock
    database: Database
    siblings: Siblings
    outbox: Outbox
    vault: Vault
    signing: ExchangeSigner
    epochs: EpochKeys
    organisation_keys: OrganisationKeys
    trust: Trust
    statements: PeerStatements
    peers: Peers
    breakers: Breakers
    deliveries: Deliveries
    privacy: AskingPrivacy
    own_log: OwnLog
    proofs: ShownProofs
    peer_logs: PeerLogs
    paths: ShownPaths
    own_statement: OwnStatement
    read: GroupReads
    look: GroupReads
    """As `read`, for questions that need not agree."""
    find: RowLookups
    write: GroupCommit
    lease: Lease
    milestones: Milestones
    scanner: Scanner
    ed_fi: EdFiDoors
    request_limit: LookupLimit
    """How many requests of one peer are taken."""
    lists_brought: dict[str, int] = field(default_factory=dict)
    """By member, the serial of the trust list that it has had of this process."""
    list_passed_on: int = 0
    """The serial of the trust list that audit has had of this process."""
    lists_fetched: dict[str, datetime] = field(default_factory=dict)
    """By member, when this process fetched lists of it last."""
    works: dict[Job, Work] = field(default_factory=dict)

    def wake(self, job: Job, key: Any = None, held: Any = None) -> None:
        """There may be something to do of this kind, or there is: the row with this key is due. `held`: what this step knows of it."""
        work = self.works.get(job)
        if work is not None and key is not None:
            work.offer(key, held)
        elif work is not None:
            work.wake()

    def doing(self, job: Job, key: Any) -> AbstractContextManager[None]:
        """Around a step that takes the row with this key further itself (Work.done_elsewhere)."""
        work = self.works.get(job)
        return nullcontext() if work is None else work.done_elsewhere(key)

    def wake_after(self, tx: AsyncSession, job: Job) -> None:
        """As `wake`, once `tx` has committed."""

        async def wake() -> None:
            self.wake(job)

        after_commit(tx, wake)

    @property
    def entity_id(self) -> str:
        """This node."""
        return self.settings.entity_id

    @property
    def pulls(self) -> bool:
        """Whether the trust list says that this node is never called. Raises NotAMember, TrustListExpired."""
        return self.trust.member(self.entity_id).pulls

    async def signing_keys_of(self, peer: str, *, kid: str | None = None) -> PublicKeys:
        """The keys that sign a member's messages, of the algorithms that this node believes.

        Raises NotAMember, TrustListExpired, TemporarilyUnavailable.
        """
        statement = await self.statements.of(peer, kid=kid)
        return self.signing.believed(statement.message.exchange_signing)

    async def suite_for(self, peer: str) -> Suite:
        """The first suite of a member's list that this node has. Raises SuiteNotSupported, and as `signing_keys_of`."""
        statement = await self.statements.of(peer)
        return first_supported(statement.message.suites, supported=self.signing.suites)

    async def sign(self, message: Message, *, suite: Suite | None = None, answers: str | None = None) -> str:
        """The compact JWS of a message to another node (ExchangeSigner.sign)."""
        return await self.signing.sign(message, suite=suite, answers=answers)

    def seal_particulars(self, identifier: UUID, particulars: bytes) -> bytes:
        """What is known of the child of a request, sealed at rest."""
        return self.vault.provider.wrap(particulars, context=of_exchange(identifier))

    def open_particulars(self, identifier: UUID, sealed: bytes) -> bytes:
        """What `seal_particulars` sealed. Raises NoSuchStudent if the record was destroyed, TemporarilyUnavailable without its key."""
        if not sealed:
            raise NoSuchStudent
        try:
            return self.vault.provider.unwrap(sealed, context=of_exchange(identifier))
        except WrappedKeyRefused as error:
            raise TemporarilyUnavailable("a key-encryption key is missing") from error


async def open_exchange(app: FastAPI, stack: AsyncExitStack) -> None:
    """Put the parts on `app.state.exchange`. The vault is there already."""
    state = app.state
    settings, clock, database = state.settings, state.clock, state.database
    folder = settings.keys_directory

    async def note_list(tx: AsyncSession, accepted: VerifiedTrustList) -> None:
        state.outbox.record(tx, events.trusted(serial=accepted.content.serial, digest=accepted.digest))

    trust = Trust(database, settings, clock, row=TrustListRow, on_accepted=note_list)
    await trust.open()
    fetch = FromPeer(settings, seconds=settings.peer_timeout_seconds)
    statements = PeerStatements(database, trust, clock, row=NodeStatementRow, fetch=fetch)
    await statements.open()
    stack.push_async_callback(statements.close)
    credentials = PeerCredentials(
        settings.entity_id, client_key=SigningKey.load(folder / CLIENT_KEY), dpop_key=SigningKey.load(folder / DPOP_KEY)
    )
    peers = Peers(settings, credentials, clock, timeout_seconds=settings.peer_timeout_seconds)
    stack.push_async_callback(peers.close)
    own_log = OwnLog(state.siblings, clock, node=settings.entity_id)
    await own_log.open(database)
    peer_logs = PeerLogs(database, state.write, peers, clock)
    await peer_logs.open()
    paths = ShownPaths(peers, own_log)
    signing, breakers = ExchangeSigner.load(folder, settings.exchange_suites), Breakers(any_chance)
    epochs = EpochKeys(folder, folder=settings.epoch_keys_directory, suites=signing.suites)
    read = GroupReads(database.read)
    state.exchange = Exchange(
        settings=settings,
        clock=clock,
        database=database,
        siblings=state.siblings,
        outbox=state.outbox,
        vault=state.vault,
        signing=signing,
        epochs=epochs,
        organisation_keys=OrganisationKeys(state.vault.provider, epochs, read=read, write=state.write),
        trust=trust,
        statements=statements,
        peers=peers,
        breakers=breakers,
        deliveries=Deliveries(peers, breakers, clock, paths=paths, takes_packed=statements.takes_packed),
        privacy=AskingPrivacy(state.siblings),
        own_log=own_log,
        proofs=ShownProofs(own_log),
        peer_logs=peer_logs,
        paths=paths,
        own_statement=OwnStatement(settings.node_statement_file),
        read=read,
        look=GroupReads(database.look),
        find=RowLookups(database),
        write=state.write,
        lease=Lease(database, clock, holder=state.holder),
        milestones=state.milestones,
        scanner=state.scanner,
        ed_fi=state.ed_fi,
        request_limit=LookupLimit(settings.peer_requests_a_minute),
    )
    turn_keys(state.exchange)


def turn_keys(exchange: Exchange) -> None:
    """Destroy the encryption keys whose time is over, and make the next week's, which the operator's next statement publishes."""
    now = exchange.clock()
    try:
        exchange.epochs.load()
        gone = exchange.epochs.destroy_expired(now)
        exchange.epochs.prepare(now)
    except OSError:
        log.warning("key folder cannot be written: the operator turns the encryption keys")
    except KeyFileUnusable:
        log.error("encryption keys of the week cannot be read")  # noqa: TRY400 its text names a file
    else:
        if gone:
            log.info("encryption keys destroyed", extra={"count": len(gone)})
