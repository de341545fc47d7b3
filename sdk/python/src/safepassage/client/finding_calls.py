"""The operations on findings, as `safepassage.client.calls`."""

from uuid import UUID

from safepassage.client.call import Call, path_of, reading, writing
from safepassage.wire_finding import Finding, NewFinding


def create_finding(finding: NewFinding, *, idempotency_key: str | None = None) -> Call[Finding]:
    """Ask other nodes whether they may have a child whose former state is not known. Scope exchange:request."""
    return writing("POST", "/v1/findings", finding, Finding, idempotency_key=idempotency_key)


def read_finding(finding_id: UUID) -> Call[Finding]:
    """Which nodes were asked, and what they said. Scope exchange:request."""
    return reading(path_of("/v1/findings/{id}", id=finding_id), Finding)
