"""Other nodes' statements: verified against the trust list's keys, the highest serial kept.

What a statement's author can do: name the keys of their own node. Who hands a statement on is no authority: it is signed. So the gateway,
which has no way out to other nodes (shared.who_may_call), asks records for it and verifies it all the same.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy import BigInteger, String, Text, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from safepassage.claims import Verified
from safepassage.node_statement import CONTENT_TYPE, USED_FOR, WELL_KNOWN_PATH, NodeStatement, verify_node_statement
from safepassage.problems import SuiteError
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.public_keys import by_kid
from safepassage.trust_members import Member
from safepassage.wire import Wire
from shared.certificates import client_context
from shared.clock import EPOCH, Clock
from shared.columns import Milliseconds
from shared.database import Database, refuse_network_call_in_transaction
from shared.outbound.calls import Documents, NotGot, NotThere, Reachable
from shared.settings import ServiceSettings
from shared.siblings import Siblings
from shared.trust import Trust

log = logging.getLogger(__name__)

MAX_BYTES: Final = 64 * 1024
AGAIN_AFTER_SUCCESS: Final = timedelta(minutes=1)
AGAIN_AFTER_FAILURE: Final = timedelta(seconds=2)
STATEMENTS_PATH: Final = "/internal/node-statements"
"""At records, for the gateway: `?entity_id=` and `?kid=` of a key that the statement should list. Answers a HeldStatement."""


class HeldStatement(Wire):
    """A peer's statement as records holds it; whoever asks verifies it."""

    token: str


class NodeStatementColumns:
    """A service's NodeStatementRow has these columns: the statement of the highest serial seen of each node."""

    __tablename__ = "node_statement"

    entity_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    serial: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[str] = mapped_column(Text)
    fetched_at: Mapped[datetime] = mapped_column(Milliseconds)


