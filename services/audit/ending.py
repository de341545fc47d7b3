"""Ending a log of which the last entries are lost for good, so that the node goes on (docs/witnessing.md, "If no copy has them").

Whoever runs the node is trusted with this, and takes nothing back by it: what witnesses have cosigned stays known, the log that was ended
stays as it is, and the next one says in its first entries that it was ended, where, and what a witness has shown.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from safepassage.canonical import digest_of
from safepassage.checkpoints import parse_checkpoint
from safepassage.notes import parse_note
from services.audit.checkpoints import CheckpointSigner
from services.audit.driver import Driver
from services.audit.heads import newest_log
from services.audit.settings import AuditSettings
from services.audit.shards import Ended, NotToBeEnded, Shards
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import LogRow, WitnessFindingRow
from services.audit.witnessing.findings import entered, event_of
from services.audit.witnessing.own_history import contradiction, own_checkpoint
from shared.clock import Clock
from shared.contracts.audit import Actor, Context, Digests, Event
from shared.database import Database
from shared.key_providers import key_provider_of

ENDED: Final = "log-ended"
"""Operation of the entry that says that the log before was ended, and its last entries are lost."""
OF_OUR_LOG: Final = ("own-log-rolled-back", "own-log-forked")


class Shown(NamedTuple):
    """A checkpoint under the log's own key that the store cannot have made, and who has shown it; nobody: it was kept by somebody."""

    kind: str
    note: str
    by: str | None = None

    @property
    def year(self) -> int:
        """Of which year's log it is."""
        return int(parse_checkpoint(parse_note(self.note).text).origin.rpartition("/")[2])


async def end_log(settings: AuditSettings, *, at: int, clock: Clock, pinned: str | None = None) -> Ended:
    """End the newest log at its `at` entries: a frozen one, or one that a checkpoint contradicts. Every process of audit is stopped.

    pinned  a checkpoint that somebody has kept of it, whether it is frozen or not

    Raises LogDamaged, NotToBeEnded, KeysUnavailable.
    """
    provider = key_provider_of(settings, "audit")
    database = Database.of(settings)
    try:
        keys, now = SubjectKeys(provider), clock()
        signer = CheckpointSigner.of(settings.keys_directory, settings.retired_log_keys_directory)
        async with database.reading() as tx:
            log = await newest_log(tx)
        if log is None:
            raise NotToBeEnded("there is no log")
        shown, today = await _shown(database, signer, log, pinned), now.date().isoformat()
        found = [one for one in shown if one.by is not None]
        told = [_ended(log, at, shown), *(event_of(one.kind, one.by or "", one.note, today) for one in found)]
        beyond = max((one.year for one in shown), default=None)
        digest_key = await database.write(lambda connection: keys.event_digest_key(Driver(connection)))
        ended = await Shards(database, signer, keys, settings.host).end(now, at=at, beyond=beyond, told=told, digest_key=digest_key)
        await database.write(lambda connection: _have_entered(connection, found, today))
        return ended
    finally:
        await database.close()
        provider.close()


async def _shown(database: Database, signer: CheckpointSigner, log: LogRow, pinned: str | None) -> list[Shown]:
    """What shows that the log lacks something: of a log that is not frozen, the pinned checkpoint alone."""
    shown = []
    checkpoint = None if pinned is None else own_checkpoint(pinned.encode(), origin=log.origin, signer=signer)
    kind = None if checkpoint is None else await contradiction(database, checkpoint)
    if kind is not None and pinned is not None:
        shown.append(Shown(kind, pinned))
    if log.state != "frozen":
        return shown
    row = WitnessFindingRow
    # What was found of a log that is frozen could not be entered into it; what is in it is of an earlier time.
    found = select(row).where(row.kind.in_(OF_OUR_LOG), row.evidence.is_not(None), row.entered_on.is_(None)).order_by(row.last_at.desc())
    async with database.reading() as tx:
        findings = (await tx.scalars(found)).all()
    return shown + [Shown(one.kind, one.evidence, one.about) for one in findings if one.evidence is not None]


def _ended(log: LogRow, at: int, shown: Sequence[Shown]) -> Event:
    """That the log was ended, and why: the first checkpoint that its store cannot have made is in the sealed context."""
    first = shown[0] if shown else None
    return Event(
        class_="witness",
        key=f"{ENDED}:{log.year}",
        actor=Actor(kind="system", job=ENDED),
        context=Context(
            operation=ENDED,
            outcome="alarm",
            about=f"log:{log.year}",
            count=at,
            reason=None if first is None else first.kind,
            peer_checkpoint=None if first is None else first.note,
        ),
        digests=Digests() if first is None else Digests(ct=digest_of(first.note.encode())),
    )


def _have_entered(connection: Connection, found: Sequence[Shown], today: str) -> None:
    for one in found:
        entered(Driver(connection), one.kind, one.by or "", today)
