"""Officials of the state agency who look at alerts."""

import json
from typing import Any
from uuid import UUID, uuid4

from safepassage.wire_alerts import Alert, AlertPage, AlertReview, AlertReviewPage
from shared.in_process import Answer
from tests.audit.audit_node import STATE, AuditNode

PRIVACY_OFFICE = "privacy-office"


def acting(official: str = "cpo") -> dict[str, str]:
    return {"pairwise_id": official, "role": "privacy-officer", "authenticated_at": "2026-01-01T00:00:00Z"}


def state_client(
    node: AuditNode, *scopes: str, client: str = PRIVACY_OFFICE, person: str | None = None, for_client: str | None = None
) -> dict[str, str]:
    caller = node.as_caller(
        *(scopes or ("alerts:read", "alerts:review")),
        kind="sea",
        organisation=STATE,
        purpose="audit-evaluation",
        client=client,
        person=person,
        for_client=for_client,
    )
    return caller | {"idempotency-key": str(uuid4())}


async def listed(node: AuditNode, query: str = "") -> tuple[Alert, ...]:
    answer = await node.send("GET", "/v1/log/alerts", state_client(node), query=query)
    assert answer.status == 200, answer.body
    return AlertPage.model_validate_json(answer.body).alerts


async def read(node: AuditNode, alert_id: UUID) -> Alert:
    answer = await node.send("GET", f"/v1/log/alerts/{alert_id}", state_client(node))
    assert answer.status == 200, answer.body
    return Alert.model_validate_json(answer.body)


async def acknowledge(node: AuditNode, alert: Alert, *, headers: dict[str, str] | None = None, **more: Any) -> Answer:
    body = {"reason": "explained", "seen_count": alert.seen_count, "acting_official": acting()} | more
    return await node.send("POST", f"/v1/log/alerts/{alert.id}/acknowledgements", headers or state_client(node), body)


async def acknowledge_all(node: AuditNode, **more: Any) -> None:
    for alert in await listed(node, "state=open&limit=1000"):
        answer = await acknowledge(node, alert, **more)
        assert answer.status == 201, answer.body


async def sign(node: AuditNode, week: str, *, headers: dict[str, str] | None = None, official: str = "cpo") -> Answer:
    body = {"week": week, "acting_official": acting(official)}
    return await node.send("POST", "/v1/log/alert-reviews", headers or state_client(node), body)


async def signed(node: AuditNode, week: str) -> AlertReview:
    answer = await sign(node, week)
    assert answer.status == 201, answer.body
    return AlertReview.model_validate_json(answer.body)


async def reviews(node: AuditNode) -> AlertReviewPage:
    answer = await node.send("GET", "/v1/log/alert-reviews", state_client(node))
    assert answer.status == 200, answer.body
    return AlertReviewPage.model_validate_json(answer.body)


def said(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.body)
    return found


def code(answer: Answer) -> str:
    return str(said(answer)["code"])
