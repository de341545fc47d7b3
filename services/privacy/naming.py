"""The key that names duties and exchanges in the store, so that their names tell of no child, and stay when the key of decisions changes.

A name is the digest of a signature: Ed25519 is deterministic, so the same duty has the same name, and only the holder of the key makes it.
Whoever learns the key can try whether an exchange or a child has a duty here, and nothing else: it signs nothing that leaves.
"""

from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from services.privacy.sealing import Sealer
from services.privacy.tables import DutyRow, NamingKeyRow
from shared.database import Database
from shared.inserts import insert_into
from shared.keys import SigningKey, seed_of

TABLE: Final = "naming_key"
_ONE: Final = 1
_ROW: Final = UUID(int=_ONE)
_SEALED: Final = select(NamingKeyRow.sealed).where(NamingKeyRow.id == _ONE)


async def naming_key(database: Database, sealer: Sealer, decision_key_file: Path) -> SigningKey:
    """The store's naming key, made where there is none. Raises SealBroken, KeyFileUnusable, KeysUnavailable.

    decision_key_file  duties of a version before have names by the key of decisions: where there are any, it goes on as the naming key
    """
    async with database.reading() as tx:
        sealed = await tx.scalar(_SEALED)
        named_before = (await tx.scalars(select(DutyRow.id).limit(1))).first() is not None
    if sealed is None:
        # sealed and opened in no transaction: who holds the root key may be another process
        seed = seed_of(decision_key_file) if named_before else Ed25519PrivateKey.generate().private_bytes_raw()
        made = sealer.seal(seed, table=TABLE, row=_ROW, of="seed")
        async with database.transaction() as tx:
            await tx.execute(insert_into(tx, NamingKeyRow).values(id=_ONE, sealed=made).on_conflict_do_nothing())
            sealed = (await tx.execute(_SEALED)).scalar_one()  # of two replicas that start at once, the one that was first
    return SigningKey(Ed25519PrivateKey.from_private_bytes(sealer.open(sealed, table=TABLE, row=_ROW, of="seed")))
