"""Nobody is named in what is stored of alerts, in what is published of their entries, in the process log or in the metrics."""

import logging
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from services.audit.stored_tree import StoredTree
from services.audit.tables import AlertAcknowledgementRow, AlertCursorRow, AlertReviewRow, AlertRow, LeaseRow
from shared.telemetry import JsonLines
from tests.audit.alerts.officials import acknowledge_all, listed, signed
from tests.audit.alerts.watched import by, did, read_students, watch
from tests.audit.audit_node import OAK, AuditNode, give_organisations
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

CLIENT, NOTE, PERSON = "canary-client-7f3a", "canary-note-9b1c", UUID("5eed0000-0000-4000-8000-00000000cafe")


def files_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("audit.db*"))


def forms(one: UUID) -> tuple[bytes, ...]:
    return str(one).encode(), one.bytes, one.hex.encode()


@pytest.mark.requirement("LOG-I8")
async def test_no_canary_is_in_rows_leaves_logs_or_metrics(
    node: AuditNode, clock: StandingClock, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    await give_organisations(node)
    student = uuid4()
    with caplog.at_level(logging.DEBUG):
        await read_students(node, 300, client=CLIENT)
        read = by(CLIENT, students=[student])
        await did(node, read.model_copy(update={"actor": read.actor.model_copy(update={"acting_for": PERSON})}))
        await watch(node)
        assert {(alert.actor or {})["client_id"] for alert in await listed(node)} == {CLIENT}
        await acknowledge_all(node, note=NOTE)
        await watch(node)
        clock.advance(days=7)
        await signed(node, "2026-W43")
    secrets = [CLIENT.encode(), NOTE.encode(), *forms(student), *forms(PERSON), *forms(OAK)]
    said = "".join(JsonLines().format(record) for record in caplog.records).encode()
    metrics = (await node.send("GET", "/metrics", {})).body
    async with node.database.reading() as tx:
        stored = []
        for row in (AlertRow, AlertAcknowledgementRow, AlertReviewRow, AlertCursorRow, LeaseRow):
            for one in await tx.execute(select(row.__table__)):
                stored += [value if isinstance(value, bytes) else str(value).encode() for value in one]
        size = await tx.scalar(text("SELECT size FROM tree_state"))
        leaves = await StoredTree(tx, 2026).entries(0, size or 0)
    assert len(stored) > 60
    for place in (said, metrics, b"\0".join(stored), b"\0".join(leaves)):
        assert not [secret for secret in secrets if secret in place]
    if node.database.is_sqlite:
        files = files_in(tmp_path)
        assert not [secret for secret in (CLIENT.encode(), NOTE.encode(), PERSON.bytes, str(PERSON).encode()) if secret in files]
