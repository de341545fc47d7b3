"""Every route of the node: who answers it, who may call it, how much body of which kind, how long it may take, which headers guard it.

Data, and nothing else decides. What is not here does not exist from outside; tests compare it with the services' own routes both ways.
"""

from dataclasses import replace
from math import inf
from typing import Final

from safepassage.body import MAX_MESSAGE_BYTES as CHUNK_BYTES
from safepassage.chunks import MAX_CONTENT_BYTES
from safepassage.envelope import MAX_BODY_BYTES as ENVELOPE_BYTES
from safepassage.envelope import MAX_JWS_BYTES
from safepassage.finding import MAX_LENGTH as COMPARISON_BYTES
from safepassage.message_batches import MAX_BODY_BYTES as BATCH_BYTES
from safepassage.trust_list import CONTENT_TYPE as LIST_TYPE
from safepassage.trust_list import MAX_BYTES as LIST_BYTES
from safepassage.trust_list_steps import LISTS_PATH, PEER_LISTS_PATH
from services.gateway.door.endings import ENDINGS
from services.gateway.door.gateway_routes import GATEWAY
from services.gateway.door.route import JSON, KIB, MIB, Route, also_bearer, anonymous, get, peers, send
from services.gateway.oauth.scopes import ROSTERING

JOSE: Final = ("application/jose",)
ENVELOPE: Final = ("application/vnd.safepassage.envelope.v1",)
CHUNK: Final = ("application/vnd.safepassage.chunk.v1",)
BATCH: Final = ("application/vnd.safepassage.batch.v1",)
OCTETS: Final = ("application/octet-stream",)
TEXT: Final = ("text/plain", "application/octet-stream", "")
"""Of a protocol that names no type for its bodies; its clients send any of these, or none."""


def _access(template: str, *, body: int = 64 * KIB) -> Route:
    scopes = frozenset({"access:evaluate"})
    return Route("POST", template, "privacy", "clients", scopes, body_bytes=body, media_types=JSON, echoes_request_id=True)


ALERTS: Final = ("alerts:read", "alerts:review")
RETENTION: Final = ("retention:hold", "retention:destroy", "retention:approve")
POLICIES: Final = ("policies:draft", "policies:approve", "policies:activate", "policies:simulate")
"""Whoever has a hand in the rules reads them."""
READINESS: Final = ("readiness:read", "readiness:attest")

