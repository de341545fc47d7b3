"""Key sets that are got by URL, through records; kept in the client's row, got again when they are old or lack a key that is asked for."""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from safepassage.ids import uuid7
from safepassage.problems import SuiteError
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.wire_clients import JwkSet
from services.gateway.oauth.fetched_key_sets import is_due, keys_in
from services.gateway.oauth.standing import Standing
from services.gateway.tables import ClientRow
from shared.contracts.audit import Actor, Context, Event
from shared.contracts.client_keys import PATH, FetchedKeySet
from shared.database import Database
from shared.outbox import Outbox
from shared.siblings import Siblings

log = logging.getLogger(__name__)

CLIENTS_KEPT: Final = 10_000
_JOB: Final = Actor(kind="system", job="client-key-sets")


@dataclass
class KeySets:
    """Of one gateway process."""

    database: Database
    outbox: Outbox
    siblings: Siblings
    standing: Standing
    _tried: OrderedDict[UUID, datetime] = field(default_factory=OrderedDict)
    _locks: dict[UUID, asyncio.Lock] = field(default_factory=dict)

    async def fetch(self, url: str) -> JwkSet:
        """The keys at a URL. Raises KeySetNotHad, TemporarilyUnavailable. Not within a transaction."""
        fetched = await self.siblings.call("records", "GET", PATH, answer=FetchedKeySet, by="client-key-sets", query={"url": url})
        return keys_in(fetched.document)

    async def look_again(self, client_id: UUID, url: str, *, fetched_at: datetime, knows_kid: bool, now: datetime) -> bool:
        """Get a client's set again where that is due; whether there is a new one. What cannot be got changes nothing."""
        async with self._locks.setdefault(client_id, asyncio.Lock()):
            try:
                if not is_due(fetched_at=fetched_at, tried_at=self._tried.get(client_id), knows_kid=knows_kid, now=now):
                    return False
                self._note(client_id, now)
                jwks = await self.fetch(url)
            except (SuiteError, TemporarilyUnavailable) as error:
                log.warning("a client's key set cannot be had", extra={"client": str(client_id), "code": error.code})
                return False
            finally:
                self._locks.pop(client_id, None)
        await self._store(client_id, url, jwks, now)
        return True

    def _note(self, client_id: UUID, now: datetime) -> None:
        self._tried[client_id] = now
        self._tried.move_to_end(client_id)
        if len(self._tried) > CLIENTS_KEPT:
            self._tried.popitem(last=False)

    async def _store(self, client_id: UUID, url: str, jwks: JwkSet, now: datetime) -> None:
        """INVARIANT: a key that is gone from the set takes its tokens with it, as if an administrator had replaced the keys."""
        whole = jwks.model_dump_json(exclude_none=True)
        async with self.database.transaction() as tx:
            row = (await tx.execute(select(ClientRow).where(ClientRow.id == client_id).with_for_update())).scalar_one_or_none()
            if row is None or row.jwks_uri != url:
                return
            row.jwks_fetched_at = now
            if row.jwks == whole:
                return
            row.jwks, row.changed_at, row.version = whole, now, row.version + 1
            context = Context(operation="client-keys-fetched", outcome="done", about=f"client:{client_id}")
            self.outbox.record(tx, Event(class_="administration", key=f"client:{uuid7(now)}", actor=_JOB, context=context))
        await self.standing.refresh()
