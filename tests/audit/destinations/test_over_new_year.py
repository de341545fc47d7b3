"""Over New Year: what is sent, and sent again, goes on in the next log, and what was asked for of the old one ends there."""

from datetime import UTC, datetime, timedelta

import pytest

from safepassage.wire_destinations import WebhookReceiver as Webhook
from services.audit.destinations.configuration import Configuration
from services.audit.destinations.reading import Lane, next_step, onward, published_sizes
from services.audit.openings import Place
from tests.audit.audit_node import ENTITY, event
from tests.audit.destinations.keeping import Keeping
from tests.audit.destinations.receivers import WebhookReceiver
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
OLD, NEW = 2026, 2027


async def over_new_year(kept: Keeping, clock: StandingClock) -> dict[int, int]:
    """Three entries in the old log, and three in the new one behind the one that it begins with; how many each has published."""
    await kept.node.append(*[event("match") for _ in range(3)])
    await kept.turn()
    clock.instant = NEW_YEAR + timedelta(seconds=5)
    await kept.node.append(*[event("match") for _ in range(3)])
    await kept.node.sequencer.publish_now()
    async with kept.node.database.reading() as tx:
        return await published_sizes(tx)


def indices_of(receiver: WebhookReceiver) -> list[int]:
    return [index for one in receiver.came for index in one.indices]


@pytest.mark.requirement("LOG-SIEM")
async def test_what_is_new_goes_on_with_the_next_years_log_and_is_sent_again_over_both(
    kept: Keeping, receiver: WebhookReceiver, clock: StandingClock
) -> None:
    made = await kept.webhook(receiver.port, classes=["match"])
    await over_new_year(kept, clock)
    await kept.turn()
    sent = indices_of(receiver)
    assert (len(sent), sent[3:]) == (6, [1, 2, 3]), "all of the old log, then those of the new one behind its first entry"
    stands = await kept.stands(made.destination.id)
    assert stands.log.endswith("/2027")
    receiver.came.clear()
    await kept.act(made.destination.id, "replays", {"since": "2026-01-01T00:00:00Z"}, status=202)
    await kept.turn()
    assert indices_of(receiver) == sent
    assert (await kept.stands(made.destination.id)).replay is None


async def test_what_is_sent_again_of_the_old_log_ends_there_and_takes_nothing_of_the_new_one(kept: Keeping, clock: StandingClock) -> None:
    sizes = await over_new_year(kept, clock)
    assert min(sizes[OLD], sizes[NEW]) > 2
    receiver = Webhook(kind="webhook", url="https://siem.example/in", signature="v1")
    configuration = Configuration(name="the SIEM", receiver=receiver, classes=(), batch_entries=100, purpose="audit-evaluation", keys=())
    end = Place(OLD, sizes[OLD])
    async with kept.node.database.reading() as tx:
        steps = [
            await next_step(tx, kept.node.app.state.keys, Lane("replay", at, None, end), configuration, entity_id=ENTITY)
            for at in (Place(OLD, 0), end, Place(NEW, 0))
        ]
    told = [None if step is None or step.batch is None else (step.batch.log[-4:], len(step.batch.entries)) for step in steps]
    assert told == [("2026", sizes[OLD]), None, None]
    assert [step is not None and step.is_last for step in steps] == [True, True, True]


def test_a_log_is_left_at_its_end_alone_and_only_for_one_that_is_there() -> None:
    sizes = {OLD: 7, NEW: 3}
    assert onward(Place(OLD, 7), sizes) == Place(NEW, 0)
    for place in (Place(OLD, 6), Place(NEW, 3), Place(NEW, 0)):
        assert onward(place, sizes) == place
    assert onward(Place(OLD, 7), {OLD: 7}) == Place(OLD, 7)
    assert onward(Place(OLD, 7), {**sizes, NEW + 1: 1}) == Place(NEW, 0), "no year is passed over"
