"""Whether witnesses are enough, counted in a real browser: as the SDK counts it."""

from collections.abc import Iterator
from itertools import islice
from random import Random

import pytest

from safepassage.problems.witnessing import WitnessPolicyMalformed
from safepassage.tlog_policy import parse_policy
from tests.gateway.console.test_proof_script import Script, script
from tests.sdk.cosigners import Cosigner

__all__ = ["script"]

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

MANY = [Cosigner(f"witness-{number}.example/witness", bytes([number] * 32)) for number in range(1, 6)]


def policies(random: Random) -> Iterator[str]:
    """Right ones of any shape: witnesses, then groups of what was defined before, each a member of one group at the most."""
    keys = [one.key.vkey for one in MANY]
    while True:
        some = random.sample(range(len(keys)), random.randint(1, len(keys)))
        lines = [f"witness w{number} {keys[number]}" for number in some]
        free, names = [f"w{number}" for number in some], [f"w{number}" for number in some]
        for number in range(random.randint(0, 3)):
            if not free:
                break
            members = random.sample(free, random.randint(1, len(free)))
            rule = random.choice(["all", "any", str(random.randint(1, len(members)))])
            lines.append(f"group g{number} {rule} {' '.join(members)}")
            free = [one for one in free if one not in members] + [f"g{number}"]
            names.append(f"g{number}")
        yield "\n".join([*lines, f"quorum {random.choice([*names, 'none'])}", ""])


async def test_how_many_are_enough_is_counted_as_the_sdk_counts_it_and_what_is_not_checked_decides_nothing(script: Script) -> None:
    random, asked, expected = Random(7), [], []
    for text in islice(policies(random), 400):
        policy, lines = parse_policy(text.encode()), [(one, random.choice(["absent", "there", "checked"])) for one in MANY]
        there = [one.key for one, how in lines if how != "absent"]
        reached = (policy.is_reached_by([one.key for one, how in lines if how == "checked"]), policy.is_reached_by(there))
        expected.append({(True, True): 2, (False, True): 1, (False, False): 0}[reached])
        asked.append(
            {"text": text, "lines": [{"vkey": one.key.vkey, "checked": how == "checked"} for one, how in lines if how != "absent"]}
        )
    found = await script.each(asked, module="quorum.js", does="script.reachOf(script.readPolicy(one.text), one.lines)")
    assert [one["done"] for one in found] == expected
    assert set(expected) == {0, 1, 2}


async def test_a_policy_that_the_sdk_refuses_is_refused(script: Script) -> None:
    one, two = MANY[0].key.vkey, MANY[1].key.vkey
    wrong = [
        "",
        "quorum nobody\n",
        "quorum none",
        f"witness a {one}\nquorum a\nquorum a\n",
        f"witness a {one}\nwitness a {two}\nquorum a\n",
        f"witness a {one}\nwitness b {one}\nquorum a\n",
        f"witness none {one}\nquorum none\n",
        f"witness a {one}\ngroup g all a a\nquorum g\n",
        f"witness a {one}\ngroup g all b\nquorum g\n",
        f"witness a {one}\ngroup g all g a\nquorum g\n",
        f"witness a {one}\ngroup g all a\ngroup h any a\nquorum g\n",
        *(f"witness a {one}\nwitness b {two}\ngroup g {rule} a b\nquorum g\n" for rule in ("0", "3", "01", "-1", "1.0", "some", "2x")),
        f"witness a {one}\ngroup g all\nquorum g\n",
        "witness a\nquorum none\n",
        "other a\nquorum none\n",
    ]
    for text in wrong:
        with pytest.raises(WitnessPolicyMalformed):
            parse_policy(text.encode())
    found = await script.each([{"text": text} for text in wrong], module="quorum.js", does="script.readPolicy(one.text)")
    assert [one.get("reason") for one in found] == ["policy-malformed"] * len(wrong)
