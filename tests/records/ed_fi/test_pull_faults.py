"""A system that is busy, or has a fault of its own, is asked again; what is said of one that stays so."""

import pytest

from safepassage.problems.ed_fi import EdFiSystemUnavailable
from tests.records.ed_fi.test_pulling import District, district

__all__ = ["district"]

pytestmark = pytest.mark.anyio


async def test_a_busy_system_is_asked_again_when_it_wants_to_be(district: District) -> None:
    district.ods.faults = ["busy", "", "busy-until", "", "away", "away"]
    assert (await district.pull()).report is not None
    assert district.waited == [7.0, 90.0, 1.0, 2.0]


async def test_a_fault_of_the_system_passes_and_is_told_as_no_answer_where_it_does_not(district: District) -> None:
    """A database that is busy is a 500 to an Ed-Fi API, of its tokens too: neither its credentials nor its form are wrong."""
    district.ods.token_faults, district.ods.faults = [500], ["broken"]
    assert (await district.pull()).report is not None
    assert district.waited == [1.0, 1.0]
    district.ods.tokens.clear()
    district.ods.token_faults = [500] * 6
    with pytest.raises(EdFiSystemUnavailable):
        await district.pull()
    district.ods.faults = ["broken"] * 6
    with pytest.raises(EdFiSystemUnavailable):
        await district.pull()
