"""Whom a finding finds on invented children of whom the truth is known; `make bench ARGS=finding` measures on thirty times as many."""

import pytest

from bench.matching.found import Found
from bench.matching.sets import matching_set


@pytest.mark.requirement("FIND-measured")
def test_most_children_are_found_in_each_naming_tradition_and_few_who_are_not_there() -> None:
    found = Found()
    found.count(matching_set(16, 2_000))
    assert found.there.share >= 0.93
    assert all(one.share >= 0.90 for one in found.by_origin.values())
    assert len(found.by_origin) == 6
    assert found.absent.share <= 0.004