PRIVACY: Final = (
    send("POST", "/v1/consents", "privacy", "rights:act"),
    get("/v1/consents/{consent_id}", "privacy", "rights:act"),
    get("/v1/consents/{consent_id}/history", "privacy", "rights:act"),
    get("/v1/consents/{consent_id}/receipt", "privacy", "rights:act"),
    send("POST", "/v1/consents/{consent_id}/narrowing", "privacy", "rights:act"),
    send("POST", "/v1/consents/{consent_id}/withdrawal", "privacy", "rights:act"),
    anonymous("GET", "/v1/receipt-keys", "privacy"),
    get("/v1/known-facts/{student_id}", "privacy", "rights:act"),
    get("/v1/students/{student_id}/rights", "privacy", "rights:act"),
    get("/v1/students/{student_id}/rights-file", "privacy", "rights:act"),
    send("POST", "/v1/record-locations", "privacy", "safeguards:keep"),
    get("/v1/record-locations", "privacy", "safeguards:keep", "rights:act"),
    send("POST", "/v1/record-locations/{location_id}/end", "privacy", "safeguards:keep"),
    send("POST", "/v1/access-listings", "privacy", "safeguards:keep"),
    get("/v1/access-listings", "privacy", "safeguards:keep", "rights:act"),
    send("POST", "/v1/access-listings/{listing_id}/end", "privacy", "safeguards:keep"),
    send("POST", "/v1/preferences", "privacy", "rights:act"),
    get("/v1/preferences/{preference_id}", "privacy", "rights:act"),
    send("POST", "/v1/preferences/{preference_id}/rescission", "privacy", "rights:act"),
    get("/v1/inspections", "privacy", "rights:act"),
    send("POST", "/v1/inspections", "privacy", "rights:act"),
    get("/v1/inspections/{inspection_id}", "privacy", "rights:act"),
    send("POST", "/v1/inspections/{inspection_id}/steps", "privacy", "rights:act"),
    send("POST", "/v1/amendments", "privacy", "rights:act"),
    get("/v1/amendments/{amendment_id}", "privacy", "rights:act"),
    send("POST", "/v1/amendments/{amendment_id}/decision", "privacy", "rights:act"),
    send("POST", "/v1/hearings", "privacy", "rights:act"),
    get("/v1/hearings/{hearing_id}", "privacy", "rights:act"),
    send("POST", "/v1/hearings/{hearing_id}/schedule", "privacy", "rights:act"),
    send("POST", "/v1/hearings/{hearing_id}/record", "privacy", "rights:act"),
    send("POST", "/v1/hearings/{hearing_id}/decision", "privacy", "rights:act"),
    send("POST", "/v1/statements", "privacy", "rights:act"),
    get("/v1/statements/{statement_id}", "privacy", "rights:act"),
    send("POST", "/v1/agreements", "privacy", "agreements:write", body=256 * KIB),
    get("/v1/agreements", "privacy", "agreements:write", "agreements:read"),
    get("/v1/agreements/{agreement_id}", "privacy", "agreements:write", "agreements:read"),
    send("POST", "/v1/agreements/documents", "privacy", "agreements:write", body=256 * KIB),
    get("/v1/agreements/{agreement_id}/document", "privacy", "agreements:write", "agreements:read"),
    get("/v1/agreements/{agreement_id}/use", "privacy", "agreements:write", "agreements:read", seconds=30.0),
    send("POST", "/v1/agreements/{agreement_id}/amendments", "privacy", "agreements:write", body=256 * KIB),
    send("POST", "/v1/agreements/{agreement_id}/termination", "privacy", "agreements:write"),
    send("POST", "/v1/evidence", "privacy", "evidence:write", body=256 * KIB),
    get("/v1/evidence", "privacy", "evidence:read", "evidence:write", "evidence:sealed"),
    get("/v1/evidence/{evidence_id}", "privacy", "evidence:read", "evidence:write", "evidence:sealed"),
    send("POST", "/v1/evidence/{evidence_id}/revocation", "privacy", "evidence:write"),
    send("POST", "/v1/debarments", "privacy", "debarments:write"),
    get("/v1/debarments", "privacy", "debarments:write"),
    get("/v1/debarments/{debarment_id}", "privacy", "debarments:write"),
    get("/v1/decisions", "privacy", "decisions:read"),
    get("/v1/decisions/{decision_id}", "privacy", "decisions:read"),
    get("/v1/decisions/{decision_id}/explanation", "privacy", "decisions:read"),
    send("POST", "/v1/decisions/{decision_id}/reproduction", "privacy", "decisions:read", body=0, types=()),
    get("/v1/obligations", "privacy", "obligations:read", "obligations:discharge"),
    send("POST", "/v1/obligations/{obligation_id}/discharge", "privacy", "obligations:discharge"),
    send("POST", "/v1/policy-sets", "privacy", "policies:draft", body=4 * MIB, seconds=30.0),
    get("/v1/policy-sets", "privacy", *POLICIES),
    get("/v1/policy-sets/{policy_hash}", "privacy", *POLICIES),
    send("POST", "/v1/policy-sets/{policy_hash}/validation", "privacy", "policies:draft", seconds=30.0),
    send("POST", "/v1/policy-sets/{policy_hash}/tests", "privacy", "policies:draft", body=4 * MIB, seconds=30.0),
    send("POST", "/v1/policy-sets/{policy_hash}/replays", "privacy", "policies:draft"),
    get("/v1/policy-sets/{policy_hash}/replays/{replay_id}", "privacy", *POLICIES),
    send("POST", "/v1/policy-sets/{policy_hash}/approvals", "privacy", "policies:approve"),
    send("POST", "/v1/policy-sets/{policy_hash}/activation", "privacy", "policies:activate"),
    get("/v1/policy-activations", "privacy", *POLICIES),
    send("POST", "/v1/policy-activations/{number}/call-off", "privacy", "policies:activate"),
    send("POST", "/v1/simulations", "privacy", "policies:simulate"),
    get("/v1/simulation-situations", "privacy", "policies:simulate"),
    send("POST", "/v1/obligations/{obligation_id}/waivers", "privacy", "obligations:waive"),
    get("/v1/duties", "privacy", "duties:read", "duties:complete"),
    send("POST", "/v1/duties", "privacy", "duties:complete"),
    get("/v1/duties/{duty_id}", "privacy", "duties:read", "duties:complete"),
    send("POST", "/v1/duties/{duty_id}/completion", "privacy", "duties:complete"),
    send("POST", "/v1/duties/{duty_id}/waiver", "privacy", "duties:complete"),
    send("POST", "/v1/destructions", "privacy", "destruction:clear"),
    get("/v1/agreements/{agreement_id}/destruction", "privacy", "destruction:attest", "obligations:read", "obligations:discharge"),
    get(
        "/v1/agreements/{agreement_id}/destruction-attestations",
        "privacy",
        "destruction:attest",
        "obligations:read",
        "obligations:discharge",
    ),
    send("POST", "/v1/destruction-attestations", "privacy", "destruction:attest"),
    get("/v1/destruction-attestations/{attestation_id}", "privacy", "destruction:attest", "obligations:read", "obligations:discharge"),
    get("/v1/readiness", "privacy", *READINESS),
    get("/v1/readiness/questions", "privacy", *READINESS),
    get("/v1/readiness/table", "privacy", *READINESS),
    get("/v1/readiness/page", "privacy", *READINESS),
    get("/v1/readiness/questions/{question_id}/attestations", "privacy", *READINESS),
    send("POST", "/v1/readiness/questions/{question_id}/attestations", "privacy", "readiness:attest"),
    send("POST", "/v1/readiness/attestations/{attestation_id}/withdrawal", "privacy", "readiness:attest"),
    get("/v1/readiness/snapshots", "privacy", *READINESS),
    get("/v1/readiness/snapshots/{snapshot_id}", "privacy", *READINESS),
    send("POST", "/v1/readiness/snapshots", "privacy", "readiness:attest", body=0, types=(), seconds=30.0),
)

