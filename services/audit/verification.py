"""Verifying audit's whole store, `safepassage-node verify-log`: what the SDK's verifier checks of each log, and what only the node can.

That is the log's state, the keys of its events, and that everything sealed opens to what the leaves committed to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import to_base64url
from safepassage.leaf import commitment, subject_commitment, subject_leaf
from safepassage.notes import ED25519, VerifierKey
from safepassage.offline.whole_log import LogReport, verify_log, verify_succession
from safepassage.problems.stored_log import EntriesMissing, LogAltered
from services.audit.checkpoints import CheckpointSigner
from services.audit.driver import Driver
from services.audit.heads import LogDamaged, load_head
from services.audit.openings import OpenedEntry, Place, open_entries
from services.audit.retention.verifying import destroyed_parts, verify_closed, verify_destructions, verify_marks, verify_parts
from services.audit.sealing import SealBroken
from services.audit.settings import AuditSettings
from services.audit.stored_log import LogOfStore
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import AppendedRow, LogRow, TreeStateRow
from services.audit.verifying_rows import verify_found_by, verify_no_other_log, verify_rows_of, verify_times
from shared.database import Database
from shared.key_encryption import WrappedKeyRefused
from shared.key_providers import key_provider_of

OPENED_AT_ONCE = 256


@dataclass(frozen=True)
class StoreReport:
    """What was verified of one log."""

    log: LogReport
    opened: int
    """Entries whose sealed content opened and is what the leaf committed to."""
    destroyed: int
    """Entries of which a destruction took something that was sealed."""
    closed: int = 0
    """Entries whose keys were wrapped by a version of the key-encryption key that is not here: in a copy older than a destruction."""


async def verify_store(
    settings: AuditSettings, *, further_keys: Sequence[bytes] = (), pinned: Mapping[str, Sequence[str]] | None = None
) -> list[StoreReport]:
    """Check every log of the store, oldest first; reads only.

    further_keys  Ed25519 public keys of former years, 32 bytes each, beside those of the keys folder
    pinned        by origin, checkpoints that others have kept: they show what the store alone cannot

    Raises LogAltered or EntriesMissing with the first bad index, NothingSigned, and what `verify_checkpoint` raises.
    """
    signer = CheckpointSigner.of(settings.keys_directory, settings.retired_log_keys_directory)
    keys = SubjectKeys(key_provider_of(settings, "audit"))
    database = Database.of(settings)
    reports: list[StoreReport] = []
    try:
        async with database.reading() as tx:
            older: LogRow | None = None
            logs = (await tx.scalars(select(LogRow).order_by(LogRow.year))).all()
            await verify_no_other_log(tx)
            await _check_service_keys(tx, keys)
            for log in logs:
                signers = [*signer.verifiers(log.origin), *(VerifierKey(log.origin, ED25519, key) for key in further_keys)]
                reports.append(await _verify(tx, keys, log, signers, (pinned or {}).get(log.origin, ())))
                await verify_rows_of(tx, log, size=reports[-1].log.size + reports[-1].log.newer, signers=signers, is_newest=log is logs[-1])
                if older is not None:
                    await _verify_succession(tx, older, log)
                older = log
            await verify_marks(tx)
            await verify_destructions(tx)
            await _check_pages(tx, database)
    finally:
        await database.close()
    return reports


async def _verify(tx: AsyncSession, keys: SubjectKeys, log: LogRow, signers: Sequence[VerifierKey], pinned: Sequence[str]) -> StoreReport:
    report = await tx.run_sync(lambda session: verify_log(LogOfStore(session, log), keys=signers, pinned=pinned, leaves=True))
    size = report.size + report.newer
    await _check_state(tx, log, report, size, signers)
    await _check_events(tx, log.year, size)
    opened = destroyed = closed = 0
    for start in range(0, size, OPENED_AT_ONCE):
        end = min(start + OPENED_AT_ONCE, size)
        taken = await destroyed_parts(tx, log.year, start, end)
        entries = await _opened(tx, keys, [Place(log.year, at) for at in range(start, end)])
        for entry in entries:
            missing = taken.get(entry.place.at, set())
            verify_parts(entry, missing)
            if entry.closed:
                await verify_closed(tx, entry)
            _check_commitments(entry, whole=not missing and not entry.closed)
            opened, destroyed, closed = opened + (not missing and not entry.closed), destroyed + bool(missing), closed + bool(entry.closed)
        await verify_times(tx, log.year, entries)
        if taken:
            await verify_marks(tx)
        whole = {entry.place.at for entry in entries if not taken.get(entry.place.at) and not entry.closed}
        whole = {entry.place.at for entry in entries if not taken.get(entry.place.at) and not entry.closed}
        await verify_found_by(tx, log.year, entries, whole=whole)
    return StoreReport(report, opened, destroyed, closed)


async def _check_state(tx: AsyncSession, log: LogRow, report: LogReport, size: int, signers: Sequence[VerifierKey]) -> None:
    """The stored size and root are those of the entries, and the incomplete tiles those of the full ones."""
    state = await tx.get(TreeStateRow, log.year)
    if state is None or state.size > size:
        raise EntriesMissing("the log ends before the size that its state names", index=size, until=None if state is None else state.size)
    if state.size < size:
        raise LogAltered("entries lie behind the size that the log's state names", index=state.size, until=size)
    try:
        await load_head(tx, log, keys=signers, thorough=True)
    except LogDamaged as damage:
        raise LogAltered(str(damage), index=report.size, until=max(size, report.size + 1)) from damage


async def _check_events(tx: AsyncSession, year: int, size: int) -> None:
    """Every entry has the key under which it was appended, and one only."""
    expected = 0
    rows = await tx.stream(select(AppendedRow.idx).where(AppendedRow.log == year).order_by(AppendedRow.idx))
    async for (idx,) in rows:
        if idx != expected:
            raise LogAltered("the key of an event is missing, or there are two", index=min(idx, expected))
        expected += 1
    if expected != size:
        raise LogAltered("the key of an event is missing", index=expected)


async def _opened(tx: AsyncSession, keys: SubjectKeys, places: Sequence[Place]) -> list[OpenedEntry]:
    try:
        return await open_entries(tx, keys, places)
    except (SealBroken, WrappedKeyRefused, SQLAlchemyError) as error:
        if len(places) == 1:
            raise LogAltered("what is sealed of the entry, or its key, was altered", index=places[0].at) from error
    # one of them does not open: which one
    return [(await _opened(tx, keys, [place]))[0] for place in places]


def _check_commitments(entry: OpenedEntry, *, whole: bool) -> None:
    """What opened of the entry is what the leaf committed to; the subjects if all of it did. Raises LogAltered."""
    committed, index = entry.leaf.commitments, entry.place.at
    for group, digest in ((entry.actor, committed.actor), (entry.context, committed.context)):
        if group is not None and to_base64url(commitment(salt=group.salt, payload=group.payload)) != digest:
            raise LogAltered("what is sealed is not what the entry committed to", index=index)
    if not whole:
        return
    if entry.actor is None or entry.context is None or len(entry.subjects) != max(len(entry.held) - 1, 1):
        raise LogAltered("what is sealed is not all that the entry committed to", index=index)
    leaves = [subject_leaf(salt=part.opened.salt, payload=part.opened.payload) for part in entry.subjects]
    if to_base64url(subject_commitment(leaves)) != committed.subject:
        raise LogAltered("the sealed subjects are not those that the entry committed to", index=index)


async def _check_service_keys(tx: AsyncSession, keys: SubjectKeys) -> None:
    """The keys that make tags and digest events open, but for those of a version that is not here. Raises LogAltered."""
    try:
        await tx.run_sync(lambda session: keys.require_service_keys(Driver(session.connection())))
    except WrappedKeyRefused as error:
        raise LogAltered("a key by which entries are found was altered", index=0) from error


async def _verify_succession(tx: AsyncSession, older: LogRow, newer: LogRow) -> None:
    await tx.run_sync(lambda session: verify_succession(LogOfStore(session, older), LogOfStore(session, newer)))


async def _check_pages(tx: AsyncSession, database: Database) -> None:
    """SQLite: every page and index of the file. Raises LogAltered without an index of its own: no entry is concerned."""
    if database.is_sqlite and (await tx.scalar(text("PRAGMA integrity_check(1)"))) != "ok":
        raise LogAltered("the database file is damaged outside the log's entries", index=0)
