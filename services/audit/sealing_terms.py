"""With what entries are to be sealed before their turn in the log: the keys of their students, the log, and the time."""

from collections.abc import Iterable
from datetime import datetime

from services.audit.driver import Driver
from services.audit.group_commit import HeadIsStale, lock_head
from services.audit.heads import Head
from services.audit.school_years import key_epoch, log_year
from services.audit.sealed_ahead import SealingTerms
from services.audit.subject_keys import Minted, SubjectKeys
from shared.database import Database


async def sealing_terms(
    database: Database, keys: SubjectKeys, head: Head | None, students: Iterable[str], now: datetime
) -> SealingTerms | None:
    """The terms for entries about `students`; None where they show in the entries' turn alone, as of a year's first.

    Keys that are not there are made, in a transaction of their own. Raises KeysUnavailable.
    """
    if head is None:
        return None
    t = max(int(now.timestamp()), head.last_t)
    if log_year(t) != head.year:
        return None
    epoch, wanted = key_epoch(t), set(students)
    minted = keys.remembered(epoch, wanted)
    if minted is None:
        try:
            minted = await database.write(lambda connection: _made(Driver(connection), head, keys, epoch, wanted))
        except HeadIsStale:
            return None
        minted.keep()
    return SealingTerms(head.origin, t, epoch, minted.node_key, minted.keys)


def _made(driver: Driver, head: Head, keys: SubjectKeys, epoch: int, students: Iterable[str]) -> Minted:
    lock_head(driver, head)
    return keys.for_students(driver, epoch, students)