ACCESS: Final = (
    _access("/access/v1/evaluation"),
    _access("/access/v1/evaluations", body=MIB),
    _access("/access/v1/search/subject"),
    _access("/access/v1/search/resource"),
    _access("/access/v1/search/action"),
)

DOCUMENTS: Final = ("application/pdf", "image/png", "image/jpeg")
ROSTERS: Final = ("application/zip", "application/x-ndjson", "application/vnd.ed-fi+json")

RECORDS: Final = (
    send("POST", "/v1/students", "records", "records:load", body=MIB),
    send("POST", "/v1/students/lookup", "records", "records:read", "records:read:state", cut=True),
    get("/v1/students/{student_id}", "records", "records:read", "records:read:state", seconds=30.0, cut=True),
    send("PUT", "/v1/students/{student_id}", "records", "records:load", body=MIB),
    get("/v1/students/{student_id}/kept-resources", "records", "records:load"),
    get("/v1/students/{student_id}/attachments", "records", "records:read", "records:read:state"),
    Route(
        "PUT",
        "/v1/students/{student_id}/attachments/{attachment_id}",
        "records",
        "clients",
        frozenset({"records:load"}),
        body_bytes=MAX_CONTENT_BYTES,
        media_types=DOCUMENTS,
        answer_seconds=1800.0,
        streams=True,
    ),
    Route(
        "GET",
        "/v1/students/{student_id}/attachments/{attachment_id}",
        "records",
        "clients",
        frozenset({"records:read", "records:read:state"}),
        answer_seconds=30.0,
        streams=True,
    ),
    *also_bearer(
        send("POST", "/v1/rosters", "records", "records:load", body=64 * MIB, types=ROSTERS, seconds=120.0),
        get("/v1/load-reports", "records", "records:load"),
        get("/v1/load-reports/{load_id}", "records", "records:load"),
    ),
    get("/v1/ed-fi-systems", "records", "records:load", "records:read", "exchange:operate", "audit:operate"),
    get("/v1/ed-fi-systems/{system}", "records", "records:load", "records:read", "exchange:operate", "audit:operate"),
    send("PUT", "/v1/ed-fi-systems/{system}/keeping", "records", "records:load"),
    send("POST", "/v1/ed-fi-pushes", "records", "records:read", seconds=30.0, cut=True),
    get("/v1/roster-entries", "records", "records:read", seconds=30.0, cut=True),
    get("/v1/roster-entries/{student}/document", "records", "records:read", seconds=30.0, cut=True),
    get("/v1/msix-package", "records", "records:msix", seconds=120.0),
    get("/v1/matches", "records", "matches:resolve"),
    get("/v1/matches/{match_id}", "records", "matches:resolve"),
    send("POST", "/v1/matches/{match_id}/resolution", "records", "matches:resolve"),
    send("POST", "/v1/unions/{union_id}/separation", "records", "matches:resolve", body=0, types=()),
    get("/v1/statistics", "records", "records:statistics"),
    send("POST", "/v1/statistics", "records", "records:statistics", seconds=60.0),
    get("/v1/statistics/{statistics_id}", "records", "records:statistics"),
    get("/v1/statistics/{statistics_id}/page", "records", "records:statistics"),
    get("/v1/statistics/{statistics_id}/table", "records", "records:statistics"),
    get("/v1/statistics-budget", "records", "records:statistics"),
    send("POST", "/v1/residence-counts", "records", "records:residence", and_scopes=("audit:search",), seconds=30.0),
    send("POST", "/v1/exchange-requests", "records", "exchange:request"),
    send("POST", "/v1/exchange-request-batches", "records", "exchange:request", body=MIB, seconds=20.0),
    get("/v1/exchange-requests/{exchange_id}", "records", "exchange:request"),
    send("POST", "/v1/findings", "records", "exchange:request", seconds=20.0),
    get("/v1/findings/{finding_id}", "records", "exchange:request"),
    send("POST", "/v1/exchange-requests/{exchange_id}/notices", "records", "exchange:request"),
    get("/v1/transfer-notices", "records", "exchange:request", "matches:resolve"),
    send("POST", "/v1/students/{student_id}/hand-carry-copies", "records", "rights:act", seconds=30.0),
    send("POST", "/v1/hand-carry-documents", "records", "rights:act", body=4 * MIB, seconds=30.0),
    send("POST", "/v1/students/{student_id}/transcripts", "records", "rights:act", seconds=30.0),
    send("POST", "/v1/credentials/{credential_id}/revocation", "records", "credentials:revoke"),
    send("POST", "/v1/educator-credentials", "records", "educators:credentials", seconds=20.0),
    send("POST", "/v1/educator-credentials/receptions", "records", "educators:credentials", body=256 * KIB, seconds=30.0),
    send("POST", "/v1/educator-credentials/searches", "records", "educators:credentials", seconds=60.0),
    send("POST", "/v1/educator-credential-requests", "records", "educators:credentials"),
    get("/v1/educator-credential-requests/{exchange_id}", "records", "educators:credentials"),
    anonymous("GET", "/v1/credential-status-lists/{number}", "records"),
    anonymous("GET", "/.well-known/did.json", "records"),
    get("/v1/transfer-confirmations/{exchange_id}", "records", "audit:accounting"),
    get("/v1/transfer-confirmations/{exchange_id}/document", "records", "audit:accounting", seconds=30.0),
    get("/v1/transfer-holds", "records", "matches:resolve"),
    send("POST", "/v1/transfer-holds/{hold_id}/resolution", "records", "matches:resolve"),
    get("/v1/exchange-requests/{exchange_id}/record", "records", "exchange:request", and_scopes=("records:read",), seconds=20.0),
    send(
        "POST", "/v1/exchange-requests/{exchange_id}/ed-fi-push", "records", "exchange:request", and_scopes=("records:read",), seconds=30.0
    ),
    get("/v1/exchanges", "records", "exchange:request", "exchange:operate", "audit:search"),
    get("/v1/exchanges/{exchange_id}", "records", "exchange:request", "exchange:operate", "audit:search"),
    get("/v1/dead-letters", "records", "exchange:operate"),
    get("/v1/dead-letters/{letter_id}", "records", "exchange:operate"),
    send("POST", "/v1/dead-letters/{letter_id}/requeue", "records", "exchange:operate", seconds=20.0),
    send("POST", "/v1/dead-letters/{letter_id}/abandonment", "records", "exchange:operate"),
    get("/v1/waiting-answers", "records", "exchange:operate"),
    send("POST", "/v1/waiting-answers/{envelope_id}/recall", "records", "exchange:operate"),
    peers("POST", "/v1/peer/requests", "records", body=160 * KIB, types=JOSE),
    peers("POST", "/v1/peer/envelopes", "records", body=ENVELOPE_BYTES, types=ENVELOPE, seconds=60.0),
    peers("POST", "/v1/peer/bodies", "records", body=MAX_JWS_BYTES, types=JOSE, seconds=30.0),
    peers("PUT", "/v1/peer/bodies/{envelope_id}/chunks/{number}", "records", body=CHUNK_BYTES, types=CHUNK, seconds=30.0),
    peers("POST", "/v1/peer/receipts", "records", body=64 * KIB, types=JOSE),
    peers("GET", "/v1/peer/receipts/{envelope_id}", "records"),
    peers("GET", "/v1/peer/outbox/{kind}", "records", seconds=60.0),
    peers("POST", "/v1/peer/outbox/{kind}/answers", "records", body=4 * MIB, types=JSON, seconds=60.0),
    peers("GET", "/v1/peer/pins", "records"),
    peers("POST", "/v1/peer/paths", "records", body=16 * KIB, types=JSON),
    anonymous("POST", "/v1/node-statements", "records", body=64 * KIB, types=JOSE),
    anonymous("POST", LISTS_PATH, "records", body=LIST_BYTES, types=(LIST_TYPE,)),
    peers("GET", PEER_LISTS_PATH, "records"),
    get("/v1/peers", "records", "exchange:operate", "audit:operate"),
    get("/v1/reconciliations", "records", "exchange:operate", "audit:operate"),
    peers("POST", "/v1/peer/reconciliations", "records", body=64 * KIB, types=JOSE),
    peers("GET", "/v1/peer/reconciliations/{day}/{stream}", "records"),
    peers("POST", "/v1/peer/endings", "records", body=16 * KIB, types=JOSE),
    peers("POST", "/v1/peer/request-batches", "records", body=BATCH_BYTES, types=BATCH, seconds=60.0),
    peers("POST", "/v1/peer/envelope-batches", "records", body=BATCH_BYTES, types=BATCH, seconds=60.0),
    peers("POST", "/v1/peer/receipt-batches", "records", body=BATCH_BYTES, types=BATCH, seconds=60.0),
    peers("POST", "/v1/peer/notices", "records", body=64 * KIB, types=JOSE),
    peers("POST", "/v1/peer/notice-batches", "records", body=BATCH_BYTES, types=BATCH, seconds=60.0),
    peers("POST", "/v1/peer/comparisons", "records", body=COMPARISON_BYTES, types=JOSE, seconds=30.0),
    peers("GET", "/v1/peer/consistency", "records"),
    peers("GET", "/v1/peer/chains/{exchange_id}", "records"),
    get("/v1/log/chains/{exchange_id}", "records", "audit:search", seconds=30.0),
)

