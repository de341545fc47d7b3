"""People who had signed in are found in the log, measured and watched each by themselves, though all of them work with the same pages."""

import importlib
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, delete, func

from safepassage.canonical import digest_of
from safepassage.ids import uuid7
from safepassage.wire_log_radius import BlastRadius
from services.audit.index.terms import Kind
from services.audit.tables import PostingRow
from shared.actors import CONSOLE
from shared.contracts.audit import Actor, Context, Event
from shared.in_process import Answer
from shared.officials import official_of
from tests.audit.alerts.officials import acknowledge, acting, listed, state_client
from tests.audit.alerts.watched import told, watch
from tests.audit.audit_node import OAK, STATE, AuditNode, event, give_organisations, running
from tests.audit.test_blast_radius import asked
from tests.audit.test_index import alone, projector_of, rows_of
from tests.audit.test_search_filters import search, state
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

ANN, BEN = digest_of(b"Ann"), digest_of(b"Ben")


def by(person: str | None = None, client: str | None = CONSOLE, students: int = 1, **more: Any) -> Event:
    """A read of some students' records; for a person, at the console where nothing else is said."""
    return Event(
        class_="read",
        key=f"read:{uuid4()}",
        subjects=tuple(uuid4() for _ in range(students)),
        custodians=(OAK,),
        actor=Actor(kind="client", client_id=client, organisation_id=OAK, person=person, **more),
        context=Context(operation="record-read", outcome="done", purpose="enrollment"),
    )


async def read(node: AuditNode, *events: Event) -> None:
    await give_organisations(node)
    await node.append(*events, headers=node.on_behalf_of("lea", OAK))


async def signed_in(node: AuditNode, person: str) -> None:
    """What the gateway writes of somebody who comes in: no client did it."""
    entry = Event(
        class_="authentication",
        key=f"signed-in:{uuid7(node.clock())}",
        actor=Actor(kind="person", person=person, organisation_id=OAK),
        context=Context(operation="signed-in", outcome="done"),
    )
    await node.append(entry, service="gateway")


@pytest.mark.parametrize("indexed", [True, False])
async def test_what_a_person_did_is_found_and_nothing_of_their_colleagues(node: AuditNode, indexed: bool) -> None:
    await read(node, by(ANN), by(BEN), by(ANN, client="roster-app"), by(client="sis-1"))
    await signed_in(node, ANN)
    if indexed:
        await projector_of(node).catch_up()
    for body, indices in (
        ({"signed_in": [ANN]}, [4, 2, 0]),
        ({"signed_in": [BEN]}, [1]),
        ({"signed_in": [ANN, BEN], "client_ids": [CONSOLE]}, [1, 0]),
        ({"client_ids": ["roster-app"]}, [2]),
        ({"signed_in": [digest_of(b"nobody")]}, []),
    ):
        assert [one.index for one in (await search(node, state(node), **body)).entries] == indices, body


@pytest.mark.parametrize("indexed", [True, False])
async def test_what_was_done_with_an_exchanged_token_is_found_by_both_clients(node: AuditNode, indexed: bool) -> None:
    await read(node, by(client="helper", for_client="stolen"), by(client="stolen"), by(client="helper"))
    if indexed:
        await projector_of(node).catch_up()
    assert [one.index for one in (await search(node, state(node), client_ids=["stolen"])).entries] == [1, 0]
    assert [one.index for one in (await search(node, state(node), client_ids=["helper"])).entries] == [2, 0]


async def test_the_reach_of_a_person_is_measured(node: AuditNode) -> None:
    await read(node, by(ANN, students=3), by(BEN, students=5), by(ANN, client="roster-app"))
    await projector_of(node).catch_up()
    for whose, entries, students in (({"signed_in": ANN}, 2, 4), ({"signed_in": BEN}, 1, 5), ({"client_id": CONSOLE}, 2, 8)):
        answer = await node.send("POST", "/v1/log/blast-radius", state(node), asked(node, **whose))
        found = BlastRadius.model_validate_json(answer.body)
        assert (found.entries, found.students) == (entries, students)
    answer = await node.send("POST", "/v1/log/blast-radius", state(node), asked(node, signed_in=ANN, client_id=CONSOLE))
    assert answer.status == 422


