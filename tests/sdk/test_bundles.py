import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.bundles import bundle_of, entries_of, entries_until_damage
from safepassage.problems.proofs import BundleMalformed


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_a_bundle_reads_back_as_it_was_written(entries: list[bytes]) -> None:
    assert list(entries_of(bundle_of(entries))) == entries


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=5))
def test_a_bundle_cut_off_anywhere_is_refused_or_ends_between_two_entries(entries: list[bytes]) -> None:
    bundle = bundle_of(entries)
    ends = [len(bundle_of(entries[:count])) for count in range(len(entries) + 1)]
    for length in range(len(bundle)):
        if length in ends:
            assert list(entries_of(bundle[:length])) == entries[: ends.index(length)]
        else:
            with pytest.raises(BundleMalformed):
                list(entries_of(bundle[:length]))


def one_by_one(bundle: bytes) -> list[bytes]:
    found = []
    while len(bundle) >= 2 and len(bundle) >= 2 + int.from_bytes(bundle[:2], "big"):
        end = 2 + int.from_bytes(bundle[:2], "big")
        found.append(bundle[2:end])
        bundle = bundle[end:]
    return found


@given(st.integers(0, 3), st.integers(0, 6), st.data())
def test_entries_of_one_length_are_read_as_one_after_the_other_would_be_whatever_was_altered(
    length: int, count: int, data: st.DataObject
) -> None:
    bundle = bytearray(bundle_of([bytes(length)] * count))
    for at in data.draw(st.lists(st.integers(0, max(len(bundle) - 1, 0)), max_size=3)) if bundle else ():
        bundle[at] = data.draw(st.integers(0, 4))
    assert entries_until_damage(bytes(bundle)) == one_by_one(bytes(bundle))


def test_an_entry_of_65535_bytes_fits_and_one_more_does_not() -> None:
    assert list(entries_of(bundle_of([bytes(65_535), b""]))) == [bytes(65_535), b""]
    with pytest.raises(BundleMalformed):
        bundle_of([bytes(65_536)])
