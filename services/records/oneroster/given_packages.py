"""Packages that a recipient was given: what was in them, as ids and keyed tags, so that the next one can be what changed."""

import json
import zlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete

from safepassage.ids import uuid7
from safepassage.problems.oneroster import NoSuchRosterPackage
from services.records.formats.oneroster_changes import Contents
from services.records.tables import GivenPackageRow
from services.records.vault import Vault
from shared.database import Database


class GivenPackages:
    """Those of one recipient under one agreement: the last, and the one that it followed, for whoever has not got the last."""

    def __init__(self, database: Database, vault: Vault, *, recipient_id: UUID, agreement_id: UUID) -> None:
        self._database, self._vault = database, vault
        self._recipient_id, self._agreement_id = recipient_id, agreement_id

    async def contents(self, package_id: UUID) -> Contents:
        """What was in a package. Raises NoSuchRosterPackage."""
        async with self._database.reading() as tx:
            row = await tx.get(GivenPackageRow, package_id)
        if row is None or (row.recipient_id, row.agreement_id) != (self._recipient_id, self._agreement_id):
            raise NoSuchRosterPackage
        contents: Contents = json.loads(zlib.decompress(self._vault.open_roster(row.id, row.sealed)))
        return contents

    async def keep(self, contents: Contents, *, follows: UUID | None, now: datetime) -> UUID:
        """Put a package on record; any other but the one that it follows is forgotten."""
        package_id = uuid7(now)
        sealed = self._vault.seal_roster(package_id, zlib.compress(json.dumps(contents).encode()))
        theirs = (GivenPackageRow.recipient_id == self._recipient_id, GivenPackageRow.agreement_id == self._agreement_id)
        others = theirs if follows is None else (*theirs, GivenPackageRow.id != follows)
        async with self._database.transaction() as tx:
            await tx.execute(delete(GivenPackageRow).where(*others))
            row = {"id": package_id, "recipient_id": self._recipient_id, "agreement_id": self._agreement_id}
            tx.add(GivenPackageRow(**row, made_at=now, sealed=sealed))
        return package_id
