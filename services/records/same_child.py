"""Which records are of one child, as far as unions that stand say so."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import Connection, bindparam, or_, select

from services.records.matching_united import OneChild
from services.records.tables import UnionRow
from shared import prepared

_LEADING, _OTHER = (
    UnionRow.leading_id.in_(bindparam("leading", expanding=True)),
    UnionRow.other_id.in_(bindparam("other", expanding=True)),
)
_PAIRS = select(UnionRow.leading_id, UnionRow.other_id).where(UnionRow.separated_at.is_(None), or_(_LEADING, _OTHER))


def united_without(connection: Connection, ids: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    """Pairs to be united before the records `ids` go, so that of each child those that stay are still known to be of one."""
    pairs = set()
    for child in set(of_one_child(connection, ids).values()):
        staying = sorted(child.difference(ids))
        pairs |= {(staying[0], one) for one in staying[1:]}
    return sorted(pairs)


def children_of(connection: Connection, ids: Collection[UUID]) -> list[OneChild]:
    """The children of these records of whom the node has several, each with the record that leads."""
    several = {child for child in of_one_child(connection, ids).values() if len(child) > 1}
    found = []
    for child in sorted(several, key=sorted):
        pairs = prepared.rows(connection, _PAIRS, {"leading": list(child), "other": list(child)})
        leading = {one for one, _ in pairs} - {other for _, other in pairs}
        found.append(OneChild(child, min(leading) if len(leading) == 1 else None))
    return found


def of_one_child(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, frozenset[UUID]]:
    """For each student every record of the child, this one too, as far as a chain of unions reaches."""
    records = {one: frozenset((one,)) for one in ids}
    wanted, unasked = tuple(records), set(records)
    while unasked:
        asked = list(unasked)
        unasked = set()
        for one, other in prepared.rows(connection, _PAIRS, {"leading": asked, "other": asked}):
            unasked |= {one, other} - records.keys()
            child = records.get(one, frozenset((one,))) | records.get(other, frozenset((other,)))
            records |= dict.fromkeys(child, child)
    return {one: records[one] for one in wanted}
