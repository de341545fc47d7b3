"""The rows of the index that entries make, and how they are put to those that are there. The first half is pure."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from services.audit.driver import Driver
from services.audit.index.bitmaps import BLOCK, loaded, set_of, stored
from services.audit.index.reading import Indexed
from services.audit.index.terms import FIRST_TAGGED, Facts, Kind, TermKeys, digest_of, term_of, values_of_member
from services.audit.index.words import sealed_words
from services.audit.tables import ActivityRow, IndexedActorRow, PostingRow, ShapeRow, TermRow

SECONDS_OF_AN_HOUR: Final = 3_600
HOURS_OF_A_DAY: Final = 24

ENTRIES_LEVEL: Final = 0
BLOCKS_LEVEL: Final = 1


class Activity(NamedTuple):
    """Entries of one day, actor and shape."""

    entries: int
    subjects: int
    hours: int
    first: int
    last: int

    def and_more(self, entries: int, subjects: int, hours: int, last: int) -> "Activity":
        """With entries that came later."""
        return Activity(self.entries + entries, self.subjects + subjects, self.hours | hours, self.first, last)


class Postings(NamedTuple):
    """What the entries of one block add to the index."""

    bits: dict[bytes, int]
    """By term, which entries of the block have it."""
    words: dict[bytes, list[str]]
    """What the terms that are no persons stand for."""
    activity: dict[tuple[int, bytes, bytes], Activity]
    """By day, actor and shape."""
    shapes: dict[bytes, list[str]]
    """Class, operation, purpose, basis, outcome and organisation of what an actor did."""
    actors: dict[bytes, tuple[bytes | None, bool]]
    """By actor: what the year before called it, and whether it is a client."""


def postings_of(entries: Sequence[Indexed], keys: TermKeys) -> Postings:
    """What entries of one block add."""
    made = Postings({}, {}, {}, {}, {})
    for epoch in sorted({entry.epoch for entry in entries}):
        of_epoch = [entry for entry in entries if entry.epoch == epoch]
        _post(made, of_epoch, keys, epoch)
        _count(made, of_epoch, keys, epoch)
    return made


def _post(made: Postings, entries: Sequence[Indexed], keys: TermKeys, epoch: int) -> None:
    """Values are joined before their terms are made: in a block there are far fewer of them than entries have."""
    columns: list[dict[Any, list[int]]] = [{} for _ in Facts._fields]
    for entry in entries:
        place = entry.at % BLOCK
        for column, value in zip(columns, entry.facts, strict=True):
            if value:
                if value in column:
                    column[value].append(place)
                else:
                    column[value] = [place]
    joined: dict[tuple[Kind, str], int] = {}
    for member, column in zip(Facts._fields, columns, strict=True):
        for whole, places in column.items():
            bits = set_of(places)
            for one in values_of_member(member, whole):
                joined[one] = joined.get(one, 0) | bits
    for (kind, value), bits in joined.items():
        term = term_of(kind, value, keys, epoch)
        if term is None:
            continue
        made.bits[term] = made.bits.get(term, 0) | bits
        if kind < FIRST_TAGGED:
            made.words[term] = [value]


def _count(made: Postings, entries: Sequence[Indexed], keys: TermKeys, epoch: int) -> None:
    counted: dict[tuple[int | str, ...], list[int]] = {}
    for entry in entries:
        class_, _, operation, purpose, basis, outcome, _, organisation, _, _, _, actor, *_ = entry.facts
        if actor:
            place = (entry.t // SECONDS_OF_AN_HOUR, actor, class_, operation, purpose, basis, outcome, organisation)
            held = counted.get(place)
            if held is None:
                counted[place] = [1, entry.subjects, entry.at, entry.at]
            else:
                held[0] += 1
                held[1] += entry.subjects
                held[3] = entry.at
    for (hour, name, *kind), (count, subjects, first, last) in counted.items():
        actor, shape = str(name), [str(word) for word in kind]
        who, digest = term_of(Kind.ACTOR, actor, keys, epoch), digest_of(Kind.CLASS, "\0".join(shape), keys.words)
        if who is None:
            continue
        made.actors[who] = (term_of(Kind.ACTOR, actor, keys, epoch - 1), actor.startswith("client:"))
        made.shapes[digest] = shape
        day, in_day = divmod(int(hour), HOURS_OF_A_DAY)
        held_of_day = made.activity.get((day, who, digest), Activity(0, 0, 0, first, last))
        made.activity[day, who, digest] = held_of_day.and_more(count, subjects, 1 << in_day, last)


def add(driver: Driver, year: int, block: int, made: Postings, index_key: bytes) -> None:
    """Put what a block's entries add to the index, in the transaction that moves the cursor over them."""
    held = bits_of(driver, year, ENTRIES_LEVEL, block, made.bits)
    fresh = [term for term in made.bits if term not in held]
    rows = [(year, ENTRIES_LEVEL, block, term, stored(bits | held.get(term, 0))) for term, bits in made.bits.items()]
    group, bit = block // BLOCK, 1 << block % BLOCK
    above = bits_of(driver, year, BLOCKS_LEVEL, group, fresh)
    rows += [(year, BLOCKS_LEVEL, group, term, stored(above.get(term, 0) | bit)) for term in fresh]
    driver.merge(PostingRow, sorted(rows), on_conflict="DO UPDATE SET bits = excluded.bits")
    for row, found in ((TermRow, made.words), (ShapeRow, made.shapes)):
        driver.merge(row, [(key, sealed_words(index_key, key, words)) for key, words in sorted(found.items())], on_conflict="DO NOTHING")
    driver.merge(IndexedActorRow, [(actor, *about) for actor, about in sorted(made.actors.items())], on_conflict="DO NOTHING")
    activity = [(day, actor, shape, year, *counted) for (day, actor, shape), counted in sorted(made.activity.items())]
    driver.merge(
        ActivityRow,
        activity,
        on_conflict="DO UPDATE SET entries = activity.entries + excluded.entries, subjects = activity.subjects + excluded.subjects, "
        "hours = activity.hours | excluded.hours, last = excluded.last",
    )


