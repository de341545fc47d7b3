"""Counts of a blast radius that go on while nobody waits: any replica tells how far one is, and what it found is kept for an hour.

# INVARIANT: what was counted is read by nobody before the log has who asked, and later only by who asked: their organisation, client and
# person, under the id that they chose.
"""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import State

from safepassage.canonical import canonical_json
from safepassage.problems.log import CountIdReused, NoSuchCount
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.wire_log_radius import BlastRadius, BlastRadiusCount, BlastRadiusRequest
from services.audit.driver import Driver
from services.audit.measured_radius import measured
from services.audit.openings import Sight, sight_of
from services.audit.radius_parts import AT_ONCE_IN_A_PART, cut, ids_of
from services.audit.search_log import record_search
from services.audit.tables import RadiusCountPartRow, RadiusCountRow
from shared.caller import Caller
from shared.contracts.radius_students import CountedStudents, radius_count
from shared.database import Database
from shared.inserts import insert_into

log = logging.getLogger(__name__)

KEPT: Final = timedelta(hours=1)
RENEWED_EVERY_SECONDS: Final = 1.0
GIVEN_UP_AFTER: Final = timedelta(seconds=20)
"""Whoever counts has renewed it twenty times by then, or has ended."""
AT_ONCE: Final = 4
"""Of one process."""
NONCE_BYTES: Final = 12
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """One count of one owner."""

    owner: bytes
    id: UUID


