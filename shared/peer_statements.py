"""Other nodes' statements: fetched from exactly where the trust list says, verified against its keys, the highest serial kept.

What a statement's author can do: name the keys of their own node. Nothing here follows a redirect or an address that a message named.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any

import httpx2 as httpx
from sqlalchemy import BigInteger, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from safepassage.claims import Verified
from safepassage.node_statement import CONTENT_TYPE, WELL_KNOWN_PATH, NodeStatement, verify_node_statement
from safepassage.problems import SuiteError
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.public_keys import by_kid
from safepassage.trust_members import Member, is_loopback_http
from shared.certificates import client_context
from shared.clock import Clock
from shared.columns import EPOCH, Milliseconds
from shared.database import Database, refuse_network_call_in_transaction
from shared.settings import ServiceSettings
from shared.trust import Trust

log = logging.getLogger(__name__)

MAX_BYTES = 64 * 1024
USED_FOR = timedelta(hours=1)
"""Asked for again after that, so that a key taken out of a statement counts no more."""
AGAIN_AFTER_SUCCESS = timedelta(minutes=1)
AGAIN_AFTER_FAILURE = timedelta(seconds=2)


class NodeStatementColumns:
    """A service's NodeStatementRow has these columns: the statement of the highest serial seen of each node."""

    __tablename__ = "node_statement"

    entity_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    serial: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[str] = mapped_column(Text)
    fetched_at: Mapped[datetime] = mapped_column(Milliseconds)


class PeerStatements:
    """The statements of the trust list's members."""

    def __init__(
        self, database: Database, settings: ServiceSettings, trust: Trust, clock: Clock, *, row: type[Any], seconds: float = 5.0
    ) -> None:
        self._database, self._trust, self._clock, self._row = database, trust, clock, row
        self._development = settings.insecure_development
        self._known: dict[str, tuple[Verified[NodeStatement], datetime]] = {}
        self._serials: dict[str, int] = {}
        self._next_fetch: dict[str, datetime] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._client = httpx.AsyncClient(
            timeout=seconds,
            follow_redirects=False,
            trust_env=False,
            verify=client_context(settings.peer_authorities_file),
            headers={"accept-encoding": "identity"},
        )

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

        kid  a key that a message names: if the statement does not list it, it is fetched again, at most once a minute

        Raises NotAMember, TrustListExpired; TemporarilyUnavailable while there is none that verifies. Not within a transaction.
        """
        member = self._trust.member(entity_id)
        known = self._usable(member)
        if known is not None and (kid is None or kid in keys_of(known.message)):
            return known
        async with self._locks.setdefault(entity_id, asyncio.Lock()):
            if self._clock() >= self._next_fetch.get(entity_id, EPOCH):
                await self._fetch(member)
        known = self._usable(member, stale=True)
        if known is None:
            raise TemporarilyUnavailable("the other node's statement cannot be had")
        return known

    def known(self, entity_id: str) -> NodeStatement | None:
        """The statement held of an active member, without a call. Raises NotAMember, TrustListExpired."""
        verified = self._usable(self._trust.member(entity_id), stale=True)
        return None if verified is None else verified.message

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

    async def _fetch(self, member: Member) -> None:
        now = self._clock()
        try:
            token = await self._get(member.endpoints.gateway + WELL_KNOWN_PATH)
            verified = self._keep(member, token, now)
        except (httpx.HTTPError, SuiteError, ValueError) as error:
            code = error.code if isinstance(error, SuiteError) else None
            log.warning("statement of a peer cannot be had", extra={"peer": member.entity_id, "fault": type(error).__name__, "code": code})
            self._next_fetch[member.entity_id] = now + AGAIN_AFTER_FAILURE
            return
        self._next_fetch[member.entity_id] = now + AGAIN_AFTER_SUCCESS
        async with self._database.transaction() as tx:
            held = await tx.get(self._row, member.entity_id, with_for_update=True)
            values = {"serial": verified.message.serial, "token": token, "fetched_at": now}
            if held is None:
                tx.add(self._row(entity_id=member.entity_id, **values))
            elif held.serial <= verified.message.serial:
                held.serial, held.token, held.fetched_at = values.values()

    async def _get(self, url: str) -> str:
        """The body at exactly this URL. Raises httpx.HTTPError, ValueError."""
        refuse_network_call_in_transaction()
        if not url.startswith("https://") and not (self._development and is_loopback_http(url)):
            raise ValueError("https, or http on the loopback in development")
        body = b""
        async with self._client.stream("GET", url, headers={"accept": CONTENT_TYPE}) as response:
            if response.status_code != 200:
                raise ValueError("not there")
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise ValueError("too long for a statement")
        return body.decode("ascii").strip()

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()


def keys_of(statement: NodeStatement) -> frozenset[str]:
    """Every signing key that a statement lists, by `kid`."""
    return frozenset(jwk.kid for jwk in (*statement.exchange_signing, *statement.client_authentication))
