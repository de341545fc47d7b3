"""While a load lasts nothing looks for cycles; afterwards everything is as it was, whoever ended last and however."""

import gc

import pytest

from shared.garbage import without_collection


def test_of_two_blocks_the_last_to_end_has_cycles_looked_for_again() -> None:
    assert gc.isenabled()
    first, second = without_collection(), without_collection()
    first.__enter__()
    second.__enter__()
    assert not gc.isenabled()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()


def test_a_block_that_fails_ends_too() -> None:
    with pytest.raises(ValueError, match="why"), without_collection():
        raise ValueError("why")
    assert gc.isenabled()


def test_who_does_not_want_it_at_all_is_left_alone() -> None:
    gc.disable()
    try:
        with without_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
