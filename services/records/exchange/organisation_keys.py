"""The keys of the organisations that receive: an answer is sealed to the school's or district's own (decision 72).

One for each organisation that asks, week and suite. At rest a key is sealed twice: to the node's key of its week, with which it goes from
every copy of the database, and by the key-encryption key, which may be in a security module. So nobody opens a package who has not all
three: the database, the folder of the weeks' keys, and the use of the key-encryption key.
"""

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, select

from safepassage.canonical import canonical_json, sha256, to_base64url
from safepassage.problems.exchanges import CiphertextUnopened
from safepassage.problems.messages import EncryptionKeyUnknown
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.recipient_key import RecipientKey
from safepassage.sealing import encryption_kid
from safepassage.suites import Suite, suite_named
from services.records.exchange.epochs import KEPT, LASTS, EpochKey, EpochKeys
from services.records.exchange.seals import SEED_BYTES, PrivateKey, seal
from services.records.exchange.stored_rows import row_at, store
from services.records.tables import OrganisationKeyRow
from services.records.vault import of_organisation_key
from shared import prepared
from shared.clock import EPOCH
from shared.database import Database
from shared.group_commit import GroupCommit
from shared.key_encryption import KeyProvider, WrappedKeyRefused

LABEL: Final = b"safepassage/organisation-key/1"
KEPT_IN_MEMORY: Final = 4_096

Read = Callable[[Callable[[Connection], Any]], Awaitable[Any]]


@dataclass(frozen=True)
class OrganisationKey:
    """One organisation's key of one week."""

    kid: str
    sealed_to: str
    """The node's key of that week: while that opens, so does this."""
    private: PrivateKey
    public: RecipientKey


class OrganisationKeys:
    """The keys of this node's organisations, made when one first asks in a week."""

    def __init__(self, provider: KeyProvider, epochs: EpochKeys, *, read: Read, write: GroupCommit) -> None:
        self._provider, self._epochs, self._read, self._write = provider, epochs, read, write
        self._opened: OrderedDict[str, OrganisationKey] = OrderedDict()
        self._places: dict[tuple[UUID, str], str] = {}

    async def current(self, organisation_id: UUID, *, suite: Suite, now: datetime) -> OrganisationKey:
        """The organisation's key of this week. Raises EncryptionKeyUnknown where the node itself has none."""
        week = self._epochs.current(now, suite=suite.name)
        held = self._opened.get(self._places.get((organisation_id, week.kid), ""))
        if held is not None:
            return held
        row = await self._read(lambda connection: row_at(connection, OrganisationKeyRow, organisation_id, week.kid))
        if row is None:
            made = self._made(organisation_id, week, now)
            await self._write(lambda tx: store(tx.connection, made))  # another process may have been quicker: its key is the key
            row = await self._read(lambda connection: row_at(connection, OrganisationKeyRow, organisation_id, week.kid))
        return self._keep(row, now)

    async def of(self, kid: str, *, now: datetime) -> OrganisationKey:
        """The key of that name. Raises EncryptionKeyUnknown where it is not here, or the node's key of its week is gone."""
        held = self._opened.get(kid)
        if held is not None:
            self._epochs.private(held.sealed_to, now=now)
            return held
        row = await self._read(lambda connection: prepared.row(connection, _BY_KID, {"kid": kid}))
        if row is None:
            raise EncryptionKeyUnknown
        return self._keep(row, now)

    def _made(self, organisation_id: UUID, week: EpochKey, now: datetime) -> OrganisationKeyRow:
        seed = secrets.token_bytes(SEED_BYTES)
        kid = encryption_kid(PrivateKey(seed, suite=week.suite).public_bytes)
        info = _bound_to(organisation_id, kid, week.kid)
        sealed = seal(seed, public_key=week.public_key, suite=suite_named(week.suite), info=info)
        return OrganisationKeyRow(
            organisation_id=organisation_id,
            sealed_to=week.kid,
            epoch=week.epoch,
            suite=week.suite,
            kid=kid,
            sealed=self._provider.wrap(sealed, context=of_organisation_key(kid)),
            made_at=now,
        )

    def _keep(self, row: Any, now: datetime) -> OrganisationKey:
        """Open it, and keep it in memory, where the weeks' keys are too."""
        week = self._epochs.private(row.sealed_to, now=now)
        try:
            sealed = self._provider.unwrap(row.sealed, context=of_organisation_key(row.kid))
            seed = week.open(sealed, suite=row.suite, info=_bound_to(row.organisation_id, row.kid, row.sealed_to))
        except WrappedKeyRefused as error:
            raise TemporarilyUnavailable("a key-encryption key is missing") from error
        except CiphertextUnopened as error:
            raise EncryptionKeyUnknown("the key of an organisation cannot be opened") from error
        private = PrivateKey(seed, suite=row.suite)
        public = RecipientKey(suite=row.suite, public_key=to_base64url(private.public_bytes))
        self._opened[row.kid] = key = OrganisationKey(row.kid, row.sealed_to, private, public)
        self._places[row.organisation_id, row.sealed_to] = row.kid
        if len(self._opened) > KEPT_IN_MEMORY:
            gone, _ = self._opened.popitem(last=False)
            self._places = {place: kid for place, kid in self._places.items() if kid != gone}
        return key


def _bound_to(organisation_id: UUID, kid: str, sealed_to: str) -> bytes:
    """HPKE's `info` for a key at rest: put into another organisation's row it does not open."""
    context = {"v": 1, "organisation_id": str(organisation_id), "kid": kid, "sealed_to": sealed_to}
    return sha256(LABEL + b"\x00" + canonical_json(context))


_BY_KID = select(OrganisationKeyRow.__table__).where(OrganisationKeyRow.kid == bindparam("kid"))


async def forget_keys(database: Database, now: datetime) -> int:
    """Delete the rows of weeks whose key is destroyed: they open nothing any more. Gives how many."""
    over = (now - EPOCH - KEPT) // LASTS
    async with database.transaction() as tx:
        result: Any = await tx.execute(delete(OrganisationKeyRow).where(OrganisationKeyRow.epoch <= over))
    return int(result.rowcount)
