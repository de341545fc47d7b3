"""What a destination of the log is trusted with is in no line of the process, no entry and no error, however its receiver answers."""

import logging

import pytest
from sqlalchemy import text

from safepassage.wire_destinations import MadeLogDestination
from services.audit.destinations.answers import FAILING_FOR
from shared.telemetry import JsonLines
from tests.audit.audit_node import STATE, event
from tests.audit.destinations.keeping import Keeping
from tests.audit.destinations.receivers import Script, WebhookReceiver
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

TOKEN = "of-the-receiver"
"""In the URL of every destination of these tests (Keeping.webhook)."""
ANSWERS: dict[str, Script] = {
    "takes it": lambda _: 204,
    "says more than it is asked": lambda came: f"200\r\nx-canary: {came.line}",
    "leads elsewhere": lambda came: "302\r\nlocation: http://127.0.0.1/elsewhere?token=of-the-receiver",
    "refuses": lambda _: 401,
    "fails": lambda _: 500,
    "says the secret": lambda came: b"HTTP/1.1 500 x\r\ncontent-length: 0\r\n" + came.line.encode() + b"\r\n\r\n",
    "is no HTTP": lambda _: b"of-the-receiver\r\n\r\n",
    "hangs up": lambda _: b"",
    "is gone": lambda _: 410,
}


@pytest.mark.requirement("LOG-SIEM")
async def test_no_secret_of_a_destination_is_in_a_line_an_entry_or_an_error(
    kept: Keeping, receiver: WebhookReceiver, clock: StandingClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = b""
    secrets = {TOKEN}
    for answer in ANSWERS.values():
        receiver.script = answer
        made = await kept.webhook(receiver.port)
        assert made.secret is not None
        changed = MadeLogDestination.model_validate(await kept.act(made.destination.id, "secret-rotation", {"overlap_hours": 2}))
        secrets |= {str(one.secret).removeprefix("whsec_") for one in (made, changed)}
        await kept.node.append(event("match"))
        await kept.turn()
        clock.advance(seconds=FAILING_FOR.total_seconds() + 1)
        await kept.turn()
        said += (await kept.send("GET", f"/{made.destination.id}")).body + (await kept.send("POST", f"/{made.destination.id}/ping")).body
    assert len(receiver.came) > len(ANSWERS)
    async with kept.node.database.transaction() as tx:  # a fault: the_table_is_gone
        await tx.execute(text("ALTER TABLE log_destination RENAME TO log_destination_away"))
    said += (await kept.try_make({"kind": "webhook", "url": f"http://127.0.0.1:1/in?token={TOKEN}"})).body
    headers = kept.node.as_caller("audit:search", kind="sea", organisation=STATE, purpose="audit-evaluation")
    said += (await kept.node.send("POST", "/v1/log/searches?limit=1000", headers, {})).body
    lines = [JsonLines().format(record) for record in caplog.records] + [record.getMessage() for record in caplog.records]
    assert sum('"level":"error"' in line or '"fault"' in line for line in lines) > 0
    assert [line for line in lines if any(secret in line for secret in secrets)] == []
    assert [secret for secret in secrets if secret.encode() in said] == []
