"""Counting what a query finds, without opening it: each term of the entries found, and the students whom they are about."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from services.audit.driver import Driver
from services.audit.index.bitmaps import BLOCK, ascending, loaded
from services.audit.index.lookup import Query, Stretch, bits_in
from services.audit.index.postings import ENTRIES_LEVEL
from services.audit.index.reading import students_in
from services.audit.index.terms import Kind, TermKeys
from services.audit.index.words import opened_words
from services.audit.school_years import node_tag
from services.audit.subject_keys import SubjectKeys
from shared.nobody import nobody_of

PARTS_AT_ONCE = 512
_AFTER_WHAT_IS_TOLD: Final = bytes((Kind.KEY,))
"""Kinds from here on are of keys, addresses, exchanges, decisions and who signed in, of whom or which an answer says nothing: a block has
thousands of them."""


class Touched(NamedTuple):
    """Entries that a query found, in one log."""

    year: int
    indices: list[int]
    terms: Counter[bytes]
    by_node: dict[bytes | None, list[int]]
    """The same indices by the term of the node that is told of; one that tells two stands under both, None: of none."""
    recipients: dict[bytes, int]
    """The first index of each recipient's term."""


def touched_in(driver: Driver, query: Query, stretch: Stretch, blocks: Sequence[int]) -> Touched:
    """What of some blocks a query finds, and how many of it have each term."""
    touched = Touched(stretch.year, [], Counter(), {}, {})
    for block, found in sorted(bits_in(driver, query, stretch, blocks).items()):
        touched.indices.extend(block * BLOCK + position for position in ascending(found))
        of_none = found
        one = "SELECT term, bits FROM posting WHERE log = ? AND level = ? AND block = ? AND term < ?"
        for term, bits in driver.rows(one, stretch.year, ENTRIES_LEVEL, block, _AFTER_WHAT_IS_TOLD):
            having = loaded(bits) & found
            if not having:
                continue
            touched.terms[bytes(term)] += having.bit_count()
            if term[0] == Kind.RECIPIENT:
                touched.recipients.setdefault(bytes(term), block * BLOCK + next(ascending(having)))
            if term[0] == Kind.NODE:
                _under(touched, bytes(term), block, having)
                of_none &= ~having
        _under(touched, None, block, of_none)
    return touched


def _under(touched: Touched, node: bytes | None, block: int, bits: int) -> None:
    if bits:
        touched.by_node.setdefault(node, []).extend(block * BLOCK + position for position in ascending(bits))


def students_of(
    driver: Driver, keys: SubjectKeys, *, year: int, indices: Sequence[int], known: set[bytes], custodians: Collection[str] | None
) -> set[UUID]:
    """The students whom entries are about; a child who was asked for and is not here is none.

    known       tags of students who are counted already: looked past, and added to
    custodians  whose students count; None: everybody's
    """
    found = set()
    for tag, student, custodian in students_in(driver, keys, year=year, indices=indices, but=known):
        if custodian is not None and student == nobody_of(UUID(custodian)):
            known.add(tag)
        elif custodians is None or custodian in custodians:
            known.add(tag)
            found.add(student)
    return found


def node_tags(keys: TermKeys) -> set[bytes]:
    """The node's own key of each school year: what is under it is about nobody."""
    return {node_tag(tag_key) for tag_key in keys.tags.values()}


def words_of(driver: Driver, keys: TermKeys, terms: Collection[bytes]) -> dict[bytes, str]:
    """What terms that are no persons stand for."""
    found: dict[bytes, str] = {}
    wanted = sorted(terms)
    for start in range(0, len(wanted), PARTS_AT_ONCE):
        some = wanted[start : start + PARTS_AT_ONCE]
        marks = ",".join("?" * len(some))
        for term, words in driver.rows(f"SELECT term, words FROM index_term WHERE term IN ({marks})", *some):  # noqa: S608 marks alone
            found[bytes(term)] = opened_words(keys.words, bytes(term), bytes(words))[0]
    return found


def of_kind(kind: Kind, counted: Counter[bytes], words: dict[bytes, str]) -> dict[str, int]:
    """The counts of one kind of term, by what it stands for, the most first."""
    of_it = {words[term]: count for term, count in counted.items() if term[0] == kind and term in words}
    return dict(sorted(of_it.items(), key=lambda one: (-one[1], one[0])))
