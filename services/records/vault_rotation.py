"""After a rotation of the key-encryption key: whatever it wraps is wrapped again, a few at a time, while the service runs.

Each step is one transaction, and says nothing of what it has done but in the rows: whoever was killed, or comes second, finds what is left.

# INVARIANT: a step waits for nobody's row while it holds others, so that nobody waits for it who holds what it wants. What somebody else
holds is passed over, and comes later.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update

from safepassage.canonical import from_base64url
from services.records.tables import (
    ArrivedNoticeRow,
    EducatorCredentialRow,
    ExchangeRequestRow,
    GivenPackageRow,
    KeptRosterRow,
    OrganisationKeyRow,
    OutboxRow,
    OutgoingNoticeRow,
    PeerRequestRow,
    StudentRow,
    TransferHoldRow,
)
from services.records.vault import Vault, of_educator, of_exchange, of_organisation_key, of_roster
from shared.database import Database
from shared.key_encryption import version_in, version_of

AT_ONCE = 500
PAUSE_SECONDS: Final = 0.1
"""Until what somebody held is looked at again."""
OF_EXCHANGES = (ExchangeRequestRow, PeerRequestRow, OutgoingNoticeRow, ArrivedNoticeRow, TransferHoldRow)
"""What has particulars, each sealed with its id (`Exchange.seal_particulars`)."""


def of_student(identifier: UUID) -> bytes:
    """What a student's data key is bound to."""
    return identifier.bytes


def _particulars(vault: Vault, identifier: Any, sealed: bytes) -> bytes:
    return vault.rewrap_particulars(identifier, sealed) if sealed else sealed


WRAPPED: Final[tuple[tuple[Any, Any, Callable[[Vault, Any, bytes], bytes], Callable[[Any], bytes]], ...]] = (
    (StudentRow.id, StudentRow.wrapped_key, Vault.rewrap, of_student),
    *((row.id, row.particulars, _particulars, of_exchange) for row in OF_EXCHANGES),
    (KeptRosterRow.id, KeptRosterRow.sealed, Vault.rewrap_roster, of_roster),
    (GivenPackageRow.id, GivenPackageRow.sealed, Vault.rewrap_roster, of_roster),
    (EducatorCredentialRow.id, EducatorCredentialRow.sealed, Vault.rewrap_educator, of_educator),
    (OrganisationKeyRow.kid, OrganisationKeyRow.sealed, Vault.rewrap_organisation_key, of_organisation_key),
)
"""Whatever the key-encryption key wraps, but for the outbox: whose it is, where it is, how it is wrapped again, what it is bound to."""


async def rewrap_data_keys(database: Database, vault: Vault) -> int:
    """Wrap anew what an older version wrapped: students' data keys, particulars of exchanges, of notices and of holds, kept rosters,
    educators' credentials, organisations' encryption keys, what waits in the outbox.

    Gives how many data keys it were. Afterwards the older version may be destroyed. Raises SealBroken.
    """

    def outbox(_: int, body: str) -> str:
        return body if vault.is_newest_text(body) else vault.seal_text(vault.open_text(body))

    data_keys, *_ = [await _again(database, key, column, partial(again, vault)) for key, column, again, _ in WRAPPED]
    await _again(database, OutboxRow.id, OutboxRow.body, outbox)
    return data_keys


async def versions_in(database: Database) -> frozenset[int]:
    """Which versions of the key-encryption key wrap something that is stored: whoever destroys one of them destroys that."""
    found: set[bytes] = set()
    async with database.reading() as tx:
        for _, column, _, _ in WRAPPED:
            found.update((await tx.execute(select(version_in(column)).distinct())).scalars())
        waiting = (await tx.execute(select(func.substr(OutboxRow.body, 1, 8)))).scalars()
        found.update(from_base64url(begins) for begins in waiting)
    return frozenset(version_of(begins) for begins in found if begins)


async def _again(database: Database, key: Any, wrapped: Any, again: Callable[[Any, Any], Any]) -> int:
    """How many were wrapped again."""
    rewrapped, held = await _pass(database, key, wrapped, again)
    while held:
        await asyncio.sleep(PAUSE_SECONDS)
        some, held = await _pass(database, key, wrapped, again, of=held)
        rewrapped += some
    return rewrapped


async def _pass(
    database: Database, key: Any, wrapped: Any, again: Callable[[Any, Any], Any], *, of: Sequence[Any] | None = None
) -> tuple[int, list[Any]]:
    """Over all rows, or those `of` which somebody held before. How many were wrapped again, and which somebody holds now."""
    after, rewrapped, left = None, 0, list[Any]()
    while True:
        ids = select(key).order_by(key).limit(AT_ONCE)
        ids = ids if of is None else ids.where(key.in_(of))
        async with database.transaction() as tx:
            page = (await tx.scalars(ids if after is None else ids.where(key > after))).all()
            query = select(key, wrapped).where(key.in_(page)).with_for_update(skip_locked=True, key_share=True)
            rows = (await tx.execute(query)).all()
            for identifier, held in rows:
                fresh = again(identifier, held)
                if fresh is not held:
                    await tx.execute(update(key.class_).where(key == identifier).values({wrapped.key: fresh}))
                    rewrapped += 1
        left += sorted(set(page) - {identifier for identifier, _ in rows})
        if len(page) < AT_ONCE:
            return rewrapped, left
        after = page[-1]
