"""What entries add to the index: of each entry its terms, however many say the same."""

from hypothesis import example, given
from hypothesis import strategies as st

from services.audit.index.bitmaps import BLOCK, ascending, bits_of, divided, either, gathered, loaded, moved, stored
from services.audit.index.postings import postings_of
from services.audit.index.reading import Indexed
from services.audit.index.terms import Facts, TermKeys, terms_of

KEYS = TermKeys(b"i" * 32, {2027: b"2" * 32})
NAMES = ("identity.name", "identity.birth_date", "enrollment.school", "later.element")

purposes = st.sampled_from(("", "enrollment", "research"))
names = st.lists(st.sampled_from(NAMES), max_size=3).map(tuple)
custodians = st.lists(st.sampled_from("abc"), max_size=2).map(tuple)


@given(st.lists(st.tuples(purposes, names, custodians), max_size=60))
def test_an_entry_is_found_by_each_of_its_terms_and_by_no_other(said: list[tuple[str, tuple[str, ...], tuple[str, ...]]]) -> None:
    """In whatever order, and where an element or a custodian is named twice, or none is."""
    entries = [
        Indexed(at, 0, 2027, Facts("read", purpose=purpose, elements=elements, custodians=kept_by, exchange=f"e-{at % 3}"), 1, True)
        for at, (purpose, elements, kept_by) in enumerate(said)
    ]
    terms = [terms_of(entry.facts, KEYS, 2027) for entry in entries]
    expected = {term: [at for at, theirs in enumerate(terms) if term in theirs] for term in frozenset[bytes]().union(*terms)}
    assert {term: list(ascending(bits_of(some))) for term, some in postings_of(entries, KEYS).sets.items()} == expected


places = st.sets(st.integers(0, BLOCK - 1), min_size=1, max_size=150).map(sorted)


@given(places, places, st.integers(0, BLOCK - 1))
@example([BLOCK - 1], [0], 1)
@example([0], [0, 1], BLOCK - 1)
def test_a_gathered_set_is_the_set_of_its_positions_and_stored_in_the_one_form(some: list[int], more: list[int], by: int) -> None:
    one, other = gathered(some), gathered(more)
    together = either(one, other)
    assert list(ascending(bits_of(together))) == sorted({*some, *more})
    assert stored(together) == stored(bits_of(together))
    assert list(ascending(loaded(stored(one)))) == some
    below, above = divided(moved(one, by))
    assert [list(ascending(bits_of(part))) if part else [] for part in (below, above)] == [
        [place + by for place in some if place + by < BLOCK],
        [place + by - BLOCK for place in some if place + by >= BLOCK],
    ]
