"""Whose records entries are about, as the index has it: told without opening one."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from services.audit.driver import Driver
from services.audit.index.bitmaps import BLOCK, loaded
from services.audit.index.postings import ENTRIES_LEVEL
from services.audit.index.terms import Kind, digest_of
from services.audit.openings import Place
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import PostingRow


class Told(NamedTuple):
    """What the index says of some entries."""

    own: list[Place]
    """Those about somebody whose records one of the organisations keeps."""
    not_indexed: list[Place]
    """Those of which it says nothing yet."""


def told_of(driver: Driver, keys: SubjectKeys, places: Sequence[Place], organisations: Collection[UUID]) -> Told:
    """Which of `places` are about somebody whose records one of `organisations` keeps: one look-up for all of them, and for none."""
    index_key = keys.index_key(driver)
    terms = sorted(digest_of(Kind.CUSTODIAN, str(organisation), index_key) for organisation in organisations)
    cursors: dict[int, int] = dict(driver.rows("SELECT log, at FROM index_cursor"))
    indexed = [place for place in places if place.at < cursors.get(place.log, 0)]
    blocks = sorted({at // BLOCK for _, at in indexed} or {0})
    bits: dict[tuple[int, int], int] = {}
    for log, _, block, _, data in driver.lookup(PostingRow, {"log": sorted(cursors), "block": blocks, "term": terms}, level=ENTRIES_LEVEL):
        bits[log, block] = bits.get((log, block), 0) | loaded(bytes(data))
    own = [place for place in indexed if bits.get((place.log, place.at // BLOCK), 0) >> place.at % BLOCK & 1]
    return Told(own, [place for place in places if place.at >= cursors.get(place.log, 0)])
