"""Nothing of a person is in clear on the disk, in the log's leaves, in what the process says, or in its errors."""

import io
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from safepassage.canonical import from_base64url
from shared.contracts.audit import Actor, Context, Digests, Event
from shared.telemetry import JsonLines
from tests.audit.audit_node import OAK, VENDOR, AuditNode, disclosure, running, sqlite_url
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

CANARY = "canary-7f3a"


def marked_event(student: UUID, acting_for: UUID) -> Event:
    """An event with a canary in every member that takes text."""
    return Event(
        class_="match",
        key=f"{CANARY}-key:{student}",
        subjects=(student,),
        custodians=(OAK,),
        actor=Actor(kind="client", client_id=f"{CANARY}-client", role=f"{CANARY}-role", job=f"{CANARY}-job", acting_for=acting_for),
        context=Context(
            operation=f"{CANARY}-operation",
            outcome=f"{CANARY}-outcome",
            reason=f"{CANARY}-reason",
            recipient_organisation=f"{CANARY}-recipient",
            recipient_node=f"{CANARY}-node",
            citations=(f"{CANARY}-citation",),
            policies=(f"{CANARY}-policy",),
            peer_checkpoint=f"{CANARY}-checkpoint",
        ),
        digests=Digests(),
    )


def forms(value: UUID) -> list[bytes]:
    return [str(value).encode(), value.hex.encode(), value.bytes, value.bytes_le, str(value).upper().encode()]


@pytest.fixture
def process_log() -> Iterator[io.StringIO]:
    """What the process writes to its log, at the most talkative level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


async def use_everything(node: AuditNode, student: UUID, acting_for: UUID) -> bytes:
    """Append, refuse, search, open and account; gives everything that was answered to those who may not see it."""
    await node.append(marked_event(student, acting_for))
    one = disclosure(node, student)
    (appended,) = (await node.append(one)).entries
    answers = [from_base64url(appended.entry)]
    refused = [
        await node.try_append(marked_event(student, acting_for).model_copy(update={"class_": "search"})),
        await node.try_append(marked_event(student, uuid4())),
        await node.try_append(one.model_copy(update={"decision_token": f"{CANARY}.token.x", "key": "k"})),
        await node.send("POST", "/internal/entries", node.as_job("records"), {"events": [{"class": CANARY, CANARY: str(student)}]}),
        await node.send("POST", "/v1/log/searches", node.as_caller("audit:search"), {"student_id": CANARY, "name": str(student)}),
        await node.send("POST", "/v1/log/searches", node.as_caller("audit:search"), {}, f"cursor={CANARY}"),
        await node.send("GET", f"/v1/log/tile/{CANARY}", node.as_caller("audit:operate", kind="sea")),
    ]
    await node.app.state.projector.catch_up()
    assert all(answer.status >= 400 for answer in refused)
    answers += [answer.body for answer in refused]
    searched = await node.send("POST", "/v1/log/searches", node.as_caller("audit:search"), {"student_id": str(student)})
    assert CANARY.encode() in searched.body  # its own district sees it
    await node.send("GET", f"/v1/students/{student}/disclosure-accounting", node.as_caller("audit:accounting"))
    operator = node.as_caller("audit:operate", kind="sea")
    for path in (
        "/v1/log/checkpoint",
        "/v1/log/tile/entries/000.p/4",
        "/v1/log/tile/0/000.p/4",
        "/v1/log/entries/1",
        "/v1/log/entries/1/proof",
    ):
        answer = await node.send("GET", path, operator)
        answers.append(answer.body)
    stranger = await node.send(
        "POST", "/v1/log/searches", node.as_caller("audit:search", organisation=VENDOR), {"student_id": str(student)}
    )
    answers.append(stranger.body)
    return b"\n".join(answers)


@pytest.fixture
async def sqlite_node(sqlite_store: Path, node_keys: Path, clock: StandingClock) -> AsyncIterator[AuditNode]:
    async with running(sqlite_url(sqlite_store.parent), node_keys, clock) as node:
        yield node


@pytest.mark.requirement("LOG-I8")
@pytest.mark.requirement("FAULT-canary")
async def test_no_canary_is_in_files_answers_or_the_process_log(
    sqlite_node: AuditNode, sqlite_store: Path, process_log: io.StringIO
) -> None:
    student, acting_for = uuid4(), uuid4()
    answered = await use_everything(sqlite_node, student, acting_for)
    files = {path.name: path.read_bytes() for path in sqlite_store.parent.iterdir() if path.is_file()}
    assert {"audit.db", "audit.db-wal"} <= set(files)
    assert len(files["audit.db-wal"]) > 10_000
    said = process_log.getvalue()
    assert '"route":"/internal/entries"' in said
    assert '"route":"/v1/students/{student_id}/disclosure-accounting"' in said
    places = files | {"answers": answered, "process log": said.encode()}
    forbidden = [CANARY.encode(), *forms(student), *forms(acting_for)]
    found = [(name, value) for name, content in places.items() for value in forbidden if value in content]
    assert found == []


@pytest.mark.requirement("LOG-I8")
@pytest.mark.postgres
@pytest.mark.requirement("FAULT-canary")
async def test_no_canary_is_in_the_tables_of_postgresql(postgres_place: str, node_keys: Path, clock: StandingClock) -> None:
    from tests.audit.audit_node import migrated  # noqa: PLC0415 only here

    await migrated(postgres_place)
    student, acting_for = uuid4(), uuid4()
    async with running(postgres_place, node_keys, clock) as node:
        await use_everything(node, student, acting_for)
        async with node.database.reading() as tx:
            names = (await tx.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).all()
            rows = [row[0] for name in names for row in await tx.execute(text(f'SELECT t::text FROM "{name}" t'))]  # noqa: S608 own names
    content = "\n".join(rows).encode()
    assert len(content) > 8_000
    hexed = [value.hex().encode() for value in (CANARY.encode(), str(student).encode(), student.bytes, acting_for.bytes)]
    assert [value for value in [CANARY.encode(), *forms(student)[:2], *hexed] if value in content] == []
