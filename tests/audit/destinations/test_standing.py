"""How far a destination is behind, in entries and in time, over the logs of two years; where it is, and from where it begins."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from safepassage.wire_destinations import LogDestination
from safepassage.wire_destinations import WebhookReceiver as Webhook
from services.audit.destinations.configuration import Configuration, HeldKey
from services.audit.destinations.standing import shown
from services.audit.tables import LogDestinationRow
from tests.audit.audit_node import event
from tests.audit.destinations.keeping import Keeping
from tests.audit.destinations.receivers import WebhookReceiver
from tests.audit.destinations.test_over_new_year import NEW, OLD, indices_of, over_new_year
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


async def stands(kept: Keeping, clock: StandingClock, *, made: Configuration | None = None, **about: Any) -> LogDestination:
    """What is said of a destination; without `made` of one that nobody can open any more."""
    values = {"id": uuid4(), "state": "active", "failures": 0, "made_at": clock(), "due_at": clock() + timedelta(minutes=3)}
    async with kept.node.database.reading() as tx:
        return await shown(tx, LogDestinationRow(**values | about), made, now=clock())


@pytest.mark.requirement("LOG-SIEM")
async def test_it_is_behind_by_what_is_left_of_its_log_and_all_of_the_next(kept: Keeping, clock: StandingClock) -> None:
    began = clock()
    sizes = await over_new_year(kept, clock)
    clock.advance(seconds=40)
    for log, at, behind, seconds in (
        (OLD, 1, sizes[OLD] - 1 + sizes[NEW], int((clock() - began).total_seconds())),
        (NEW, 1, sizes[NEW] - 1, 40),
        (NEW, sizes[NEW] - 1, 1, 40),
        (NEW, sizes[NEW], 0, 0),
    ):
        found = await stands(kept, clock, log=log, at=at)
        assert (found.behind, found.behind_seconds, found.index, found.log[-4:]) == (behind, seconds, at, str(log))
    done = await stands(kept, clock, log=OLD, at=sizes[OLD])
    assert (done.log[-4:], done.index, done.behind) == (str(NEW), 0, sizes[NEW]), "with the old log it is through"


async def test_of_entries_at_several_times_the_age_is_that_of_the_first_that_is_left(kept: Keeping, clock: StandingClock) -> None:
    first = kept.node.sequencer.size
    for _ in range(3):
        await kept.node.append(event("match"))
        clock.advance(seconds=10)
    await kept.node.sequencer.publish_now()
    assert [(await stands(kept, clock, log=OLD, at=first + n)).behind_seconds for n in range(4)] == [30, 20, 10, 0]
    clock.instant -= timedelta(hours=1)
    assert (await stands(kept, clock, log=OLD, at=first)).behind_seconds == 0, "a clock that was put back tells no age below nothing"


@pytest.mark.parametrize(
    ("state", "failures", "attempted_again"), [("active", 2, True), ("active", 0, False), ("disabled", 2, False), ("paused", 2, False)]
)
async def test_when_it_is_tried_again_is_said_while_it_fails_and_is_tried(
    kept: Keeping, clock: StandingClock, state: str, failures: int, attempted_again: bool
) -> None:
    await kept.node.append(event("match"))
    await kept.node.sequencer.publish_now()
    found = await stands(kept, clock, log=OLD, at=0, state=state, failures=failures)
    assert found.next_attempt_at == (clock() + timedelta(minutes=3) if attempted_again else None)


async def test_until_when_a_former_key_signs_is_said_while_it_does(kept: Keeping, clock: StandingClock) -> None:
    await kept.node.append(event("match"))
    await kept.node.sequencer.publish_now()
    receiver = Webhook(kind="webhook", url="https://siem.alder.example/in", signature="v1")
    start = clock()
    untils = (None, start + timedelta(hours=1), start + timedelta(hours=2))
    keys = tuple(HeldKey(text=f"whsec_{n}", until=until) for n, until in enumerate(untils))
    made = Configuration(name="x", receiver=receiver, classes=(), batch_entries=1, purpose="audit-evaluation", keys=keys)
    for seconds, until in ((0, untils[2]), (7199, untils[2]), (7200, None)):
        clock.instant = start + timedelta(seconds=seconds)
        assert (await stands(kept, clock, made=made, log=OLD, at=0)).former_key_until == until


@pytest.mark.requirement("LOG-SIEM")
async def test_one_that_begins_now_has_nothing_of_either_years_past(kept: Keeping, receiver: WebhookReceiver, clock: StandingClock) -> None:
    await over_new_year(kept, clock)
    now = await kept.webhook(receiver.port, classes=["match"])
    assert (now.destination.log[-4:], now.destination.index > 0) == (str(NEW), True)
    await kept.turn()
    assert indices_of(receiver) == []
    await kept.node.append(event("match"))
    await kept.turn()
    assert len(indices_of(receiver)) == 1
    receiver.came.clear()
    beginning = await kept.webhook(receiver.port, classes=["match"], start="beginning")
    assert (beginning.destination.log[-4:], beginning.destination.index) == (str(OLD), 0)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://siem.alder.example/in", ("siem.alder.example", 80)),
        ("https://siem.alder.example/in", ("siem.alder.example", 443)),
        ("http://siem.alder.example:8080/in", ("siem.alder.example", 8080)),
        ("https://[2001:db8::1]/in", ("2001:db8::1", 443)),
    ],
)
def test_a_url_without_a_port_is_at_its_schemes_own(url: str, place: tuple[str, int]) -> None:
    receiver = Webhook(kind="webhook", url=url, signature="v1")
    made = Configuration(name="x", receiver=receiver, classes=(), batch_entries=1, purpose="audit-evaluation", keys=())
    assert made.host_and_port == place
