"""Plans: of which students' records the objects of a collection are made, and in which order, so that its next page opens theirs alone.

A plan says where to look, and nothing else: whoever is on a page is decided on, cut and made for that page, and where an object that it
places there does not come out any more, it makes none (`oneroster.paging` looks through everybody then). The first page of a collection
goes by a plan while neither store changed (shared.change_marks), the pages behind it as long as the decisions that it was made of hold.

Nothing in it is personal: random ids, and of each object a keyed digest of its id, whose key never leaves this process.
"""

import json
import secrets
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.records.formats.oneroster_query import Object
from shared.contracts.privacy import FactsMark

MOST_BYTES: Final = 32 * 2**20
"""Of all plans of a process. A plan takes 16 bytes for each student, 16 for each object, and 4 more for each further student of a class."""
EACH_BYTES: Final = 2048
"""Of a plan beside its lists, reckoned high."""


class Mark(NamedTuple):
    """Alike twice, nothing changed in between of what a collection is made of."""

    records: int
    privacy: FactsMark


@dataclass(frozen=True)
class Place:
    """Where a page is to be looked for."""

    digests: Sequence[int]
    """Of its objects, in their order."""
    students: Sequence[UUID]
    """Whose records they are made of."""


class Plan:
    """The objects of a collection, in the order of an answer."""

    def __init__(self, mark: Mark, valid_until: datetime, objects: Iterable[tuple[int, Iterable[UUID]]]) -> None:
        """`objects`: of each its digest, and the students of whose records it is made."""
        self.mark, self.valid_until = mark, valid_until
        self._digests, self._ends, self._makers = array("Q"), array("I"), array("I")
        numbers: dict[UUID, int] = {}
        for digest, students in objects:
            self._digests.append(digest)
            self._makers.extend(numbers.setdefault(student, len(numbers)) for student in students)
            self._ends.append(len(self._makers))
        self._students = b"".join(student.bytes for student in numbers)

    @property
    def total(self) -> int:
        """Objects in all."""
        return len(self._digests)

    @property
    def size_bytes(self) -> int:
        """What it takes of memory."""
        lists = (self._digests, self._ends, self._makers)
        return EACH_BYTES + len(self._students) + sum(len(one) * one.itemsize for one in lists)

    def at(self, offset: int, limit: int) -> Place:
        """Of a page. Beyond the last object no digest, and the students of the last one: who asks for nothing is asked about too."""
        begin, end = min(offset, self.total), min(offset + limit, self.total)
        first = min(begin, self.total - 1) if self.total else 0
        makers = self._makers[self._ends[first - 1] if first else 0 : self._ends[max(end, first + 1) - 1] if self.total else 0]
        students = [UUID(bytes=self._students[number * 16 : number * 16 + 16]) for number in sorted(set(makers))]
        return Place(self._digests[begin:end], students)


class Plans:
    """Those of a process, the least recently used going first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._plans = OrderedDict[bytes, Plan]()
        self._secret = secrets.token_bytes(32)

    @property
    def size_bytes(self) -> int:
        """Of all of them."""
        return self._bytes

    def digest(self, value: Object) -> int:
        """Of an object of one collection: whatever else of it changes, its `sourcedId` is its own."""
        return int.from_bytes(self._keyed(str(value["sourcedId"]).encode(), 8))

    def key(self, *asked: Any) -> bytes:
        """Of a question: a filter may name a child, and is not kept."""
        return self._keyed(json.dumps(asked, ensure_ascii=False, default=str).encode(), 32)

    def _keyed(self, content: bytes, size: int) -> bytes:
        return blake2b(content, digest_size=size, key=self._secret).digest()

    def find(self, key: bytes, now: datetime) -> Plan | None:
        """A plan whose decisions hold now."""
        plan = self._plans.get(key)
        if plan is None:
            return None
        if now >= plan.valid_until:
            self.drop(key)
            return None
        self._plans.move_to_end(key)
        return plan

    def keep(self, key: bytes, plan: Plan) -> None:
        """Let others go for it; one that is larger than all may be is not kept."""
        self.drop(key)
        if plan.size_bytes > self._most_bytes:
            return
        while self._bytes + plan.size_bytes > self._most_bytes:
            self.drop(next(iter(self._plans)))
        self._plans[key] = plan
        self._bytes += plan.size_bytes

    def drop(self, key: bytes) -> None:
        """Forget one."""
        plan = self._plans.pop(key, None)
        self._bytes -= 0 if plan is None else plan.size_bytes