class Fetch(Protocol):
    """How a statement is got, by whomever; it is verified afterwards."""

    async def get(self, member: Member, *, kid: str | None) -> str:
        """The compact JWS. Raises SuiteError, OSError, ValueError where there is none."""
        ...

    def reaches(self, member: Member) -> bool:
        """Whether it can be got of this member at all."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class FromPeer:
    """From the member itself, for a service that may call other nodes: exactly its URL, no redirect, nothing long, nothing slow."""

    def __init__(self, settings: ServiceSettings, *, seconds: float = 5.0) -> None:
        self._documents = Documents(Reachable.of(settings), client_context(settings.peer_authorities_file), seconds=seconds)

    async def get(self, member: Member, *, kid: str | None) -> str:
        """Fetch it. Raises OSError, ValueError."""
        try:
            body = await self._documents.get(member.endpoints.gateway + WELL_KNOWN_PATH, accept=CONTENT_TYPE, most_bytes=MAX_BYTES)
        except NotThere as error:
            raise ValueError(str(error)) from error
        except NotGot as error:
            raise ConnectionError from error
        return body.decode("ascii").strip()

    def reaches(self, member: Member) -> bool:
        """Who pulls cannot be called: it hands its statement in (`PeerStatements.handed_in`)."""
        return not member.pulls

    async def close(self) -> None:
        """Nothing to close."""


class ThroughRecords:
    """From records, for the gateway: what records holds, or fetches if it does not list the key."""

    def __init__(self, siblings: Siblings) -> None:
        self._siblings = siblings

    async def get(self, member: Member, *, kid: str | None) -> str:
        """Ask records. Raises SuiteError."""
        query = {"entity_id": member.entity_id} | ({} if kid is None else {"kid": kid})
        answer = await self._siblings.call("records", "GET", STATEMENTS_PATH, answer=HeldStatement, by="peer-statements", query=query)
        return answer.token

    def reaches(self, member: Member) -> bool:
        """records has it, or fetches it."""
        return True

    async def close(self) -> None:
        """Nothing to close."""


class PeerStatements:
    """The statements of the trust list's members."""

    def __init__(self, database: Database, trust: Trust, clock: Clock, *, row: type[Any], fetch: Fetch) -> None:
        self._database, self._trust, self._clock, self._row, self._fetcher = database, trust, clock, row, fetch
        self._known: dict[str, tuple[Verified[NodeStatement], datetime]] = {}
        self._serials: dict[str, int] = {}
        self._next_fetch: dict[str, datetime] = {}
        self._not_had: set[str] = set()
        """Of whom the last one that was asked for did not come."""
        self._locks: dict[str, asyncio.Lock] = {}

    async def open(self) -> None:
        """Load what was kept. A statement that no longer verifies leaves its serial, below which none is accepted."""
        async with self._database.reading() as tx:
            rows = (await tx.execute(select(self._row))).scalars().all()
        for row in rows:
            self._serials[row.entity_id] = row.serial
            try:
                self._keep(self._trust.member(row.entity_id), row.token, row.fetched_at)
            except SuiteError as error:
                log.info("kept statement is not used", extra={"code": error.code, "peer": row.entity_id})

    async def of(self, entity_id: str, *, kid: str | None = None) -> Verified[NodeStatement]:
        """The statement of an active member.

        kid  a key that a message names: if the statement does not list it, it is got again, at most once a minute

        # INVARIANT: that a key is not listed is said by a statement that was had, never because none could be had.

        Raises NotAMember, TrustListExpired; TemporarilyUnavailable while there is none that verifies, or none to look `kid` up in.
        Not within a transaction.
        """
        member = self._trust.member(entity_id)
        known = self._usable(member)
        if known is not None and (kid is None or kid in keys_of(known.message)):
            return known
        async with self._locks.setdefault(entity_id, asyncio.Lock()):
            if self._fetcher.reaches(member) and self._clock() >= self._next_fetch.get(entity_id, EPOCH):
                await self._fetch(member, kid)
        known = self._usable(member, stale=True)
        unanswered = kid is not None and entity_id in self._not_had
        if known is None or (unanswered and kid not in keys_of(known.message)):
            raise TemporarilyUnavailable("the other node's statement cannot be had")
        return known

    async def handed_in(self, entity_id: str, token: str) -> None:
        """Keep the statement that a member, or anybody, has handed in: it counts by its signature and serial alone.

        Raises NotAMember, TrustListExpired, and what `verify_node_statement` raises.
        """
        member, now = self._trust.member(entity_id), self._clock()
        verified = self._keep(member, token, now)
        try:
            await self._store(entity_id, verified, now)
        except IntegrityError:
            log.info("statement of a peer was stored by another process", extra={"peer": entity_id})

    def known(self, entity_id: str) -> NodeStatement | None:
        """The statement held of an active member, without a call. Raises NotAMember, TrustListExpired."""
        verified = self._usable(self._trust.member(entity_id), stale=True)
        return None if verified is None else verified.message

    def takes_packed(self, entity_id: str) -> bool:
        """Whether an active member says that envelopes may come to it packed. Raises NotAMember, TrustListExpired."""
        statement = self.known(entity_id)
        return statement is not None and statement.takes_packed

    def _usable(self, member: Member, *, stale: bool = False) -> Verified[NodeStatement] | None:
        """INVARIANT: within its lifetime, and signed by a key that the list in force names."""
        verified, fetched_at = self._known.get(member.entity_id, (None, None))
        if verified is None or fetched_at is None or verified.kid not in {jwk.kid for jwk in member.statement_keys}:
            return None
        now = self._clock()
        if now.timestamp() >= verified.message.exp or (now >= fetched_at + USED_FOR and not stale):
            return None
        return verified

    def _keep(self, member: Member, token: str, fetched_at: datetime) -> Verified[NodeStatement]:
        verified = verify_node_statement(
            token,
            entity_id=member.entity_id,
            keys=by_kid(member.statement_keys),
            lowest_serial=self._serials.get(member.entity_id, 0),
            now=self._clock(),
        )
        self._known[member.entity_id] = (verified, fetched_at)
        self._serials[member.entity_id] = verified.message.serial
        return verified

    async def _fetch(self, member: Member, kid: str | None) -> None:
        refuse_network_call_in_transaction()
        now = self._clock()
        try:
            token = await self._fetcher.get(member, kid=kid)
            verified = self._keep(member, token, now)
        except (OSError, SuiteError, ValueError) as error:
            code = error.code if isinstance(error, SuiteError) else None
            log.warning("statement of a peer cannot be had", extra={"peer": member.entity_id, "fault": type(error).__name__, "code": code})
            self._next_fetch[member.entity_id] = now + AGAIN_AFTER_FAILURE
            if isinstance(error, OSError | TemporarilyUnavailable):
                self._not_had.add(member.entity_id)
            return
        self._not_had.discard(member.entity_id)
        self._next_fetch[member.entity_id] = now + AGAIN_AFTER_SUCCESS
        try:
            await self._store(member.entity_id, verified, now)
        except IntegrityError:
            log.info("statement of a peer was stored by another process", extra={"peer": member.entity_id})

    async def _store(self, entity_id: str, verified: Verified[NodeStatement], now: datetime) -> None:
        async with self._database.transaction() as tx:
            held = await tx.get(self._row, entity_id, with_for_update=True)
            values = {"serial": verified.message.serial, "token": verified.token, "fetched_at": now}
            if held is None:
                tx.add(self._row(entity_id=entity_id, **values))
            elif held.serial <= verified.message.serial:
                held.serial, held.token, held.fetched_at = values.values()

    async def close(self) -> None:
        """Close connections."""
        await self._fetcher.close()


def keys_of(statement: NodeStatement) -> frozenset[str]:
    """Every signing key that a statement lists, by `kid`."""
    return frozenset(jwk.kid for jwk in (*statement.exchange_signing, *statement.client_authentication))
