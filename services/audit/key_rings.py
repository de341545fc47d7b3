"""That audit's own keys are others now, in its own log. The log's key is told of by the log itself (services.audit.shards).

Audit has no outbox: the entry is appended first and then kept in mind, so that a process which is killed in between appends it again, as
the same entry.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import update

from services.audit.drafts import draft_of
from services.audit.mirroring.keys import FILES as MIRROR
from services.audit.sequencer import Sequencer
from services.audit.settings import AuditSettings
from services.audit.tables import KeyRingRow
from services.audit.told_settings import SettingRing, changed_event, setting_rings
from services.audit.witnessing.keys import FILES as WITNESS
from shared.database import Database
from shared.inserts import insert_into
from shared.key_rings import INTERNAL, SEALING, FolderRings, Ring, event_of

OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "decision-verification": ("decision-verification.json", "decision-verification-next.json", "decision-verification-retired/*.json"),
    "witness": tuple(WITNESS),
    "mirror": tuple(MIRROR),
    **SEALING,
    **INTERNAL,
}


class AuditRings(FolderRings):
    """Those of the folder, and what the settings say by which the log tells, keeps and is witnessed (services.audit.told_settings)."""

    settings: AuditSettings

    def rings(self, *names: str) -> Iterator[Ring]:
        """As files and settings are now; of names that are given, keys alone. Raises OSError."""
        yield from super().rings(*names)
        if not names:
            yield from setting_rings(self.settings)


async def open_key_rings(state: Any) -> FolderRings:
    """Keeps in mind with which keys and settings the service begins.

    What has changed is told once the sequencer runs (shared.key_providers).
    """
    rings = AuditRings("audit", state.settings.keys_directory, OWN, partial(_tell, state.database, state.sequencer))
    rings.settings = state.settings
    async with state.database.transaction() as tx:
        for ring in rings.rings():
            first = {"name": ring.name, "mark": ring.mark, "changes": 0}
            await tx.execute(insert_into(tx, KeyRingRow).values(first).on_conflict_do_nothing())
            if (await tx.get_one(KeyRingRow, ring.name)).mark == ring.mark:
                rings.is_known(ring)
    return rings


async def _tell(database: Database, sequencer: Sequencer, ring: Ring) -> None:
    async with database.reading() as tx:
        held = await tx.get_one(KeyRingRow, ring.name)
    if held.mark == ring.mark:
        return
    key = f"keys:{ring.name}:{held.changes}:{ring.mark}"
    event = changed_event(ring, key=key) if isinstance(ring, SettingRing) else event_of(ring, key=key)
    await sequencer.append([draft_of(event, producer="audit", digest_key=sequencer.digest_key)])
    known = update(KeyRingRow).where(KeyRingRow.name == ring.name, KeyRingRow.changes == held.changes)
    async with database.transaction() as tx:
        await tx.execute(known.values(mark=ring.mark, changes=held.changes + 1))