def correct(driver: Driver, year: int, block: int, entries: Sequence[Indexed], keys: TermKeys) -> None:
    """Make the block say of these entries what they say now, after some of their content was destroyed. Their index knows no more of it."""
    now = postings_of(entries, keys).bits
    theirs = 0
    for entry in entries:
        theirs |= 1 << entry.at % BLOCK
    query = "SELECT term, bits FROM posting WHERE log = ? AND level = ? AND block = ?"
    group, bit = block // BLOCK, 1 << block % BLOCK
    gone = []
    for term, data in driver.rows(query, year, ENTRIES_LEVEL, block):
        before = loaded(bytes(data))
        after = before & ~theirs | now.get(bytes(term), 0)
        if not after:
            gone.append(bytes(term))
        elif after != before:
            _set(driver, year, ENTRIES_LEVEL, block, bytes(term), after)
    for term in gone:
        _delete(driver, year, ENTRIES_LEVEL, block, term)
    for term, bits in bits_of(driver, year, BLOCKS_LEVEL, group, gone).items():
        if bits == bit:
            _delete(driver, year, BLOCKS_LEVEL, group, term)
        else:
            _set(driver, year, BLOCKS_LEVEL, group, term, bits & ~bit)


def bits_of(driver: Driver, year: int, level: int, block: int, terms: Iterable[bytes]) -> dict[bytes, int]:
    """Those of `terms` that a block has, with their sets."""
    held = driver.lookup(PostingRow, {"term": sorted(terms)}, log=year, level=level, block=block)
    return {bytes(term): loaded(bytes(bits)) for *_, term, bits in held}


def _set(driver: Driver, year: int, level: int, block: int, term: bytes, bits: int) -> None:
    statement = "UPDATE posting SET bits = ? WHERE log = ? AND level = ? AND block = ? AND term = ?"
    driver.change(statement, stored(bits), year, level, block, term)


def _delete(driver: Driver, year: int, level: int, block: int, term: bytes) -> None:
    driver.change("DELETE FROM posting WHERE log = ? AND level = ? AND block = ? AND term = ?", year, level, block, term)