_CORE: Final = (
    "academicSessions", "classes", "courses", "enrollments", "gradingPeriods", "orgs", "schools", "students", "teachers", "terms", "users",
)  # fmt: skip
_INNER: Final = (
    "courses/{id}/classes", "students/{id}/classes", "teachers/{id}/classes", "users/{id}/classes", "terms/{id}/classes",
    "terms/{id}/gradingPeriods", "classes/{id}/students", "classes/{id}/teachers", "schools/{id}/classes", "schools/{id}/courses",
    "schools/{id}/enrollments", "schools/{id}/students", "schools/{id}/teachers", "schools/{id}/terms",
    "schools/{id}/classes/{class_id}/enrollments", "schools/{id}/classes/{class_id}/students", "schools/{id}/classes/{class_id}/teachers",
)  # fmt: skip


def _roster(path: str, scope: str) -> Route:
    scopes = (f"{ROSTERING}roster.readonly", f"{ROSTERING}{scope}")
    return get(f"/ims/oneroster/rostering/v1p2/{path}", "records", *scopes, seconds=60.0, cut=True)


ONEROSTER: Final = also_bearer(
    *(_roster(path, "roster-core.readonly") for path in (*_CORE, *(f"{one}/{{id}}" for one in _CORE), *_INNER)),
    *(_roster(path, "roster-demographics.readonly") for path in ("demographics", "demographics/{id}")),
    get("/v1/roster-package", "records", f"{ROSTERING}roster.readonly", seconds=120.0),
)
"""1EdTech OneRoster 1.2 rostering service, whose paths and scopes are the standard's, and its CSV package."""

