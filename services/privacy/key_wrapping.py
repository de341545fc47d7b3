"""After a rotation of the key-encryption key: every data key of privacy is wrapped again, a few rows at a time, while the service runs.

Values stay as they are: of a sealed one the first part changes alone, and the store lets nothing else of an append-only row change. Each
step is one transaction and says nothing of what it has done but in the rows: whoever was killed, or comes second, finds what is left.

# INVARIANT: a step waits for nobody's row while it holds others, so that nobody waits for it who holds what it wants. What somebody else
holds is passed over, and comes later.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import LargeBinary, Table, and_, bindparam, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import from_base64url
from services.privacy.sealing import Sealer
from services.privacy.tables import Base, OutboxRow
from shared.database import Database
from shared.key_encryption import version_in, version_of

ROWS_OF_A_STEP: Final = 200
PAUSE_SECONDS: Final = 0.1
"""Until what somebody held is looked at again."""
KEYS_REMEMBERED: Final = 4_096
"""Values that were sealed one after the other have one key, and have one again."""

ROWS_TRIED: Final = 3
"""From each end: of a store that is older than data keys for several, some values have keys that are bound to their places."""

Done = Callable[[int], None]
Key = tuple[Any, ...]
"""The values of a primary key."""


def sealed_columns() -> Mapping[Table, Sequence[str]]:
    """Every column of privacy that holds sealed values, by its table."""
    tables: dict[Table, list[str]] = {}
    for table in Base.metadata.sorted_tables:
        names = [column.name for column in table.columns if column.name.startswith("sealed") and isinstance(column.type, LargeBinary)]
        if names:
            tables[table] = names
    return tables


async def rewrap(database: Database, sealer: Sealer, *, progress: Done = lambda _: None) -> int:
    """Have the newest version wrap whatever an older one wrapped. Gives how many values have another wrapping now.

    progress  is told after each step how many it were. Afterwards older versions may be destroyed. Raises SealBroken.
    """
    count, again = 0, _Wrapping(sealer).wrapped

    def told(changed: int) -> None:
        nonlocal count
        count += changed
        progress(count)

    for table, columns in sealed_columns().items():
        await _all_of(database, again, table, columns, told)
    # soon gone, but by then the older version may be destroyed
    await _all_of(database, lambda body: sealer.seal_text(sealer.open_text(body)), OutboxRow.__table__, ["body"], told)
    return count


async def versions_in(database: Database) -> frozenset[int]:
    """Which versions of the key-encryption key wrap something that is stored: whoever destroys one of them destroys that."""
    found: set[bytes] = set()
    async with database.reading() as tx:
        for table, names in sealed_columns().items():
            for name in names:
                found.update((await tx.execute(select(version_in(table.c[name])).distinct())).scalars())
        waiting = (await tx.execute(select(func.substr(OutboxRow.body, 1, 8)))).scalars()
        found.update(from_base64url(begins) for begins in waiting)
    return frozenset(version_of(begins) for begins in found if begins)


async def strange_versions(database: Database, sealer: Sealer) -> frozenset[int]:
    """Versions of the key-encryption key that are here, and did not wrap what is stored under their numbers: keys of another store.

    A start waits for no look through everything: the first and last rows of each table are tried. A row that is damaged is no other key.
    """
    seen: set[int] = set()
    opened_by: set[int] = set()
    async with database.reading() as tx:
        async for value in _tried(tx):
            version = version_of(value)
            if version in sealer.provider.versions - opened_by:
                seen.add(version)
                if sealer.unwraps(sealer.parted(value)[0]):
                    opened_by.add(version)
    return frozenset(seen - opened_by)


async def _tried(tx: AsyncSession) -> AsyncIterator[bytes]:
    """What the first and last rows of each table have sealed."""
    for table, names in sealed_columns().items():
        keys, columns = list(table.primary_key.columns), [table.c[name] for name in names]
        for order in ([key.asc() for key in keys], [key.desc() for key in keys]):
            for row in await tx.execute(select(*columns).order_by(*order).limit(ROWS_TRIED)):
                for value in filter(None, row):
                    yield value


async def _all_of(database: Database, again: Callable[[Any], Any], table: Any, columns: Sequence[str], told: Done) -> None:
    held = await _pass(database, again, table, columns, told)
    while held:
        await asyncio.sleep(PAUSE_SECONDS)
        held = await _pass(database, again, table, columns, told, of=held)


async def _pass(
    database: Database, again: Callable[[Any], Any], table: Any, columns: Sequence[str], told: Done, *, of: Sequence[Key] | None = None
) -> Sequence[Key]:
    """Over all rows, or over those `of` which somebody held before. Gives those that somebody holds now, or that have gone meanwhile."""
    key, after, held = list(table.primary_key.columns), None, list[Key]()
    keys = select(*key).order_by(*key).limit(ROWS_OF_A_STEP)
    keys = keys if of is None else keys.where(tuple_(*key).in_(of))
    rows = select(*key, *(table.c[name] for name in columns)).with_for_update(skip_locked=True, key_share=True)
    this_row = and_(*(column == bindparam(f"key_{column.name}") for column in key))
    while True:
        changed, met = 0, set[Key]()
        async with database.transaction() as tx:
            page = [tuple(row) for row in await tx.execute(keys if after is None else keys.where(tuple_(*key) > after))]
            for row in (await tx.execute(rows.where(tuple_(*key).in_(page)))).all():
                values = dict(row._mapping)
                met.add(tuple(row[: len(key)]))
                fresh = {name: made for name in columns if (made := again(values[name])) is not values[name]}
                if fresh:
                    where = {f"key_{column.name}": values[column.name] for column in key}
                    await tx.execute(update(table).where(this_row).values(fresh), where)
                    changed += len(fresh)
        told(changed)
        held += [one for one in page if one not in met]
        if len(page) < ROWS_OF_A_STEP:
            return held
        after = page[-1]


class _Wrapping:
    """Wraps data keys again, each once."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._fresh: OrderedDict[bytes, bytes] = OrderedDict()

    def wrapped(self, sealed: bytes | None) -> bytes | None:
        """The value with its data key under the newest version; the same value if it is. Raises SealBroken."""
        if not sealed or self._sealer.is_newest(sealed):
            return sealed
        held, rest = self._sealer.parted(sealed)
        fresh = self._fresh.get(held)
        if fresh is None:
            fresh = self._fresh[held] = self._sealer.rewrapped(held)
            if len(self._fresh) > KEYS_REMEMBERED:
                self._fresh.popitem(last=False)
        return fresh + rest