class RadiusCounts:
    """Counts, and keeps what was counted."""

    def __init__(self, state: State) -> None:
        self._state, self._clock = state, state.clock
        self._under_way: dict[Place, asyncio.Task[None]] = {}

    @property
    def _database(self) -> Database:
        database: Database = self._state.database
        return database

    async def begin(self, count_id: UUID, asked: BlastRadiusRequest, caller: Caller, *, now: datetime) -> None:
        """Count, unless it is counted already.

        Raises CountIdReused, TemporarilyUnavailable; LogFrozen, LogUnavailable, KeysUnavailable; NotPermitted, PurposeMissing.
        """
        async with self._database.reading() as tx:
            sight, key = await sight_of(tx, caller), await self._key(tx)
        self._state.sequencer.require_taking()
        place = Place(_owner(key, caller), count_id)
        if len(self._under_way) >= AT_ONCE and place not in self._under_way:
            raise TemporarilyUnavailable("as much is being counted already as is counted at once")
        if await self._claim(place, hmac.digest(key, b"question\0" + canonical_json(asked.model_dump(mode="json")), "sha256"), now):
            task = asyncio.create_task(self._count(place, asked, sight, caller))
            self._under_way[place] = task
            task.add_done_callback(lambda _: self._under_way.pop(place, None))

    async def read(self, count_id: UUID, caller: Caller, *, wait_seconds: float = 0) -> BlastRadiusCount:
        """How far a count is; waits a little for one that this process counts. Raises NoSuchCount; NotPermitted, PurposeMissing."""
        async with self._database.reading() as tx:
            await sight_of(tx, caller)
            key = await self._key(tx)
        place = Place(_owner(key, caller), count_id)
        task = self._under_way.get(place)
        if task is not None and wait_seconds:
            await asyncio.wait({task}, timeout=wait_seconds)
        async with self._database.reading() as tx:
            row = await tx.scalar(select(RadiusCountRow).where(*_at(place)))
        now = self._clock()
        if row is None or row.begun_at <= now - KEPT or (row.sealed is None and row.renewed_at <= now - GIVEN_UP_AFTER):
            raise NoSuchCount
        found = None if row.sealed is None else BlastRadius.model_validate_json(_opened(key, place, row.sealed))
        return BlastRadiusCount(looked_at=row.looked_at, of=row.of, found=found)

    async def students(self, count_id: UUID, caller: Caller, part: int) -> CountedStudents:
        """Some of the students that a count found. For a sibling that tells nobody who they are, and logs what it tells of them.

        Raises as `read`, and TemporarilyUnavailable while it is counted.
        """
        found = (await self.read(count_id, caller)).found
        if found is None:
            raise TemporarilyUnavailable("it is still being counted")
        async with self._database.reading() as tx:
            key = await self._key(tx)
            place = Place(_owner(key, caller), count_id)
            row = await tx.get(RadiusCountPartRow, (*place, part))
        parts = -(-found.students // AT_ONCE_IN_A_PART)
        if row is None and part < parts:
            raise NoSuchCount  # counted before students were kept: too few of them would be told
        students = () if row is None else ids_of(_opened(key, place, row.sealed, part=part))
        return CountedStudents(students=students, parts=parts, of=found.students)

    async def close(self) -> None:
        """Count no more. What was under way is claimed by who asks again."""
        for task in (tasks := list(self._under_way.values())):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _claim(self, place: Place, asked: bytes, now: datetime) -> bool:
        """Whether it is this process' to count: it is new, or whoever counted it has ended. Raises CountIdReused."""
        async with self._database.transaction() as tx:
            await tx.execute(delete(RadiusCountRow).where(RadiusCountRow.begun_at <= now - KEPT))
            new = {"asked": asked, "begun_at": now, "renewed_at": _LONG_AGO, "looked_at": 0, "of": 0}
            await tx.execute(insert_into(tx, RadiusCountRow).values(**place._asdict(), **new).on_conflict_do_nothing())
            free = (RadiusCountRow.sealed.is_(None), RadiusCountRow.renewed_at <= now - GIVEN_UP_AFTER)
            claim = update(RadiusCountRow).where(*_at(place), RadiusCountRow.asked == asked, *free).values(renewed_at=now)
            claimed = await tx.scalar(claim.returning(RadiusCountRow.id))
            if claimed is None and await tx.scalar(select(RadiusCountRow.asked).where(*_at(place))) != asked:
                raise CountIdReused
        return claimed is not None

    async def _count(self, place: Place, asked: BlastRadiusRequest, sight: Sight, caller: Caller) -> None:
        progress, students = _Progress(), list[UUID]()
        renewing = asyncio.create_task(self._renew(place, progress))
        try:
            found = await measured(self._state, asked, sight, told=progress.hear, named=students.extend)
            now, about, sequencer = self._clock(), radius_count(place.id), self._state.sequencer
            await record_search(sequencer, caller, operation="blast-radius", student_id=None, count=found.entries, now=now, about=about)
            await self._keep(place, found, students, progress)
        except Exception as error:
            log.error("blast radius not counted", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
            with suppress(Exception):
                async with self._database.transaction() as tx:
                    await tx.execute(delete(RadiusCountRow).where(*_at(place)))
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _renew(self, place: Place, progress: "_Progress") -> None:
        """Say that it is still counted, and how far it is. A write that fails is made good by the next."""
        while True:
            await asyncio.sleep(RENEWED_EVERY_SECONDS)
            with suppress(Exception):
                async with self._database.transaction() as tx:
                    await tx.execute(update(RadiusCountRow).where(*_at(place)).values(renewed_at=self._clock(), **progress.columns))

    async def _keep(self, place: Place, found: BlastRadius, students: Sequence[UUID], progress: "_Progress") -> None:
        async with self._database.transaction() as tx:
            key = await self._key(tx)
            sealed = _sealed(key, place, found.model_dump_json().encode())
            parts = [
                {**place._asdict(), "part": part, "sealed": _sealed(key, place, ids, part=part)} for part, ids in enumerate(cut(students))
            ]
            now = self._clock()
            done = {"looked_at": progress.of, "of": progress.of, "renewed_at": now, "sealed": sealed}
            # First: it is the lock of the count, where another process took this one for ended and counted too. The last is read.
            await tx.execute(update(RadiusCountRow).where(*_at(place)).values(**done))
            await tx.execute(delete(RadiusCountPartRow).where(RadiusCountPartRow.owner == place.owner, RadiusCountPartRow.id == place.id))
            if parts:
                await tx.execute(insert(RadiusCountPartRow), parts)

    async def _key(self, tx: AsyncSession) -> bytes:
        key: bytes = await tx.run_sync(lambda session: self._state.keys.index_key(Driver(session.connection())))
        return hmac.digest(key, b"radius-counts", "sha256")


class _Progress:
    """How far a count is, in entries."""

    looked_at = of = 0

    def hear(self, looked_at: int, of: int) -> None:
        self.looked_at, self.of = looked_at, of

    @property
    def columns(self) -> dict[str, int]:
        return {"looked_at": self.looked_at, "of": self.of}


def _owner(key: bytes, caller: Caller) -> bytes:
    claims = caller.claims
    return hmac.digest(key, canonical_json([str(claims.organisation_id), claims.client_id, claims.person]), "sha256")


def _at(place: Place) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return RadiusCountRow.owner == place.owner, RadiusCountRow.id == place.id


def _sealed(key: bytes, place: Place, plaintext: bytes, *, part: int | None = None) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, _bound_to(place, part))


def _opened(key: bytes, place: Place, sealed: bytes, *, part: int | None = None) -> bytes:
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound_to(place, part))


def _bound_to(place: Place, part: int | None) -> bytes:
    """What was found is bound to its count, students to their part of it."""
    return place.owner + place.id.bytes + (b"" if part is None else part.to_bytes(4))