AUDIT: Final = (
    get("/v1/log/checkpoint", "audit", "audit:operate"),
    get("/v1/log/tile/{path:path}", "audit", "audit:operate"),
    get("/v1/log/consistency", "audit", "audit:operate", "audit:search"),
    get("/v1/log/keys", "audit", "audit:operate", "audit:search"),
    get("/v1/log/witnesses", "audit", "audit:operate"),
    get("/v1/log/entries/{index}", "audit", "audit:operate", "audit:search"),
    get("/v1/log/entries/{index}/proof", "audit", "audit:operate", "audit:search"),
    send("POST", "/v1/log/searches", "audit", "audit:search", seconds=30.0),
    get("/v1/log/saved-searches", "audit", "audit:search"),
    send("PUT", "/v1/log/saved-searches/{saved_search_id}", "audit", "audit:search"),
    send("DELETE", "/v1/log/saved-searches/{saved_search_id}", "audit", "audit:search", body=0, types=()),
    send("POST", "/v1/log/saved-searches/{saved_search_id}/runs", "audit", "audit:search", seconds=30.0),
    send("POST", "/v1/log/tallies", "audit", "audit:search", seconds=30.0),
    send("POST", "/v1/log/blast-radius", "audit", "audit:search", seconds=120.0),
    send("PUT", "/v1/log/blast-radius/counts/{count_id}", "audit", "audit:search"),
    get("/v1/log/blast-radius/counts/{count_id}", "audit", "audit:search"),
    send("POST", "/v1/log/blast-radius/rows", "audit", "audit:search", seconds=30.0),
    get("/v1/log/alerts", "audit", *ALERTS, seconds=30.0),
    get("/v1/log/alerts/{alert_id}", "audit", *ALERTS),
    send("POST", "/v1/log/alerts/{alert_id}/acknowledgements", "audit", "alerts:review"),
    get("/v1/log/alert-reviews", "audit", *ALERTS),
    send("POST", "/v1/log/alert-reviews", "audit", "alerts:review"),
    get("/v1/log/retention-classes", "audit", *RETENTION),
    get("/v1/log/holds", "audit", "retention:hold"),
    send("POST", "/v1/log/holds", "audit", "retention:hold"),
    send("POST", "/v1/log/holds/{hold_id}/lift", "audit", "retention:hold"),
    get("/v1/log/destructions", "audit", *RETENTION),
    get("/v1/log/destructions/{destruction_id}", "audit", *RETENTION),
    send("POST", "/v1/log/destructions", "audit", "retention:destroy", seconds=30.0),
    send("POST", "/v1/log/destructions/{destruction_id}/approvals", "audit", "retention:approve"),
    send("POST", "/v1/log/destructions/{destruction_id}/call-off", "audit", *RETENTION),
    send("POST", "/v1/log/exports", "audit", "audit:export"),
    send("POST", "/v1/log/exports/parts", "audit", "audit:export", body=256 * KIB, seconds=60.0),
    send("POST", "/v1/log/exports/manifest", "audit", "audit:export", body=4 * MIB, seconds=30.0),
    get("/v1/log/destinations", "audit", "audit:destinations"),
    get("/v1/log/destinations/{destination_id}", "audit", "audit:destinations"),
    send("PUT", "/v1/log/destinations/{destination_id}", "audit", "audit:destinations"),
    send("DELETE", "/v1/log/destinations/{destination_id}", "audit", "audit:destinations", body=0, types=()),
    send("POST", "/v1/log/destinations/{destination_id}/secret-rotation", "audit", "audit:destinations"),
    send("POST", "/v1/log/destinations/{destination_id}/ping", "audit", "audit:destinations", body=0, types=(), seconds=30.0),
    send("POST", "/v1/log/destinations/{destination_id}/pause", "audit", "audit:destinations", body=0, types=()),
    send("POST", "/v1/log/destinations/{destination_id}/resumption", "audit", "audit:destinations", body=0, types=()),
    send("POST", "/v1/log/destinations/{destination_id}/replays", "audit", "audit:destinations"),
    get("/v1/students/{student_id}/disclosure-accounting", "audit", "audit:accounting", seconds=30.0),
    get("/v1/students/{student_id}/disclosure-accounting/table", "audit", "audit:accounting", seconds=30.0),
    get("/v1/students/{student_id}/disclosure-accounting/document", "audit", "audit:accounting", seconds=60.0),
    get("/v1/disclosure-copies", "audit", "audit:accounting"),
    get("/v1/disclosure-copies/{copy_id}", "audit", "audit:accounting", seconds=30.0),
    get("/v1/disclosure-copies/{copy_id}/table", "audit", "audit:accounting", seconds=30.0),
    send("POST", "/v1/disclosure-copies/{copy_id}/delivery", "audit", "audit:accounting"),
    anonymous("POST", "/v1/witness/add-checkpoint", "audit", body=64 * KIB, types=TEXT),
    anonymous("GET", "/v1/witness/{origin_digest}/checkpoint", "audit"),
    anonymous("POST", "/v1/mirror/add-entries", "audit", body=8 * MIB, types=OCTETS, codings=(b"gzip",)),
    get("/v1/mirror/{origin_digest}/checkpoint", "audit", "audit:operate"),
    get("/v1/mirror/{origin_digest}/tile/{path:path}", "audit", "audit:operate"),
)

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
