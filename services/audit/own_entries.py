"""Entries about a student, narrowed to a caller's own before anything is opened: of another organisation's student nothing is found.

# INVARIANT: as many look-ups are made for a student who is another organisation's as for one who does not exist, and nothing is opened for
either: neither the answer, nor that there is a next page, nor how long it takes tells them apart.
"""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.driver import Driver
from services.audit.index.custodians import Told, told_of
from services.audit.openings import Place, Sight, open_entries
from services.audit.subject_index import Window, entries_about
from services.audit.subject_keys import SubjectKeys

LOOKED_AT_ONCE: Final = 512
"""Of one student; few have as many in the windows that are asked for."""


async def own_entries_about(
    tx: AsyncSession, keys: SubjectKeys, tags: Sequence[bytes], window: Window, sight: Sight, *, limit: int
) -> list[Place]:
    """The newest entries about the student with these tags that `sight` may cover (the oldest, where the window says so), at most `limit`.

    The index says whose records an entry is about: one about several students may be there for another of them, and is judged when it is
    opened. So is, here, what the index has not yet: it is complete whatever the index has.
    """
    if sight.whole_state:
        return await entries_about(tx, tags, window, limit=limit)
    own: list[Place] = []
    size = max(limit, LOOKED_AT_ONCE)
    while True:
        places = await entries_about(tx, tags, window, limit=size)
        own += await _own(tx, keys, tags, places, sight)
        if len(own) >= limit or len(places) < size:
            return own[:limit]
        window = window.after(places[-1])


async def _own(tx: AsyncSession, keys: SubjectKeys, tags: Collection[bytes], places: Sequence[Place], sight: Sight) -> list[Place]:
    told: Told = await tx.run_sync(lambda session: told_of(Driver(session.connection()), keys, places, sight.organisations))
    own = set(told.own)
    if told.not_indexed:
        own |= {entry.place for entry in await open_entries(tx, keys, told.not_indexed, tags=tags) if entry.seen_by(sight) is not None}
    return [place for place in places if place in own]
