"""A child who is not here and one whose record is refused: the same work, entries and rows, so that nothing tells them apart."""

import gc
import json
import sqlite3
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from math import exp, sqrt
from random import Random
from statistics import median

import pytest
from sqlalchemy import select

from node.synthetic import SyntheticStudent
from safepassage.compact import split
from safepassage.wire_exchange import NewExchangeRequests
from services.audit.tables import AlertRow
from services.records.exchange import answering, deciding, nobody
from services.records.exchange.answers import Subject
from services.records.lookup import LookupLimit
from services.records.tables import PeerRequestRow
from shared.nobody import nobody_of
from shared.who_may_call import SERVICES
from tests.records.exchange.many_children import children_born_apart
from tests.records.exchange.two_states import Case, State, TwoStates, ordinary_students
from tests.soak.holdings import leaves_of

pytestmark = pytest.mark.anyio

MANY = 4


BY_THE_CLOCK = {
    "audit.checkpoint",
    "audit.segment",
    "audit.tile",
    "gateway.lease",
    "privacy.lease",
    "privacy.readiness_evidence",
    "records.lease",
}
"""How many there are depends on what came together, on when a second was over, and on when a worker of the node had its first turn."""


async def rows_of(state: State) -> Counter[str]:
    """How many rows each table of each store of a node has, the log's index up to its end."""
    await state.node.applications["audit"].state.projector.catch_up()
    counts: Counter[str] = Counter()
    for service in SERVICES:
        connection = sqlite3.connect(f"file:{state.folder.store(service)}?mode=ro", uri=True)
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            [counts[f"{service}.{table}"]] = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608 its own names
        connection.close()
    return Counter({table: number for table, number in counts.items() if table not in BY_THE_CLOCK})


async def refused(states: TwoStates) -> SyntheticStudent:
    """A child of Alder's whose district has not agreed that its records are passed on."""
    child = states.child()
    await states.alder.load(child)
    await states.alder.change_organisation(states.alder.organisation(child.district.key), onward_transfer_agreed=None)
    return child


class Left:
    """What one exchange left at Alder, from the request to the last receipt."""

    def __init__(self, entries: Counter[str], rows: Counter[str], sizes: list[tuple[str, int]]) -> None:
        self.entries, self.rows, self.sizes = entries, rows, sizes


OF_AN_EXCHANGE = {"request", "match", "decision", "receipt"}


async def left_by(states: TwoStates, child: SyntheticStudent) -> tuple[Case, Left]:
    """An exchange about a child whom the log knows already: one before has made what is made once for a student."""
    for attempt in range(5):
        before, rows = await leaves_of(states.alder.folder), await rows_of(states.alder)
        case = await states.ask(child.selector)
        await states.settle()
        await states.alder.tell()
        new = [leaf for place, leaf in (await leaves_of(states.alder.folder)).items() if place not in before]
        if attempt and {leaf.class_ for leaf in new} <= OF_AN_EXCHANGE:
            break  # no worker of the node has said something else in between
    sizes = sorted((leaf.class_, len(json.dumps(vars(leaf)))) for leaf in new)
    return case, Left(Counter(leaf.class_ for leaf in new), await rows_of(states.alder) - rows, sizes)


@pytest.fixture
async def both(states: TwoStates) -> list[tuple[Case, Left]]:
    """About a child whose record is refused, and about one who is not here. Tokens and keys were made by exchanges before."""
    await left_by(states, states.child())
    return [await left_by(states, child) for child in (await refused(states), states.child())]


@pytest.mark.requirement("EX-7")
async def test_they_leave_the_same_entries_and_as_many_rows_in_every_table(both: list[tuple[Case, Left]]) -> None:
    (_, about_refused), (_, about_absent) = both
    assert about_refused.entries == {"request": 2, "match": 1, "decision": 1, "receipt": 2}
    assert about_absent.entries == about_refused.entries
    assert about_absent.sizes == about_refused.sizes
    assert about_absent.rows == about_refused.rows
    assert {"privacy.decision", "audit.sealed", "audit.subject_entry", "records.outgoing_envelope"} <= about_absent.rows.keys()


DIFFER = {"exchange_id", "envelope_id", "request_digest", "ct_digest", "pt_commit", "entry", "index", "path", "checkpoint", "consistency"}
"""Ids, digests and proofs: each envelope has its own."""


@pytest.mark.requirement("EX-7")
async def test_their_answers_are_equal_but_for_ids_times_digests_and_proofs(both: list[tuple[Case, Left]]) -> None:
    [[one], [other]] = [await case.envelopes() for case, _ in both]
    claims, others = split(one.jws or "")[1], split(other.jws or "")[1]
    assert claims.keys() == others.keys()
    assert {name for name in claims if claims[name] != others[name]} <= {*DIFFER, "iat", "exp"}
    assert {name: len(claims[name]) for name in DIFFER - {"index", "path", "checkpoint", "consistency"}} == {
        name: len(others[name]) for name in DIFFER - {"index", "path", "checkpoint", "consistency"}
    }
    told = [(await case.told()).model_dump(exclude={"id", "requested_at", "expires_at"}) for case, _ in both]
    assert told[0] == told[1]


