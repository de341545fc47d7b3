"""Taking out of the index what was destroyed, in the transaction that destroys it."""

from collections.abc import Sequence

from services.audit.driver import Driver
from services.audit.index.bitmaps import BLOCK
from services.audit.index.postings import correct
from services.audit.index.reading import read_places
from services.audit.index.terms import term_keys
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import IndexCursorRow


def forget(driver: Driver, keys: SubjectKeys, places: Sequence[tuple[int, int]]) -> int:
    """Make the index say of entries only what can still be opened of them. Gives how many it had.

    places  (log, index) of entries of which something was destroyed before, in this transaction. May be repeated

    # INVARIANT: who has read those entries for the index, before they were destroyed, does not write what was read: its compare-and-set
    # fails by `corrections`.
    """
    by_block: dict[tuple[int, int], set[int]] = {}
    for year, at in places:
        by_block.setdefault((year, at // BLOCK), set()).add(at)
    for year in sorted({year for year, _ in by_block}):
        driver.merge(IndexCursorRow, [(year, 0, 1)], on_conflict="DO UPDATE SET corrections = index_cursor.corrections + 1")
    count = 0
    for (year, block), indices in sorted(by_block.items()):
        ((cursor,),) = driver.rows("SELECT at FROM index_cursor WHERE log = ?", year)
        indexed = sorted(at for at in indices if at < cursor)
        if indexed:
            entries = read_places(driver, keys, year=year, indices=indexed)
            correct(driver, year, block, entries, term_keys(driver, keys))
            count += len(indexed)
    return count
