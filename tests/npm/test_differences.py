"""oidc-provider, which is certified and not ours, is sent the same wrong requests: what it answers otherwise is explained."""

import pytest

from tests.npm.differences import DIFFERENCES, theirs
from tests.npm.elsewhere import elsewhere
from tests.npm.sent import SENT
from tests.npm.verdicts import verdicts


@pytest.mark.anyio
@pytest.mark.npm
@pytest.mark.requirement("DOOR-outside")
async def test_oidc_provider_says_the_same_of_each_negative_or_it_is_written_down_why_not() -> None:
    async with elsewhere() as other:
        said = [verdict async for verdict in verdicts(other)]
    assert {(one.module, one.name): one.theirs for one in said if one.theirs != one.ours} == theirs()
    assert sorted((one.module, one.name) for one in said) == sorted((module, name) for module, names in SENT.items() for name in names)


def test_each_difference_is_of_negatives_that_are_sent_and_is_written_down_once() -> None:
    rows = [(module, name) for one in DIFFERENCES for module, names in one.rows.items() for name in names]
    assert len(rows) == len(set(rows))
    sent = {(module, name) for module, names in SENT.items() for name in names}
    assert set(rows) <= sent
    assert len(sent) >= 503
