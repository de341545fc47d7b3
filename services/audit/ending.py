"""Ending a log of which the last entries are lost for good, so that the node goes on (docs/witnessing.md, "If no copy has them").

Whoever runs the node is trusted with this, and takes nothing back by it: what witnesses have cosigned stays known, the log that was ended
stays as it is, and the next one says in its first entries that it was ended, where, and what a witness has shown.
"""

from sqlalchemy import select

from services.audit.checkpoints import CheckpointSigner
from services.audit.driver import Driver
from services.audit.heads import newest_log
from services.audit.settings import AuditSettings
from services.audit.shards import Ended, Shards, Shown
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import LogRow, WitnessFindingRow
from services.audit.witnessing.own_history import contradiction, own_checkpoint
from shared.clock import Clock
from shared.database import Database
from shared.key_providers import key_provider_of

OF_OUR_LOG = ("own-log-rolled-back", "own-log-forked")


async def end_log(settings: AuditSettings, *, at: int, clock: Clock, pinned: str | None = None) -> Ended:
    """End the newest log at its `at` entries: a frozen one, or one that a checkpoint contradicts. Every process of audit is stopped.

    pinned  a checkpoint that somebody has kept of it, whether it is frozen or not

    Raises LogDamaged, NotToBeEnded, KeysUnavailable.
    """
    provider = key_provider_of(settings, "audit")
    database = Database.of(settings)
    try:
        keys = SubjectKeys(provider)
        signer = CheckpointSigner.of(settings.keys_directory, settings.retired_log_keys_directory)
        async with database.reading() as tx:
            log = await newest_log(tx)
        shown = None if log is None else await _shown(database, signer, log, pinned)
        digest_key = await database.write(lambda connection: keys.event_digest_key(Driver(connection)))
        return await Shards(database, signer, keys, settings.host).end(clock(), at=at, shown=shown, digest_key=digest_key)
    finally:
        await database.close()
        provider.close()


async def _shown(database: Database, signer: CheckpointSigner, log: LogRow, pinned: str | None) -> Shown | None:
    """What shows that the log lacks something: of a log that is not frozen, the pinned checkpoint alone."""
    checkpoint = None if pinned is None else own_checkpoint(pinned.encode(), origin=log.origin, signer=signer)
    kind = None if checkpoint is None else await contradiction(database, checkpoint)
    if kind is not None and pinned is not None:
        return Shown(kind, "pinned", pinned)
    if log.state != "frozen":
        return None
    row = WitnessFindingRow
    found = select(row).where(row.kind.in_(OF_OUR_LOG), row.evidence.is_not(None)).order_by(row.last_at.desc()).limit(1)
    async with database.reading() as tx:
        finding = await tx.scalar(found)
    return None if finding is None or finding.evidence is None else Shown(finding.kind, finding.about, finding.evidence)