async def test_each_person_has_habits_of_their_own(node: AuditNode) -> None:
    """Two who read little each are no bulk read together; one of them who reads much is, whatever the others do."""
    await read(node, by(ANN, students=150), by(BEN, students=150))
    await watch(node)
    assert await told(node) == ["first-seen-actor", "first-seen-actor"]
    await read(node, by(BEN, students=100))
    await watch(node)
    (bulk,) = await listed(node, "rule=bulk-read")
    assert (bulk.count, (bulk.actor or {})["person"]) == (250, BEN)


async def test_whose_sign_in_was_long_ago_is_told_of(node: AuditNode, clock: StandingClock) -> None:
    await signed_in(node, ANN)
    await watch(node)
    clock.advance(days=30)
    await signed_in(node, BEN)
    await watch(node)
    clock.advance(days=16)
    await signed_in(node, ANN)
    await signed_in(node, BEN)
    await watch(node)
    (dormant,) = await listed(node, "rule=dormant-credential")
    assert (dormant.count, (dormant.actor or {})["person"]) == (46, ANN)


async def test_a_person_acknowledges_what_is_about_a_colleague_and_not_about_themselves(node: AuditNode) -> None:
    await read(node, by(ANN, students=300))
    await watch(node)
    (alert,) = await listed(node, "rule=bulk-read")

    async def at_the_console(person: str) -> Answer:
        scopes = ("alerts:read", "alerts:review")
        caller = node.as_caller(*scopes, kind="sea", organisation=STATE, purpose="audit-evaluation", client=CONSOLE, person=person)
        headers = caller | {"idempotency-key": str(uuid4())}
        return await acknowledge(node, alert, headers=headers, acting_official=acting(official_of(person)))

    answer = await at_the_console(ANN)
    assert (answer.status, json.loads(answer.body)["code"]) == (403, "alert-about-you")
    assert (await at_the_console(BEN)).status == 201


async def test_whoever_is_told_of_by_an_application_of_theirs_acknowledges_it_no_more(node: AuditNode) -> None:
    await read(node, by(ANN, client="roster-app", students=300))
    await watch(node)
    (alert,) = await listed(node, "rule=bulk-read")
    assert (alert.actor or {})["client_id"] == "roster-app"
    assert (await acknowledge(node, alert, headers=state_client(node, client="roster-app"))).status == 403


def upgrade(connection: Connection) -> None:
    """What the migration does."""
    with Operations.context(MigrationContext.configure(connection)):
        importlib.import_module("services.audit.migrations.versions.0018_people_in_the_index").upgrade()


async def test_a_log_that_was_indexed_before_finds_its_people_after_the_migration(
    store_url: str, node_keys: Path, clock: StandingClock
) -> None:
    async with running(store_url, node_keys, clock) as node:
        await alone(node)
        await read(node, by(ANN), *[event("match", student=uuid4()) for _ in range(20)])
        await projector_of(node).catch_up()
        as_ever = await rows_of(node)
        async with node.database.transaction() as tx:
            await tx.execute(delete(PostingRow).where(func.substr(PostingRow.term, 1, 1) == bytes([Kind.SIGNED_IN])))
        assert (await search(node, state(node), signed_in=[ANN])).entries == ()
        await node.database.write(upgrade)
        await projector_of(node).catch_up()
        assert [one.index for one in (await search(node, state(node), signed_in=[ANN])).entries] == [0]
        people = [row for row in (await rows_of(node))["posting"] if row[3][0] == Kind.SIGNED_IN]
        assert people == [row for row in as_ever["posting"] if row[3][0] == Kind.SIGNED_IN] != []
