"""Every route of the node: who answers it, who may call it, how much body of which kind, how long it may take, which headers guard it.

Data, a file for each service, and nothing else decides. What is not here does not exist from outside; tests compare it with the
services' own routes both ways.
"""

from dataclasses import replace
from math import inf
from typing import Final

from services.gateway.door.audit_routes import AUDIT
from services.gateway.door.endings import ENDINGS
from services.gateway.door.gateway_routes import GATEWAY
from services.gateway.door.privacy_routes import ACCESS, PRIVACY
from services.gateway.door.records_routes import ONEROSTER, RECORDS
from services.gateway.door.route import Route

BULK: Final = frozenset(
    {
        ("POST", "/v1/rosters"),
        ("GET", "/v1/roster-package"),
        ("GET", "/v1/msix-package"),
        ("POST", "/v1/exchange-request-batches"),
        ("POST", "/v1/ed-fi-pushes"),
        ("POST", "/v1/log/exports"),
        ("POST", "/v1/log/exports/parts"),
        ("POST", "/v1/log/blast-radius"),
        ("PUT", "/v1/log/blast-radius/counts/{count_id}"),
    }
)
"""What hands out or takes in much at once: it has daily quotas of its own."""

LASTING: Final = frozenset(
    {
        ("GET", "/v1/students/{student_id}/attachments/{attachment_id}"),
        ("PUT", "/v1/students/{student_id}/attachments/{attachment_id}"),
        ("GET", "/v1/students/{student_id}/disclosure-accounting/document"),
        ("POST", "/v1/policy-sets"),
        ("POST", "/v1/policy-sets/{policy_hash}/tests"),
        ("POST", "/v1/rosters"),
        ("GET", "/v1/roster-package"),
        ("GET", "/v1/msix-package"),
        ("POST", "/v1/hand-carry-documents"),
        ("POST", "/v1/log/blast-radius"),
        ("POST", "/v1/log/exports/parts"),
        ("POST", "/v1/log/exports/manifest"),
        ("POST", "/v1/mirror/add-entries"),
        ("POST", "/v1/peer/envelopes"),
        ("PUT", "/v1/peer/bodies/{envelope_id}/chunks/{number}"),
        ("GET", "/v1/peer/outbox/{kind}"),
        ("POST", "/v1/peer/outbox/{kind}/answers"),
        ("POST", "/v1/peer/request-batches"),
        ("POST", "/v1/peer/envelope-batches"),
        ("POST", "/v1/peer/receipt-batches"),
        ("POST", "/v1/peer/notice-batches"),
        ("POST", "/v1/peer/comparisons"),
    }
)
"""What hands out or takes in so much that it takes as long as it takes: no pause in it is long, and nothing else bounds it."""

ROUTES: Final[tuple[Route, ...]] = tuple(
    replace(
        route,
        bulk=(route.method, route.template) in BULK,
        total_seconds=inf if (route.method, route.template) in LASTING else route.total_seconds,
        ending=ENDINGS.get((route.method, route.template)),
    )
    for route in (*GATEWAY, *PRIVACY, *ACCESS, *RECORDS, *ONEROSTER, *AUDIT)
)
