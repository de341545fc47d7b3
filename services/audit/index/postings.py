"""The rows of the index that entries make, and how they are put to those that are there. The first half is pure."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, Final, NamedTuple

from services.audit.driver import Driver
from services.audit.index.bitmaps import BLOCK, bits_of, either, gathered, loaded, stored
from services.audit.index.reading import Indexed
from services.audit.index.terms import FIRST_TAGGED, KINDS_OF_MEMBERS, Facts, Kind, TermKeys, TermMaker, doer_of, values_of_member
from services.audit.index.words import sealed_words
from services.audit.tables import ActivityRow, IndexedActorRow, PostingRow, ShapeRow, TermRow

_SHAPE: Final = attrgetter("class_", "operation", "purpose", "basis", "outcome", "organisation")
SECONDS_OF_AN_HOUR: Final = 3_600
HOURS_OF_A_DAY: Final = 24

_OTHER_BITS: Final = "DO UPDATE SET bits = excluded.bits"

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

    sets: dict[bytes, int]
    """By term, which entries of the block have it; gathered (`services.audit.index.bitmaps`)."""
    words: dict[bytes, list[str]]
    """What the terms that are no persons stand for."""
    activity: dict[tuple[int, bytes, bytes], Activity]
    """By day, actor and shape."""
    shapes: dict[bytes, list[str]]
    """Class, operation, purpose, basis, outcome and organisation of what an actor did."""
    actors: dict[bytes, tuple[bytes | None, bool]]
    """By actor: what the year before called it, and whether it is a client or a person, and no job."""


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
    maker, places = TermMaker(keys, epoch), [entry.at % BLOCK for entry in entries]
    for member, column in zip(Facts._fields, zip(*[entry.facts for entry in entries], strict=True), strict=True):
        for kind, of_values in _by_kind(member, _places_of(column, places)).items():
            terms = maker.of_all(kind, of_values)
            if terms is None:
                continue
            for term, some in zip(terms, of_values.values(), strict=True):
                made.sets[term] = either(made.sets[term], gathered(some)) if term in made.sets else gathered(some)
            if kind < FIRST_TAGGED:
                made.words.update((term, [value]) for term, value in zip(terms, of_values, strict=True))


def _by_kind(member: str, of_wholes: dict[Any, list[int]]) -> dict[Kind, dict[str, list[int]]]:
    """The places that have each value of a kind, from those that have what a member says; ascending, each once."""
    of_wholes.pop("", None)
    of_wholes.pop((), None)
    if not any(isinstance(whole, tuple) for whole in islice(of_wholes, 1)):
        return {KINDS_OF_MEMBERS[member]: of_wholes}
    found: dict[Kind, dict[str, set[int]]] = {}
    for whole, some in of_wholes.items():
        for kind, one in values_of_member(member, whole):
            found.setdefault(kind, {}).setdefault(one, set()).update(some)
    return {kind: {one: sorted(some) for one, some in of_values.items()} for kind, of_values in found.items()}


def _places_of(column: Sequence[Any], places: Sequence[int]) -> dict[Any, list[int]]:
    """The places that have each value of a column."""
    if len(set(column)) == 1:  # often all are alike
        return {column[0]: list(places)}
    held: dict[Any, list[int]] = {}
    for value, place in zip(column, places, strict=True):
        if value in held:
            held[value].append(place)
        else:
            held[value] = [place]
    return held


def _count(made: Postings, entries: Sequence[Indexed], keys: TermKeys, epoch: int) -> None:
    counted: dict[tuple[int, tuple[str, str], tuple[str, ...]], list[int]] = {}
    for entry in entries:
        by = entry.facts.actor, entry.facts.signed_in
        if any(by):
            place = entry.t // SECONDS_OF_AN_HOUR, by, _SHAPE(entry.facts)
            held = counted.get(place)
            if held is None:
                counted[place] = [1, entry.subjects, entry.at, entry.at]
            else:
                held[0] += 1
                held[1] += entry.subjects
                held[3] = entry.at
    maker, year_before = TermMaker(keys, epoch), TermMaker(keys, epoch - 1)
    doers = {by: doer_of(*by) for by in {by for _, by, _ in counted}}
    actors = {by: maker.of(*doer) for by, doer in doers.items()}
    digests = {shape: maker.of(Kind.CLASS, "\0".join(shape)) for shape in {shape for _, _, shape in counted}}
    for by, who in actors.items():
        if who is not None:
            made.actors[who] = (year_before.of(*doers[by]), not doers[by][1].startswith("job:"))
    for (hour, by, shape), (count, subjects, first, last) in counted.items():
        who, digest = actors[by], digests[shape]
        if who is None or digest is None:
            continue
        made.shapes[digest] = list(shape)
        day, in_day = divmod(hour, HOURS_OF_A_DAY)
        held_of_day = made.activity.get((day, who, digest), Activity(0, 0, 0, first, last))
        made.activity[day, who, digest] = held_of_day.and_more(count, subjects, 1 << in_day, last)


def add(
    driver: Driver, year: int, block: int, made: Postings, index_key: bytes, *, held: Mapping[bytes, int] | None = None
) -> dict[bytes, int]:
    """Put what a block's entries add to the index, in the transaction that moves the cursor over them. Gives the sets of their terms.

    held  the sets of all terms that the block has, where they are known
    """
    if held is None:
        held = held_of(driver, year, ENTRIES_LEVEL, block, made.sets)
    after = {term: either(some, held[term]) if term in held else some for term, some in made.sets.items()}
    fresh = sorted([term for term in after if term not in held])
    changed = [(year, ENTRIES_LEVEL, block, term, stored(some)) for term, some in sorted(after.items()) if term in held]
    driver.merge(PostingRow, changed, on_conflict=_OTHER_BITS)
    driver.insert(PostingRow, [(year, ENTRIES_LEVEL, block, term, stored(after[term])) for term in fresh])
    _mark_block(driver, year, block, fresh)
    # INVARIANT: a term that the block has was put together with what it stands for.
    words = [(term, made.words[term]) for term in fresh if term in made.words]
    for row, found in ((TermRow, words), (ShapeRow, sorted(made.shapes.items()))):
        driver.merge(row, sealed_words(index_key, found), on_conflict="DO NOTHING")
    driver.merge(IndexedActorRow, [(actor, *about) for actor, about in sorted(made.actors.items())], on_conflict="DO NOTHING")
    activity = [(day, actor, shape, year, *counted) for (day, actor, shape), counted in sorted(made.activity.items())]
    driver.merge(
        ActivityRow,
        activity,
        on_conflict="DO UPDATE SET entries = activity.entries + excluded.entries, subjects = activity.subjects + excluded.subjects, "
        "hours = activity.hours | excluded.hours, last = excluded.last",
    )
    return after


def _mark_block(driver: Driver, year: int, block: int, terms: Sequence[bytes]) -> None:
    """Have level 1 say that a block has terms. Most of them no other block has: they are put in without being looked for first."""
    group, bit = block // BLOCK, 1 << block % BLOCK
    alone = stored(bit)
    rows = [(year, BLOCKS_LEVEL, group, term, alone) for term in terms]
    doubtful = driver.insert_missing(PostingRow, rows, key="term", log=year, level=BLOCKS_LEVEL, block=group)
    there = held_of(driver, year, BLOCKS_LEVEL, group, [row[3] for row in doubtful])
    more = [(year, BLOCKS_LEVEL, group, term, stored(bits | bit)) for term, bits in sorted(there.items()) if not bits & bit]
    driver.merge(PostingRow, more, on_conflict=_OTHER_BITS)


def correct(driver: Driver, year: int, block: int, entries: Sequence[Indexed], keys: TermKeys) -> None:
    """Make the block say of these entries what they say now, after some of their content was destroyed. Their index knows no more of it."""
    now = {term: bits_of(some) for term, some in postings_of(entries, keys).sets.items()}
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
    for term, bits in held_of(driver, year, BLOCKS_LEVEL, group, gone).items():
        if bits == bit:
            _delete(driver, year, BLOCKS_LEVEL, group, term)
        else:
            _set(driver, year, BLOCKS_LEVEL, group, term, bits & ~bit)


def held_of(driver: Driver, year: int, level: int, block: int, terms: Iterable[bytes]) -> dict[bytes, int]:
    """Those of `terms` that a block has, with their sets."""
    held = driver.lookup(PostingRow, {"term": sorted(terms)}, log=year, level=level, block=block)
    return {bytes(term): loaded(bytes(bits)) for *_, term, bits in held}


def _set(driver: Driver, year: int, level: int, block: int, term: bytes, bits: int) -> None:
    statement = "UPDATE posting SET bits = ? WHERE log = ? AND level = ? AND block = ? AND term = ?"
    driver.change(statement, stored(bits), year, level, block, term)


def _delete(driver: Driver, year: int, level: int, block: int, term: bytes) -> None:
    driver.change("DELETE FROM posting WHERE log = ? AND level = ? AND block = ? AND term = ?", year, level, block, term)
