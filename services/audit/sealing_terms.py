"""With what entries are to be sealed before their turn in the log: the keys of their students, the log, and the time."""

from collections.abc import Iterable
from datetime import datetime

from services.audit.index.ahead import PostingTerms
from services.audit.index.projector import Projector
from services.audit.school_years import key_epoch, log_year
from services.audit.sealed_ahead import SealingTerms
from services.audit.sequencer import Sequencer


async def sealing_terms(sequencer: Sequencer, projector: Projector, students: Iterable[str], now: datetime) -> SealingTerms | None:
    """The terms for entries about `students`; None where they show in the entries' turn alone, as of a year's first.

    Keys that are not there are made, in a transaction of their own. Raises KeysUnavailable, LogUnavailable.
    """
    head = sequencer.head
    if head is None:
        return None
    t = max(int(now.timestamp()), head.last_t)
    if log_year(t) != head.year:
        return None
    # INVARIANT: of the index is known what it was before anything is sealed; what was destroyed since then is not put.
    corrections = projector.corrections_of(head.year)
    minted = await sequencer.keys_for(key_epoch(t), set(students))
    if minted is None:
        return None
    posting = PostingTerms(await projector.term_keys(), corrections)
    return SealingTerms(head.origin, t, minted.epoch, minted.node_key, minted.keys, posting)
