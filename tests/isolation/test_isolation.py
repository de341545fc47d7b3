"""What belongs to another looks absent: every operation of the node's document, asked by everybody whose it is not.

For each a stranger asks twice: with ids that are somebody else's, and with ids that nobody has. Status, fields and body are equal, and so
are the statements that the stores execute for them: how long it takes has little to tell by. Then the owner asks, and is answered
differently: so what was asked for was there.
"""

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import StandingClock
from tests.isolation.coverage import expected, ids_in, of_the_state_alone, operations, route_of
from tests.isolation.of_audit import of_audit
from tests.isolation.of_gateway import of_gateway
from tests.isolation.of_oneroster import of_oneroster
from tests.isolation.of_privacy import Named, of_privacy
from tests.isolation.of_records import of_records
from tests.isolation.statements import statements
from tests.isolation.two_districts import Request, TwoDistricts, alike, meet_everybody, nobodys, two_districts

PARTS = {"gateway": of_gateway, "privacy": of_privacy, "records": of_records, "audit": of_audit, "oneroster": of_oneroster}


async def compared(two: TwoDistricts, service: str, named: Named) -> list[str]:
    """What is wrong with one operation: who learns something, or that its owner finds nothing."""
    name, owner, request = named
    operation, faults = f"{'records' if service == 'oneroster' else service}.{name}", []
    wanted, nobody = route_of(operation).scopes, nobodys(request)
    for who, stranger in two.strangers.items():
        await _log_at_rest(two)
        with statements() as of_theirs:
            theirs = alike(await two.ask(stranger, wanted, request), nobody)
        await _log_at_rest(two)
        with statements() as of_none:
            absent = alike(await two.ask(stranger, wanted, request.of_nobody(nobody)), nobody)
        if sorted(of_theirs) != sorted(of_none):
            more, fewer = Counter(of_theirs) - Counter(of_none), Counter(of_none) - Counter(of_theirs)
            faults.append(f"{operation} by {who} tells by what its stores do: {str(([*more], [*fewer]))[:600]}")
        if theirs != absent:
            differs = [(one, other) for one, other in zip(theirs, absent, strict=True) if one != other]
            faults.append(f"{operation} {request.method} {request.path} {request.ids} by {who}: {str(differs)[:600]}")
    if owner == "nobody":
        return faults
    answer = await two.ask(two.owners[owner], wanted, request)
    if answer.status in (401, 403, 404):
        faults.append(f"{operation} {request.method} {request.path}: its owner is answered {answer.status} {answer.body[:200]!r}")
    return faults


async def _log_at_rest(two: TwoDistricts) -> None:
    """What the index has not is opened by whoever asks next, and what is not published yet is said to be so."""
    await two.audit.sequencer.publish_now()
    await two.audit.app.state.projector.catch_up()


@pytest.mark.anyio
@pytest.mark.requirement("BAD-foreign")
@pytest.mark.parametrize("service", PARTS)
async def test_what_is_anothers_looks_absent_to_everybody(tmp_path: Path, node_keys: Path, service: str) -> None:
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    async with two_districts(tmp_path, node_keys, clock) as two:
        await meet_everybody(two)
        faults, met = [], set()
        async for named in PARTS[service](two):
            met.add(f"{'records' if service == 'oneroster' else service}.{named[0]}")
            faults += await compared(two, service, named)
        assert faults == [], "\n".join(faults)
        assert sorted(expected(service) - met) == [], "they name something, and are asked by nobody here"


@pytest.mark.anyio
async def test_what_the_state_agency_alone_may_do_is_refused_alike_whatever_is_named(tmp_path: Path, node_keys: Path) -> None:
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    async with two_districts(tmp_path, node_keys, clock) as two:
        await meet_everybody(two)
        alone = [one for one in operations() if route_of(one).accepts in ("clients", "peers") and ids_in(one)]
        alone = [one for one in alone if route_of(one).accepts == "peers" or of_the_state_alone(one)]
        assert len(alone) > 30
        for operation in alone:
            method, path = operations()[operation]
            for stranger in two.strangers.values():
                answers = []
                for digit in "12":
                    request = Request(method, re.sub(r"\{[^}]*\}", digit * 8, path), ())
                    answers.append(alike(await two.ask(stranger, route_of(operation).scopes, request), {}))
                assert answers[0] == answers[1], operation
                assert answers[0][0] == 403, (operation, answers[0])
