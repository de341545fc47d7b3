"""Entries about a student, narrowed to a caller's own before anything is opened: of another organisation's student nothing is found.

# INVARIANT: as many look-ups are made for a student who is another organisation's as for one who does not exist, as many rows of the index
are looked at, and nothing is opened for either: neither the answer, nor that there is a next page, nor how long it takes tells them apart.
Of a student with more entries than FILLED each LOOKED_AT_ONCE more are one look-up more.
"""

from collections.abc import Collection, Sequence
from itertools import cycle, islice
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.driver import Driver
from services.audit.index.custodians import Told, told_of
from services.audit.openings import Place, Sight, open_entries
from services.audit.subject_index import Window, entries_about, entries_of_anybody
from services.audit.subject_keys import SubjectKeys

_NEWEST: Final = Place(9999, 0)
"""Every entry is before it."""
LOOKED_AT_ONCE: Final = 512
"""Of one student; few have as many in the windows that are asked for."""
FILLED: Final = 2_048
"""So many rows are looked at where few are the caller's own, somebody else's in the place of those that there are not."""


async def own_entries_about(
    tx: AsyncSession, keys: SubjectKeys, tags: Sequence[bytes], window: Window, sight: Sight, *, limit: int
) -> list[Place]:
    """The newest entries about the student with these tags that `sight` may cover (the oldest, where the window says so), at most `limit`.

    The index says whose records an entry is about: one about several students may be there for another of them, and is judged when it is
    opened. So is, here, what the index has not yet: it is complete whatever the index has.
    """
    if sight.whole_state:
        return await entries_about(tx, tags, window, limit=limit)
    size = max(limit, LOOKED_AT_ONCE)
    places = await entries_about(tx, tags, window, limit=size)
    own = await _own(tx, keys, tags, places, sight)
    if len(own) < limit:  # what the caller has asked about the student is its own: there may be some of a student who is not there
        window = window.after(places[-1]) if places else window._replace(before=window.before or _NEWEST)
        left = max(FILLED - len(places), 1)
        places, size = await entries_about(tx, tags, window, limit=left), left
        fill = await entries_of_anybody(tx, limit=left - len(places))
        own += await _own(tx, keys, tags, places, sight, beside=_filled(fill, left - len(places)))
    while len(own) < limit and len(places) >= size:
        size = max(limit, LOOKED_AT_ONCE)
        window = window.after(places[-1])
        places = await entries_about(tx, tags, window, limit=size)
        own += await _own(tx, keys, tags, places, sight)
    return own[:limit]


async def _own(
    tx: AsyncSession,
    keys: SubjectKeys,
    tags: Collection[bytes],
    places: Sequence[Place],
    sight: Sight,
    *,
    beside: Sequence[Place] = (),
) -> list[Place]:
    """Those of `places`; the index is asked of others `beside` them, too, of which nothing is told."""
    asked = [*places, *beside]
    told: Told = await tx.run_sync(lambda session: told_of(Driver(session.connection()), keys, asked, sight.organisations))
    own, mine = set(told.own), set(places)
    not_indexed = [place for place in told.not_indexed if place in mine]
    if not_indexed:
        own |= {entry.place for entry in await open_entries(tx, keys, not_indexed, tags=tags) if entry.seen_by(sight) is not None}
    return [place for place in places if place in own]


def _filled(places: Sequence[Place], count: int) -> list[Place]:
    """So many; of a log with fewer, some again."""
    return [*islice(cycle(places), count)] if places else []
