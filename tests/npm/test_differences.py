"""oidc-provider, which is certified and not ours, is sent the same wrong requests: what it answers otherwise is explained."""

import pytest

from tests.gateway.oauth.codes import test_pushed_negatives
from tests.npm.consenting import Consenting
from tests.npm.differences import DIFFERENCES, theirs
from tests.npm.elsewhere import ACCEPTED, elsewhere
from tests.npm.sent import CONSENT, IN_OAUTHS_WORDS, NEGATIVES, OF_PEOPLE, PUSHED, SENT

pytestmark = [pytest.mark.anyio, pytest.mark.npm]


@pytest.mark.requirement("DOOR-outside")
async def test_oidc_provider_says_the_same_of_each_negative_or_it_is_written_down_why_not() -> None:
    found: dict[tuple[str, str], str] = {}
    sent: list[tuple[str, str]] = []
    async with elsewhere() as other:
        for module, negatives in NEGATIVES.items():
            for negative in negatives:
                right, wrong = await other.right(negative.given), await other.right(negative.given)
                assert await other.verdict(right.sent()) == ACCEPTED, negative.name
                wrong.before = right
                negative.change(wrong)
                verdict = await other.verdict(wrong.sent())
                sent.append((module, negative.name))
                if verdict != negative.refusal.code:
                    found[module, negative.name] = verdict
        assert await other.verdict(other.pushed({}).sent()) == ACCEPTED
        for name, (changes, error, _) in test_pushed_negatives.NEGATIVES.items():
            verdict = await other.verdict(other.pushed(changes).sent())
            sent.append((PUSHED, name))
            if verdict != error:
                found[PUSHED, name] = verdict
        for module, table in OF_PEOPLE.items():
            asked = other.exchange if module == "code" else other.refresh
            assert await other.verdict((await asked({})).sent()) == ACCEPTED, module
            for name, (changes, error, _) in table.items():
                verdict = await other.verdict((await asked(changes)).sent())
                sent.append((module, name))
                if verdict != error:
                    found[module, name] = verdict
        consenting = await Consenting.begun(other)
        assert await consenting.right() == ACCEPTED
        for name, verdict in (await consenting.verdicts()).items():
            sent.append((CONSENT, name))
            if verdict != IN_OAUTHS_WORDS:
                found[CONSENT, name] = verdict
        assert await consenting.right() == ACCEPTED
    assert found == theirs()
    assert sorted(sent) == sorted((module, name) for module, names in SENT.items() for name in names)


def test_each_difference_is_of_negatives_that_are_sent_and_is_written_down_once() -> None:
    rows = [(module, name) for one in DIFFERENCES for module, names in one.rows.items() for name in names]
    assert len(rows) == len(set(rows))
    sent = {(module, name) for module, names in SENT.items() for name in names}
    assert set(rows) <= sent
    assert len(sent) >= 422