@pytest.mark.requirement("EX-7")
async def test_who_else_asks_for_a_child_whose_record_is_refused_is_not_read(states: TwoStates) -> None:
    """How many do would show in the time that the refusal takes; here a request that could not be opened would show too."""
    child = await refused(states)
    before = await states.ask(child.selector)
    await before.deliver_request()
    await states.alder.one("answering", (await before.request()).id)
    async with states.alder.exchange.database.transaction() as tx:
        row = await tx.get_one(PeerRequestRow, (await before.request()).id)
        assert row.student_id is not None
        kept, row.particulars = row.particulars, b"not to be opened"
    case = await states.ask(child.selector)
    await states.settle()
    assert (await case.told()).state == "not-provided"
    async with states.alder.exchange.database.transaction() as tx:
        (await tx.get_one(PeerRequestRow, row.id)).particulars = kept


async def test_nobody_is_never_given_anything_and_is_in_no_request(states: TwoStates, both: list[tuple[Case, Left]]) -> None:
    absent = both[1][0]
    assert (await absent.request()).student_id is None
    settings = states.alder.exchange.settings
    facts = nobody.facts_of(settings.node_organisation_id, jurisdiction=settings.jurisdiction, now=states.clock())
    assert (facts.student_id, facts.custodian_id) == (nobody_of(settings.node_organisation_id), settings.node_organisation_id)
    permitted = facts.model_copy(update={"originating_agency": str(states.alder.organisation(states.child().district.key))})
    for one in (facts, permitted):
        asked = answering.asked_by(states.alder.exchange, await absent.request())
        subject = Subject(one.student_id, one.custodian_id, one.originating_agency, is_nobody=True)
        decision = await deciding.decide(states.alder.exchange, asked, subject, one.facts_version, nobody=one)
        assert (decision.outcome, decision.token, decision.subjects[0].permitted) == ("deny", None, ())


def alike(one: Sequence[float], other: Sequence[float]) -> float:
    """How likely two samples of one distribution differ at least so much: Kolmogorov and Smirnov, as Stephens (1970) approximates it."""
    ordered, others = sorted(one), sorted(other)
    apart = max(abs(bisect_right(ordered, at) / len(one) - bisect_right(others, at) / len(other)) for at in (*one, *other))
    size = sqrt(len(one) * len(other) / (len(one) + len(other)))
    scaled = (size + 0.12 + 0.11 / size) * apart
    return min(1.0, 2 * sum((-1) ** (n - 1) * exp(-2 * n**2 * scaled**2) for n in range(1, 101))) if scaled > 0.2 else 1.0


EACH = 250


def test_the_measure_tells_what_is_shifted_from_what_is_not() -> None:
    random = Random(1)
    one, same = ([random.gauss(30, 3) for _ in range(EACH)] for _ in range(2))
    assert alike(one, same) > 0.05
    assert alike(one, [each + 1.5 for each in same]) < 0.001


@pytest.mark.requirement("EX-7")
@pytest.mark.parametrize(
    ("each", "by_chance"), [pytest.param(60, 0.0005, id="some", marks=pytest.mark.slow), pytest.param(EACH, 0.01, marks=pytest.mark.long)]
)
async def test_the_time_of_an_answer_does_not_tell_which_it_was(states: TwoStates, each: int, by_chance: float) -> None:
    """CPU seconds of this process from taking a request up until its answer is queued: every service of Alder is in it.

    by_chance  so often the test fails although nothing can be told apart
    """
    await states.alder.load(states.child())  # another student, in whose place a child is who is not here
    child = await refused(states)
    taken: dict[bool, list[float]] = {True: [], False: []}
    absent = children_born_apart(ordinary_students())
    for number in range(2 * each + 20):
        there = number % 2 == 0
        case = await states.ask((child if there else next(absent)).selector)
        await case.deliver_request()
        query = select(PeerRequestRow.id).where(PeerRequestRow.exchange_id == case.id)
        async with states.alder.exchange.database.reading() as tx:
            request_id = (await tx.scalars(query)).one()
        gc.collect(0)
        before = time.process_time()
        await states.alder.one("answering", request_id)
        taken[there].append(time.process_time() - before)
        if number % 50 == 49:
            await states.settle()
            await states.advance(minutes=1)
    chance = alike(taken[True][10:], taken[False][10:])
    assert chance > by_chance, (median(taken[True]), median(taken[False]), chance)


@pytest.mark.requirement("EX-7", "EX-enumeration")
async def test_who_asks_for_many_who_are_not_here_is_slowed_down_and_told_of(states: TwoStates) -> None:
    limit = states.alder.exchange.request_limit = LookupLimit(MANY)
    people = [states.new_request(one.selector) for one in islice(children_born_apart(ordinary_students()), MANY + 1)]
    async with states.birch.client("new-district") as client:
        answered = await client.create_exchange_requests(NewExchangeRequests(requests=tuple(people)))
    cases = [Case(states, one.request.id) for one in answered.answers if one.request is not None]
    await states.birch.do("asking")
    waits = [await case.told() for case in cases]
    assert Counter(one.state for one in waits) == {"accepted": MANY, "requested": 1}
    await states.settle()
    await states.advance(minutes=2)
    await states.settle()
    assert {(await case.told()).state for case in cases} == {"not-provided"}
    assert limit is states.alder.exchange.request_limit
    audit = states.alder.node.applications["audit"].state
    audit.watcher._thresholds = audit.watcher._thresholds.model_copy(update={"absences": MANY})
    await audit.projector.catch_up()
    await audit.watcher.look_at_actors()
    async with audit.database.reading() as tx:
        rules = set(await tx.scalars(select(AlertRow.rule)))
    assert "enumeration" in rules
    assert "denied-then-permitted" not in rules
